"""Forward and backward passes of a convolutional network, step by step; products of patches and weights by BLAS.

Arrays of the way are (..., n, positions, channels); networks side by side, or outputs, stand in front. A patch is laid
out offset by offset, channels innermost, as are the columns of a layer's weights.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import array_namespace, device
from jaxtyping import Inexact, Int

from numerics.backend.arrays import Array
from numerics.networks.activations import Activation
from numerics.networks.convolution.positions import Window
from numerics.networks.convolution.program import Activate, Average, Convolve, Step

Visit = Callable[[Convolve, Array], None]
"""Called with every layer and the derivative by its pre-activations, from the last layer to the first."""


class ConvActivity(NamedTuple):
    """What a forward pass computes on the way.

    Parameters
    ----------
    inputs : tuple of array
        ``inputs[l - 1]`` are the patches `Z` of layer `l`, shape (n positions, fan_in); last, (n, fan_in)
        what is read out.
    preactivations : tuple of array
        What every activation is applied to, in order, shape (n, positions, channels).
    outputs : array
        The network's function `f`, shape (n, c).
    """

    inputs: tuple[Array, ...]
    preactivations: tuple[Array, ...]
    outputs: Array


class Forward:
    """One run through steps; keeps patches and pre-activations.

    Parameters
    ----------
    activation : Activation
        The activation.
    weights, biases : sequence of array
        Of layers 1, 2, ...; no biases in a network without.
    multipliers : sequence of float
        Of the same layers.
    """

    def __init__(
        self, activation: Activation, weights: Sequence[Array], biases: Sequence[Array], multipliers: Sequence[float]
    ) -> None:
        self._activation, self._weights, self._biases = activation, weights, biases
        self._multipliers = multipliers
        self.inputs: list[Array] = []
        self.preactivations: list[Array] = []

    def run(self, steps: Sequence[Step], x: Inexact[Array, "... n p c"]) -> Inexact[Array, "... n q k"]:
        """Do all steps."""
        for step in steps:
            if isinstance(step, Convolve):
                x = self._convolve(step, x)
            elif isinstance(step, Activate):
                self.preactivations.append(x)
                x = self._activation(x)
            elif isinstance(step, Average):
                x = average(step.window, x)
            else:
                x = x + self.run(step.steps, x)
        return x

    def _convolve(self, step: Convolve, x: Array) -> Array:
        xp = array_namespace(x)
        Z = xp.reshape(patches(step.window, x), (*x.shape[:-3], -1, step.fan_in))
        self.inputs.append(Z)
        h = affine(Z, self._weights, self._biases, self._multipliers, step.layer)
        return xp.reshape(h, (*h.shape[:-2], x.shape[-3], step.window.positions_out, step.channels_out))


def affine(
    Z: Inexact[Array, "... r m"],
    weights: Sequence[Array],
    biases: Sequence[Array],
    multipliers: Sequence[float],
    layer: int,
) -> Inexact[Array, "... r k"]:
    """Multiply rows with the weights of a layer."""
    h = Z @ array_namespace(Z).matrix_transpose(weights[layer - 1])
    if multipliers[layer - 1] != 1.0:
        h *= multipliers[layer - 1]
    if len(biases):
        h += biases[layer - 1][..., None, :]
    return h


def pull_back(
    steps: Sequence[Step],
    delta: Inexact[Array, "... n q k"],
    slopes: Iterator[Array],
    effective_weights: Sequence[Array],
    visit: Visit,
) -> Array:
    """Carry derivatives by the result of steps back to derivatives by what they start from.

    `slopes` are those of the activations from the last to the first. What comes before the first convolution is not
    computed: nothing is asked of the image.
    """
    for step in reversed(steps):
        if isinstance(step, Convolve):
            visit(step, delta)
            if step.layer == 1:
                return delta
            rows = delta @ effective_weights[step.layer - 1][..., None, :, :]
            delta = from_patches(step.window, rows, step.channels_in)
        elif isinstance(step, Activate):
            delta = delta * next(slopes)
        elif isinstance(step, Average):
            delta = from_average(step.window, delta)
        else:
            delta = delta + pull_back(step.steps, delta, slopes, effective_weights, visit)
    return delta


def patches(window: Window, x: Inexact[Array, "... p c"]) -> Inexact[Array, "... q o c"]:
    """Copy what the window sees from each position."""
    taken = _take(x, window.seen.T.reshape(-1))
    shape = (*x.shape[:-2], window.positions_out, len(window.seen), x.shape[-1])
    return array_namespace(x).reshape(taken, shape)


def from_patches(window: Window, rows: Inexact[Array, "... q m"], channels: int) -> Inexact[Array, "... p c"]:
    """Do the transposed of `patches`: add every entry of a patch to the position it was copied from."""
    parts = array_namespace(rows).reshape(rows, (*rows.shape[:-1], len(window.seen), channels))
    total: Any = 0
    for offset, seen_from in enumerate(window.seen_from):
        total = total + _take(parts[..., offset, :], seen_from)
    return total


def average(window: Window, x: Inexact[Array, "... p c"]) -> Inexact[Array, "... q c"]:
    """Take the mean of a window."""
    return array_namespace(x).mean(patches(window, x), axis=-2)


def from_average(window: Window, delta: Inexact[Array, "... q c"]) -> Inexact[Array, "... p c"]:
    """Do the transposed of `average`."""
    total: Any = 0
    for seen_from in window.seen_from:
        total = total + _take(delta, seen_from)
    return total / len(window.seen)


def _take(x: Array, positions: Int[np.ndarray, "..."]) -> Array:
    """Take positions, with zeros for -1."""
    xp = array_namespace(x)
    with_zero = xp.concat([x, xp.zeros_like(x[..., :1, :])], axis=-2)
    return xp.take(with_zero, xp.asarray(positions % with_zero.shape[-2], device=device(x)), axis=-2)
