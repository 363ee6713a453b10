"""One-pass SGD of a network with one hidden layer on a teacher: every step sees fresh Gaussian inputs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

Elementwise = Callable[[Float[Any, "..."]], Float[Any, "..."]]


@dataclass(frozen=True)
class OnePass:
    """The network ``f = sum_i a_i phi(w_i . x / sqrt d)`` on labels of a teacher of the same kind.

    Parameters
    ----------
    phi, slope : callable
        The activation and its derivative.
    teacher : array, shape (m, d)
        Rows of the teacher.
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
        x = rng.standard_normal((count, self.teacher.shape[1]))
        return x if self.input_root is None else x * self.input_root

    def labels(self, x: Float[Any, "n d"]) -> Float[Any, " n"]:
        """Return labels without noise."""
        return self.phi(x @ self.teacher.T / np.sqrt(x.shape[1])) @ self.teacher_readout

    def run(
        self,
        W: Float[Any, "k d"],
        a: Float[Any, " k"],
        steps: int,
        rng: np.random.Generator,
        every: int,
    ) -> Iterator[tuple[int, Float[Any, "k d"], Float[Any, " k"]]]:
        """Train, and yield the number of steps with copies of weights and readout from time to time."""
        W, a = W.copy(), a.copy()
        d = W.shape[1]
        for step in range(steps + 1):
            if step % every == 0:
                yield step, W.copy(), a.copy()
            x = self.inputs(self.batch_size, rng)
            h = x @ W.T / np.sqrt(d)
            active = self.phi(h)
            miss = self.labels(x) + self.label_noise * rng.standard_normal(len(x)) - active @ a
            pull = miss[:, None] * self.slope(h) * a
            a += self.readout_learning_rate / d * (miss @ active) / len(x)
            W += self.learning_rate / len(x) / np.sqrt(d) * pull.T @ x
