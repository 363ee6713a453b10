"""One-pass SGD of a network with one hidden layer on a teacher: every step sees fresh Gaussian inputs."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float

from numerics.backend.arrays import like

Elementwise = Callable[[Float[Any, "..."]], Float[Any, "..."]]


@dataclass(frozen=True)
class OnePass:
    """The network ``f = sum_i a_i phi(w_i . x / sqrt d)`` on labels of a teacher of the same kind.

    Parameters
    ----------
    phi, slope : callable
        The activation and its derivative.
    teacher : array, shape (m, d)
        Rows of the teacher; their namespace and dtype are those of the run, also on a GPU.
    teacher_readout : array, shape (m,)
        Its readout.
    learning_rate : float
        Each step is ``(learning_rate / b) sum (y - f) a_i phi'(h_i) x / sqrt d``.
    batch_size : int
        Fresh samples a step.
    label_noise : float
        Standard deviation of the noise of the labels.
    readout_learning_rate : float
        The readout moves by this over ``d`` times the mean of ``(y - f) phi(h)``.
    input_root : array, shape (d,), optional
        Standard deviations of the inputs; 1 by default.
    """

    phi: Elementwise
    slope: Elementwise
    teacher: Float[Any, "m d"]
    teacher_readout: Float[Any, " m"]
    learning_rate: float
    batch_size: int = 1
    label_noise: float = 0.0
    readout_learning_rate: float = 0.0
    input_root: Float[Any, " d"] | None = None

    def inputs(self, count: int, rng: np.random.Generator) -> Float[Any, "n d"]:
        """Draw inputs."""
        x = like(rng.standard_normal((count, self.teacher.shape[1])), self.teacher)
        return x if self.input_root is None else x * self.input_root

    def labels(self, x: Float[Any, "n d"]) -> Float[Any, " n"]:
        """Return labels without noise."""
        return self.phi(x @ self.teacher.T / x.shape[1] ** 0.5) @ self.teacher_readout

    def run(
        self,
        W: Float[Any, "k d"],
        a: Float[Any, " k"],
        measured: Iterable[int],
        rng: np.random.Generator,
    ) -> Iterator[tuple[int, Float[Any, "k d"], Float[Any, " k"]]]:
        """Train, and yield the number of steps with copies of weights and readout after each of some rising numbers."""
        xp = array_namespace(W)
        W, a, done = xp.asarray(W, copy=True), xp.asarray(a, copy=True), 0
        for steps in measured:
            for _ in range(steps - done):
                self._step(W, a, rng)
            done = steps
            yield steps, xp.asarray(W, copy=True), xp.asarray(a, copy=True)

    def _step(self, W: Float[Any, "k d"], a: Float[Any, " k"], rng: np.random.Generator) -> None:
        """Make one step, in place, on samples that are never seen again."""
        b, d = self.batch_size, W.shape[1]
        x = self.inputs(b, rng)
        h = x @ W.T / d**0.5
        active = self.phi(h)
        miss = self.labels(x) + self.label_noise * like(rng.standard_normal(b), W) - active @ a
        pull = miss[:, None] * self.slope(h) * a
        a += self.readout_learning_rate / d * (miss @ active) / b
        W += self.learning_rate / b / d**0.5 * (pull.T @ x)
