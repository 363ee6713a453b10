"""A problem by a few small numbers: data, network and weights, as lines of Python that make them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

LABELS = {
    "random": "rng.standard_normal(({n}, {c}))",
    "linear": "X @ rng.standard_normal(({d}, {c}))",
    "classes": "np.eye({c})[np.arange({n}) % {c}]",
    "constant and noise": "1 + rng.standard_normal(({n}, {c})) / 10",
    "quadratic": "np.einsum('ni,ijc,nj->nc', X, rng.standard_normal(({d}, {d}, {c})), X)",
    "cubic": "(X @ rng.standard_normal(({d}, {c}))) ** 3",
}
"""Label functions, the simplest first."""


@dataclass(frozen=True)
class Configuration:
    """What is drawn; every field has its simplest value by default, and `repr` shows the others only.

    Parameters
    ----------
    samples, outputs, layer, seed : int
        The layer is the one that is looked at; the seed decides inputs, labels and weights.
    spectrum : tuple of float
        Eigenvalues of the covariance of the inputs.
    rotation : int, optional
        Seed of the rotation from the axes to the eigenvectors.
    labels : str
        One of `LABELS`.
    hidden : tuple of int
        Widths.
    activation, parametrization, bias
        As in `MLP`; biases have standard deviation 1/2.
    options : mapping
        Arguments of the property, such as the size of a batch.
    """

    samples: int = 2
    spectrum: tuple[float, ...] = (1,)
    rotation: int | None = None
    labels: str = "random"
    hidden: tuple[int, ...] = (1,)
    outputs: int = 1
    activation: str = "linear"
    parametrization: str = "ntk"
    bias: bool = False
    layer: int = 1
    seed: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        shown = (f"{name}={value!r}" for name, value in vars(self).items() if value != _DEFAULTS[name])
        return f"Configuration({', '.join(shown)})"

    def source(self) -> str:
        """Return the lines that make ``problem``, a `Layer`; they need `IMPORTS`."""
        n, d, c = self.samples, len(self.spectrum), self.outputs
        scales = "" if set(self.spectrum) == {1} else f" * np.sqrt({list(self.spectrum)})"
        settings = [repr((d, *self.hidden, c)), repr(self.activation), repr(self.parametrization)]
        settings += ["bias=True", "bias_std=0.5"] if self.bias else []
        lines = [f"rng = np.random.default_rng({self.seed})", f"X = rng.standard_normal(({n}, {d})){scales}"]
        if self.rotation is not None:
            lines.append(f"X = X @ random_rotation({d}, np.random.default_rng({self.rotation})).T")
        return "\n".join(
            [
                *lines,
                f"Y = {LABELS[self.labels].format(n=n, d=d, c=c)}",
                f"net = MLP({', '.join(settings)})",
                "start = net.initialize(rng)",
                f"problem = Layer(net, {self.layer}, X, Y, start, net.forward(X, start))",
            ]
        )

    def problem(self) -> Any:
        """Run these lines and return the problem: what a counterexample shows is what was tested."""
        names: dict[str, Any] = {}
        exec(f"{IMPORTS}\n{self.source()}", names)
        return names["problem"]


IMPORTS = """import numpy as np
from nfa_theory.verify.instruments.one_layer import Layer
from numerics import MLP
from numerics.data.gaussian import random_rotation"""

_DEFAULTS = {each.name: each.default for each in fields(Configuration)} | {"options": {}}
