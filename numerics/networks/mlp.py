"""The network: a fully connected net as a value, its initial weights, and its forward pass."""

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float, Inexact

from numerics.backend.arrays import Array
from numerics.checks import require_integer, require_real
from numerics.errors import InputError
from numerics.networks.activations import Activation, parse_activation
from numerics.networks.initializations import check_initialization, draw
from numerics.networks.parameters import Parameters, read_parameters
from numerics.networks.parametrizations import LayerScaling, canonical_parametrization, layer_scaling


class Activity(NamedTuple):
    """What a forward pass computes on the way.

    Parameters
    ----------
    inputs : tuple of array
        ``inputs[l - 1]`` is the input `Z` of layer `l`, shape (n, fan_in).
    preactivations : tuple of array
        ``preactivations[l - 1]`` is `h` of hidden layer `l`, shape (n, fan_out).
    outputs : array
        The network's function `f`, shape (n, c).
    """

    inputs: tuple[Array, ...]
    preactivations: tuple[Array, ...]
    outputs: Array


_RELU = Activation("relu")


@dataclass(frozen=True)
class MLP:
    """A fully connected network: layers ``h = multiplier * W z + b``, ``z' = phi(h)``, and a linear readout.

    Parameters
    ----------
    widths : sequence of int
        (inputs, hidden widths ..., outputs); at least one hidden layer.
    activation : str or Activation
        Applied after every layer but the readout; see `numerics.networks.activations.ACTIVATIONS`.
    parametrization : str
        ``"ntk"``, ``"he"`` (``"standard"``), ``"lecun"``, ``"pytorch"``, ``"mup"`` (``"mean_field"``).
    initialization : str, optional
        Distribution of the initial weights: ``"gaussian"``, ``"uniform"``, ``"orthogonal"``, ``"signs"``; by default
        ``"uniform"`` for the PyTorch parametrization, else ``"gaussian"``. Its scale is the parametrization's.
    readout : str, optional
        Distribution of the readout's initial weights, if another: ``"signs"`` for +-1.
    bias : bool
        Whether the layers have biases, the readout too.
    bias_std : float, optional
        Standard deviation of the initial biases; by default 0, and PyTorch's in its parametrization.
    zero_initial_function : bool
        If true the network's function is ``g(x; W) - g(x; W(0))``, exactly zero at initialization, with the gradients
        and tangent features of ``g``.

    Raises
    ------
    InputError
        If a width is not a positive integer or a name is unknown.

    Examples
    --------
    >>> net = MLP(widths=(3, 4, 4, 2), activation="relu")
    >>> net.depth, net.outputs
    (2, 2)
    >>> parameters = net.initialize(np.random.default_rng(0))
    >>> [W.shape for W in parameters.weights]
    [(4, 3), (4, 4), (2, 4)]
    """

    widths: tuple[int, ...]
    activation: Activation = _RELU
    parametrization: str = "ntk"
    initialization: str = ""
    readout: str = ""
    bias: bool = False
    bias_std: float | None = None
    zero_initial_function: bool = False

    def __init__(
        self,
        widths: Sequence[int],
        activation: str | Activation = "relu",
        parametrization: str = "ntk",
        initialization: str | None = None,
        readout: str | None = None,
        bias: bool = False,
        bias_std: float | None = None,
        zero_initial_function: bool = False,
    ) -> None:
        values: dict[str, Any] = {
            "widths": _check_widths(widths),
            "activation": parse_activation(activation),
            "parametrization": canonical_parametrization(parametrization),
        }
        default = "uniform" if values["parametrization"] == "pytorch" else "gaussian"
        values["initialization"] = check_initialization(initialization or default)
        values["readout"] = check_initialization(readout or values["initialization"])
        values["bias"] = bool(bias)
        values["bias_std"] = _check_bias_std(bias_std, bias=bias)
        values["zero_initial_function"] = bool(zero_initial_function)
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def depth(self) -> int:
        """Number of hidden layers."""
        return len(self.widths) - 2

    @property
    def inputs(self) -> int:
        """Number of inputs."""
        return self.widths[0]

    @property
    def outputs(self) -> int:
        """Number of outputs."""
        return self.widths[-1]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Numbers that a sample takes at every layer, from the inputs to the outputs."""
        return self.widths

    @property
    def hidden_units(self) -> tuple[int, ...]:
        """Units of layers 1, ..., depth: rows of their weights."""
        return self.widths[1:-1]

    @property
    def weight_shapes(self) -> tuple[tuple[int, int], ...]:
        """Shapes (fan_out, fan_in) of the weights of layers 1, ..., depth + 1."""
        return tuple(zip(self.widths[1:], self.widths[:-1], strict=True))

    def scaling(self, layer: int) -> LayerScaling:
        """Return the scaling of layer 1, ..., depth + 1 (the readout)."""
        self.check_layer(layer)
        return layer_scaling(
            self.parametrization, self.widths[layer - 1], self.widths[-2], readout=layer == self.depth + 1
        )

    @property
    def multipliers(self) -> tuple[float, ...]:
        """Multipliers of layers 1, ..., depth + 1."""
        return _multipliers(self.parametrization, self.widths)

    def weight_variance(self, layer: int) -> float:
        """Return the variance of an effective weight times the fan-in: 1 in NTK parametrization, 2 in He's."""
        scaling = self.scaling(layer)
        return (scaling.multiplier * scaling.weight_std) ** 2 * self.widths[layer - 1]

    def bias_variance(self, layer: int) -> float:
        """Return the variance of an initial bias of a layer; 0 in a network without biases."""
        if not self.bias:
            return 0.0
        return (self.scaling(layer).bias_std if self.bias_std is None else self.bias_std) ** 2

    def config(self) -> dict[str, Any]:
        """Return what defines the network, as values that JSON knows."""
        return {**vars(self), "widths": list(self.widths), "activation": str(self.activation)}

    def check_layer(self, layer: int) -> None:
        """Raise `InputError` unless `layer` is one of 1, ..., depth + 1."""
        require_integer("layer", layer, 1, self.depth + 1)

    def check_inputs(self, X: Array) -> None:
        """Raise `InputError` unless `X` is a matrix with at least one row and as many columns as the net has inputs."""
        if X.ndim != 2 or X.shape[1] != self.inputs or X.shape[0] < 1:
            raise InputError(f"X must have shape (n, {self.inputs}), got {tuple(X.shape)}")

    @staticmethod
    def from_torch(module: Any) -> "tuple[MLP, Parameters]":
        """Read a PyTorch module of dense layers as a network and its parameters; needs the extra ``torch``.

        Parameters
        ----------
        module : torch.nn.Module
            A sequence of dense layers with one activation between them.

        Returns
        -------
        net : MLP
            The network.
        parameters : Parameters
            Its weights and biases.

        Raises
        ------
        InputError
            If the module is no such sequence.
        """
        from numerics.networks.torch_modules import from_torch

        return from_torch(module)

    def to_torch(self, weights: Any) -> Any:
        """Make a PyTorch module with the same function and gradients; needs the extra ``torch``.

        Parameters
        ----------
        weights : Parameters or sequence of array
            As in `parameters`.

        Returns
        -------
        torch.nn.Sequential
        """
        from numerics.networks.torch_modules import to_torch

        return to_torch(self, weights)

    def initialize(self, rng: np.random.Generator, dtype: Any = np.float64) -> Parameters:
        """Draw initial weights, layer by layer, each layer's weights before its bias.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of randomness; the draw is in float64, so that one seed gives one network in every dtype.
        dtype : dtype
            Dtype of the result.

        Returns
        -------
        numerics.networks.parameters.Parameters
            NumPy arrays.
        """
        weights, biases = [], []
        for layer in range(1, self.depth + 2):
            fan_in, fan_out = self.widths[layer - 1 : layer + 1]
            kind = self.readout if layer == self.depth + 1 else self.initialization
            weights.append((self.scaling(layer).weight_std * draw(kind, rng, (fan_out, fan_in))).astype(dtype))
            if self.bias:
                kind = "uniform" if self.parametrization == "pytorch" else "gaussian"
                std = math.sqrt(self.bias_variance(layer))
                biases.append((std * draw(kind, rng, (fan_out, 1))[:, 0]).astype(dtype))
        return Parameters(tuple(weights), tuple(biases))

    def parameters(self, weights: Any, reference: Array | None = None) -> Parameters:
        """Read weights as the network's parameters and check their shapes (`read_parameters`)."""
        return read_parameters(weights, self.weight_shapes, bias=self.bias, reference=reference)

    def forward(self, X: Inexact[Array, "n d"], weights: Any) -> Activity:
        """Run the network ``g`` and keep every layer's input and pre-activation.

        The subtraction of `zero_initial_function` is not done here: it concerns the outputs alone, see `__call__`.

        Parameters
        ----------
        X : array, shape (n, d)
            Inputs, one sample a row; complex ones, for complex weights, where the activation is analytic.
        weights : Parameters or sequence of array
            As in `parameters`.

        Returns
        -------
        Activity
        """
        parameters = self.parameters(weights, X)
        self.check_inputs(X)
        return self.propagate(X, parameters)

    def propagate(
        self, X: Inexact[Array, "... n d"], parameters: Parameters, multipliers: Sequence[float] | None = None
    ) -> Activity:
        """Do what `forward` does without looking at shapes, for one network or several side by side.

        Parameters
        ----------
        X : array, shape (n, d) or (s, n, d)
            Inputs; with three axes (s may be 1) the first counts networks.
        parameters : Parameters
            Weights and biases; in front of several networks' an axis of length s.
        multipliers : sequence of float, optional
            Instead of the network's, where the weights contain them.

        Returns
        -------
        Activity
        """
        mT = array_namespace(X).matrix_transpose
        factors = self.multipliers if multipliers is None else multipliers
        inputs, preactivations = [X], []
        for layer, (W, multiplier) in enumerate(zip(parameters.weights, factors, strict=True), start=1):
            h = inputs[-1] @ mT(W)
            if multiplier != 1.0:
                h *= multiplier
            if parameters.biases:
                h += parameters.biases[layer - 1][..., None, :]
            if layer <= self.depth:
                preactivations.append(h)
                inputs.append(self.activation(h))
        return Activity(tuple(inputs), tuple(preactivations), h)

    def __call__(self, X: Float[Array, "n d"], weights: Any, initial_weights: Any = None) -> Float[Array, "n c"]:
        """Return the network's function on every row of `X`.

        Parameters
        ----------
        X : array, shape (n, d)
            Inputs.
        weights : Parameters or sequence of array
            As in `parameters`.
        initial_weights : Parameters or sequence of array, optional
            Needed if and only if `zero_initial_function` is set.

        Returns
        -------
        array, shape (n, c)
        """
        outputs = self.forward(X, weights).outputs
        if not self.zero_initial_function:
            return outputs
        if initial_weights is None:
            raise InputError("a network with zero_initial_function needs initial_weights to be evaluated, got none")
        return outputs - self.forward(X, initial_weights).outputs


@lru_cache(maxsize=256)
def _multipliers(parametrization: str, widths: tuple[int, ...]) -> tuple[float, ...]:
    layers = enumerate(widths[:-1], start=2)
    scalings = (layer_scaling(parametrization, m, widths[-2], readout=i == len(widths)) for i, m in layers)
    return tuple(scaling.multiplier for scaling in scalings)


def _check_widths(widths: Sequence[int]) -> tuple[int, ...]:
    try:
        sizes = tuple(operator.index(width) for width in widths)
    except TypeError:
        raise InputError(f"widths must be a sequence of integers, got {widths!r}") from None
    if len(sizes) < 3:
        raise InputError(f"widths must be (inputs, hidden ..., outputs), at least three numbers, got {sizes}")
    if min(sizes) < 1:
        raise InputError(f"widths must be positive integers, got {min(sizes)} in {sizes}")
    return sizes


def _check_bias_std(bias_std: float | None, *, bias: bool) -> float | None:
    if bias_std is None:
        return None
    if not bias:
        raise InputError(f"bias_std needs bias=True, got bias_std={bias_std} without biases")
    return require_real("bias_std", bias_std, least=0)
