"""A small deep linear network with exact numbers, differentiated entry by entry: the judge of results on linear nets.

It knows samples, not covariances, and its Taylor series come from integrating polynomials in ``t`` again and again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sympy

from derivations.judging.instances import integer_matrix

t = sympy.Symbol("t")


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

    def loss_gradient(self, layer: int) -> sympy.Matrix:
        """Differentiate ``(1/2n) sum |y - f|^2`` by each weight of a layer."""
        own = _variables("w", self.weights[layer])
        weights = [*self.weights[:layer], own, *self.weights[layer + 1 :]]
        return self._gradient(weights, layer).subs(dict(zip(own, self.weights[layer], strict=True)), simultaneous=True)

    def change_of_gradient(self, layer: int, velocities: Sequence[sympy.Matrix]) -> sympy.Matrix:
        """Differentiate the gradient of a layer along a motion of all layers."""
        moved = [weight + t * velocity for weight, velocity in zip(self.weights, velocities, strict=True)]
        own = _variables("w", self.weights[layer])
        gradient = self._gradient([*moved[:layer], own, *moved[layer + 1 :]], layer)
        return gradient.subs(dict(zip(own, moved[layer], strict=True)), simultaneous=True).diff(t).subs(t, 0)

    def with_layer(self, layer: int, weight: sympy.Matrix) -> "LinearInstance":
        """Return the network with other weights in one layer."""
        weights = (*self.weights[:layer], sympy.ImmutableMatrix(weight), *self.weights[layer + 1 :])
        return LinearInstance(weights, self.inputs, self.labels)

    def _gradient(self, weights: Sequence[sympy.Matrix], layer: int) -> sympy.Matrix:
        loss = sympy.Integer(0)
        for mu in range(self.inputs.rows):
            h = self.inputs[mu, :].T
            for weight in weights:
                h = weight * h
            loss += sum(miss**2 for miss in self.labels[mu, :].T - h)
        return (loss / (2 * self.inputs.rows)).diff(weights[layer]).reshape(*weights[layer].shape)

    def tangent_features(self, layer: int) -> sympy.Matrix:
        """Differentiate the outputs by the pre-activations of a layer: (c, k), the same for every sample."""
        h = sympy.Matrix(self.weights[layer].rows, 1, lambda i, j: sympy.Symbol(f"h{i}"))
        return self.outputs(layer, h).jacobian(list(h))

    def input_jacobian(self, layer: int) -> sympy.Matrix:
        """Differentiate the outputs by the input of a layer: (c, m)."""
        z = sympy.Matrix(self.weights[layer].cols, 1, lambda i, j: sympy.Symbol(f"z{i}"))
        return self.outputs(layer, self.weights[layer] * z).jacobian(list(z))

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

    def taylor(self, order: int) -> tuple[sympy.Matrix, ...]:
        """Return the weights as polynomials in ``t`` up to an order, by Picard iteration of the flow."""
        variables = [_variables(f"w{i}", weight) for i, weight in enumerate(self.weights)]
        flat = [each for matrix in variables for each in matrix]
        velocities = [-self._gradient(variables, i) for i in range(len(variables))]
        current = [sympy.Poly(each, t) for weight in self.weights for each in weight]
        starts = list(current)
        # Compiled code would turn rational numbers into floating point, so they are multiplied out of it.
        scale = 2 * self.inputs.rows
        compiled = sympy.lambdify(flat, [scale * each for velocity in velocities for each in velocity], "sympy")
        for reached in range(1, order + 1):
            moved = (
                _truncated(sympy.Poly(each, t, domain=sympy.QQ).integrate(t), reached) for each in compiled(*current)
            )
            current = [
                start + change.mul_ground(sympy.Rational(1, scale)) for start, change in zip(starts, moved, strict=True)
            ]
        return self._shaped([each.as_expr() for each in current])

    def _shaped(self, entries: list[sympy.Expr]) -> tuple[sympy.Matrix, ...]:
        shaped = []
        for weight in self.weights:
            shaped.append(sympy.Matrix(*weight.shape, entries[: len(weight)]))
            entries = entries[len(weight) :]
        return tuple(shaped)


@lru_cache(maxsize=8)
def linear_instance(sizes: tuple[int, ...] = (2, 3, 2, 2), samples: int = 3, seed: int = 5) -> LinearInstance:
    """Draw a network."""
    weights = tuple(
        sympy.ImmutableMatrix(integer_matrix(sizes[i + 1], sizes[i], seed + i)) for i in range(len(sizes) - 1)
    )
    inputs, labels = (integer_matrix(samples, size, seed + 10 + i) for i, size in enumerate((sizes[0], sizes[-1])))
    return LinearInstance(weights, sympy.ImmutableMatrix(inputs), sympy.ImmutableMatrix(labels))


def coefficients_in_time(expression: sympy.Expr, orders: Sequence[int]) -> tuple[sympy.Expr, ...]:
    """Return the coefficients of given powers of ``t`` of a polynomial."""
    polynomial = sympy.Poly(expression, t)
    return tuple(polynomial.coeff_monomial(t**order) for order in orders)


def _variables(name: str, like: sympy.Matrix) -> sympy.Matrix:
    return sympy.Matrix(*like.shape, lambda i, j: sympy.Symbol(f"{name}_{i}_{j}"))


def _truncated(polynomial: sympy.Poly, order: int) -> sympy.Poly:
    kept = {powers: value for powers, value in polynomial.terms() if powers[0] <= order}
    return sympy.Poly.from_dict(kept or {(0,): 0}, t, domain=sympy.QQ)
