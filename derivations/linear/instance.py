"""A small deep linear network with exact numbers, differentiated by being evaluated: the judge of this chapter.

It knows samples, not covariances, and its Taylor series come from its velocities at the series found so far.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy

from derivations.judging.instances import integer_matrix
from derivations.judging.interpolation import coefficients, gradient, jacobian

t = sympy.Symbol("t")

Weights = tuple[sympy.Matrix, ...]


@dataclass(frozen=True)
class LinearInstance:
    """A linear network with its data.

    Parameters
    ----------
    weights : tuple of sympy.ImmutableMatrix
        The lowest layer first.
    inputs, labels : sympy.ImmutableMatrix
        One sample a row.
    """

    weights: tuple[sympy.ImmutableMatrix, ...]
    inputs: sympy.ImmutableMatrix
    labels: sympy.ImmutableMatrix

    def outputs(self, layer: int, h: sympy.Matrix) -> sympy.Matrix:
        """Return the outputs (c, 1) of a sample whose pre-activations at a layer are given."""
        for weight in self.weights[layer + 1 :]:
            h = weight * h
        return h

    def loss(self, weights: Sequence[sympy.Matrix]) -> sympy.Expr:
        """Return ``(1/2n) sum |y - f|^2``."""
        reached = self.inputs.T
        for weight in weights:
            reached = weight * reached
        missed = self.labels.T - reached
        return (missed.T * missed).trace() / (2 * self.inputs.rows)

    def loss_gradient(self, layer: int, weights: Sequence[sympy.Matrix] | None = None) -> sympy.Matrix:
        """Differentiate the loss by each weight of a layer, in which it is quadratic."""
        around = list(weights or self.weights)
        return gradient(lambda own: self.loss([*around[:layer], own, *around[layer + 1 :]]), around[layer], 2)

    def with_layer(self, layer: int, weight: sympy.Matrix) -> "LinearInstance":
        """Return the network with other weights in one layer."""
        weights = (*self.weights[:layer], sympy.ImmutableMatrix(weight), *self.weights[layer + 1 :])
        return LinearInstance(weights, self.inputs, self.labels)

    def tangent_features(self, layer: int) -> sympy.Matrix:
        """Differentiate the outputs by the pre-activations of a layer: (c, k), the same for every sample."""
        return jacobian(lambda h: self.outputs(layer, h), sympy.zeros(self.weights[layer].rows, 1), 1)

    def input_jacobian(self, layer: int) -> sympy.Matrix:
        """Differentiate the outputs by the input of a layer: (c, m)."""
        W = self.weights[layer]
        return jacobian(lambda z: self.outputs(layer, W * z), sympy.zeros(W.cols, 1), 1)

    def covariances(self) -> dict[str, sympy.Matrix]:
        """Return the covariances of inputs, labels and residuals, summed over samples."""
        n, d = self.inputs.shape
        c = self.labels.cols
        found = {"Sigma_xx": sympy.zeros(d, d), "Sigma_yx": sympy.zeros(c, d), "E": sympy.zeros(c, d)}
        for mu in range(n):
            x, y = self.inputs[mu, :].T, self.labels[mu, :].T
            found["Sigma_xx"] += x * x.T / n
            found["Sigma_yx"] += y * x.T / n
            found["E"] += (y - self.outputs(0, self.weights[0] * x)) * x.T / n
        return found

    def seen_from(self, layer: int) -> dict[str, Any]:
        """Return the values of the symbols of one layer: ``W``, ``B`` above it, ``A`` below it, and the covariances."""
        B = self.outputs(layer, sympy.eye(self.weights[layer].rows))
        A = sympy.eye(self.inputs.cols)
        for weight in self.weights[:layer]:
            A = weight * A
        sizes = {"c": B.rows, "k": B.cols, "m": A.rows, "d": A.cols, "n": self.inputs.rows}
        return {"W": self.weights[layer], "B": B, "A": A, **self.covariances(), **sizes}

    def values(self) -> dict[str, Any]:
        """Return the values of all layers, covariances and sizes, by the names of their symbols."""
        weights = {f"W{i + 1}": weight for i, weight in enumerate(self.weights)}
        hidden = {f"k{i + 1}": weight.rows for i, weight in enumerate(self.weights[:-1])}
        return {**weights, **self.covariances(), **hidden, "d": self.inputs.cols, "c": self.labels.cols}

    def path(self, order: int, rates: Sequence[Any] | None = None) -> list[Weights]:
        """Return the Taylor coefficients of all weights along the flow, each layer moving at a rate of its own."""
        speeds = [1] * len(self.weights) if rates is None else rates
        series: list[Weights] = [self.weights]
        for j in range(order):

            def velocities(time: int, j: int = j) -> sympy.Matrix:
                here = at_time(series, time)
                moved = (-speed * self.loss_gradient(i, here) for i, speed in enumerate(speeds))
                return sympy.Matrix([entry for each in moved for entry in each])

            degree = (2 * len(self.weights) - 1) * j
            flat = list(coefficients(velocities, max(degree, 1))[j] / (j + 1))
            series.append(self._shaped(flat))
        return series

    def _shaped(self, entries: list[sympy.Expr]) -> Weights:
        shaped = []
        for weight in self.weights:
            shaped.append(sympy.Matrix(*weight.shape, entries[: len(weight)]))
            entries = entries[len(weight) :]
        return tuple(shaped)


def at_time(series: Sequence[Weights], time: Any) -> list[sympy.Matrix]:
    """Sum the Taylor series of all weights at a time."""
    return [
        sum((each * time**j for j, each in enumerate(layer)), sympy.zeros(*layer[0].shape))
        for layer in zip(*series, strict=True)
    ]


@lru_cache(maxsize=16)
def linear_instance(sizes: tuple[int, ...] = (5, 4, 6, 5), samples: int = 7, seed: int = 5) -> LinearInstance:
    """Draw a network."""
    weights = tuple(
        sympy.ImmutableMatrix(integer_matrix(sizes[i + 1], sizes[i], seed + i)) for i in range(len(sizes) - 1)
    )
    inputs, labels = (integer_matrix(samples, size, seed + 10 + i) for i, size in enumerate((sizes[0], sizes[-1])))
    return LinearInstance(weights, sympy.ImmutableMatrix(inputs), sympy.ImmutableMatrix(labels))
