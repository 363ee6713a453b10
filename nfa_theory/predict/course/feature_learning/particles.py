r"""Gradient flow of one hidden layer in muP at infinite width: independent neurons that share their residuals.

With ``f = (1/k) a phi(W x / sqrt(d))`` and a learning rate times ``k``, a neuron ``(w, a)`` moves by

    w' = (1/n) sum_mu (r_mu . a) phi'(h_mu) x_mu / sqrt(d)        a' = (1/n) sum_mu r_mu phi(h_mu)

and knows of the others through ``f = E[a phi(h)]`` alone. A group of neurons is either coupled, which means that it
makes its own ``f``, or driven by the residuals of the limit, as a neuron of an infinitely wide network is. Inputs are
written in an orthonormal basis of their span, outside which weights stand still.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.integrate import RK45

from numerics import Activation, DivergenceError

RTOL = 1e-2
"""Of the integration, relative to the change of a neuron: averages over neurons are hundred times as precise."""
_ROWS = 4096  # neurons that are computed together


@dataclass(frozen=True)
class Neurons:
    """Neurons of one hidden layer.

    Parameters
    ----------
    W : (N, s) array
        Weights in the span of the inputs.
    a : (N, c) array
        Readout.
    """

    W: Float[np.ndarray, "N s"]
    a: Float[np.ndarray, "N c"]

    def __len__(self) -> int:
        return len(self.W)

    def __getitem__(self, rows: slice) -> "Neurons":
        return Neurons(self.W[rows], self.a[rows])

    def __add__(self, change: "Neurons") -> "Neurons":
        return Neurons(self.W + change.W, self.a + change.a)

    def flat(self) -> Float[np.ndarray, " size"]:
        """Return weights and readout as one vector."""
        return np.concatenate([self.W.ravel(), self.a.ravel()])


def joined(groups: list[Neurons]) -> Neurons:
    """Put groups of neurons into one."""
    return Neurons(np.concatenate([each.W for each in groups]), np.concatenate([each.a for each in groups]))


@dataclass(frozen=True)
class ParticleFlow:
    """The flow of groups of neurons on the same data.

    Parameters
    ----------
    Z : (n, s) array
        Inputs over the root of their number, in a basis of their span.
    activation : Activation
        The activation.
    residuals : callable
        Residuals, which are minus the derivative of a sample's loss, of outputs (n, c).
    start : Neurons
        All groups, one after the other.
    sizes : tuple of int
        Neurons in each group that is coupled; what is left is driven.
    systems : int
        How many of the coupled groups stand for the limit: the mean of their residuals drives.
    """

    Z: Float[np.ndarray, "n s"]
    activation: Activation
    residuals: Callable[[Any], Any]
    start: Neurons
    sizes: tuple[int, ...]
    systems: int

    def groups(self) -> list[slice]:
        """Return the rows of each coupled group."""
        ends = np.cumsum((0, *self.sizes)).tolist()
        return [slice(first, last) for first, last in pairwise(ends)]

    def outputs(self, neurons: Neurons) -> Float[np.ndarray, "n c"]:
        """Average ``a phi(h)`` over some neurons."""
        f: Float[np.ndarray, "n c"] = (self.activation(neurons.W @ self.Z.T).T @ neurons.a).astype(float)
        return f / len(neurons)

    def tangent_features(self, neurons: Neurons) -> Float[np.ndarray, "nc N"]:
        """Return ``a phi'(h)`` by output and sample, without the share of a neuron in the function."""
        slopes = self.activation.derivative(neurons.W @ self.Z.T).T
        features: Float[np.ndarray, "nc N"] = (neurons.a.T[:, None, :] * slopes).reshape(-1, len(neurons))
        return features

    def velocity(self, neurons: Neurons) -> Neurons:
        """Return the velocities of all neurons."""
        found = []
        driving = np.zeros((len(self.Z), neurons.a.shape[1]))
        for number, rows in enumerate(self.groups()):
            group = neurons[rows]
            h = group.W @ self.Z.T
            phi = self.activation(h)
            r = self.residuals((phi.T @ group.a).astype(float) / len(group))
            driving += r / self.systems if number < self.systems else 0.0
            found.append(self._pulled(group, h, phi, r))
        for first in range(sum(self.sizes), len(neurons), _ROWS):
            group = neurons[slice(first, first + _ROWS)]
            h = group.W @ self.Z.T
            found.append(self._pulled(group, h, self.activation(h), driving))
        return joined(found)

    def _pulled(self, group: Neurons, h: Any, phi: Any, r: Any) -> Neurons:
        """Return the velocities of neurons that see the residuals `r`."""
        share = (r / len(self.Z)).astype(h.dtype)
        return Neurons((self.activation.derivative(h) * (group.a @ share.T)) @ self.Z, phi @ share)

    def changes(self, times: Float[np.ndarray, " T"]) -> Iterator[Neurons]:
        """Integrate the changes of all neurons to each of some times after 0; float32, as averages over neurons are."""
        start = Neurons(self.start.W.astype(np.float32), self.start.a.astype(np.float32))
        flow = replace(self, Z=self.Z.astype(np.float32))

        def unpack(flat: Any) -> Neurons:
            W, a = np.split(flat, [start.W.size])
            return Neurons(W.reshape(start.W.shape), a.reshape(start.a.shape))

        def rhs(_: float, flat: Any) -> Any:
            return flow.velocity(start + unpack(flat.astype(np.float32))).flat()

        still = np.zeros(start.W.size + start.a.size)
        moved = np.sqrt(np.mean(rhs(0.0, still) ** 2)) * min(times[-1], 1.0)  # weights are of order one
        run, left = RK45(rhs, 0.0, still, times[-1], rtol=RTOL, atol=0.1 * RTOL * moved), times.tolist()
        while left:
            with np.errstate(over="ignore", invalid="ignore"):
                message = run.step()
            if run.status == "failed" or not np.isfinite(run.y).all():
                raise DivergenceError(f"the flow must be integrated to time {times[-1]:g}, got stuck: {message}")
            between = run.dense_output()
            while left and left[0] <= run.t:
                yield unpack(between(left.pop(0)))
