"""A small quadratic network with integers for entries, differentiated by being evaluated: the judge of this chapter.

It knows the network ``f(x) = sum_j a_j (w_j . x)^2`` and its loss, and nothing of second moments.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import sympy

from derivations.judging.instances import integer_matrix
from derivations.judging.interpolation import gradient, jacobian


@dataclass(frozen=True)
class QuadraticInstance:
    """A quadratic network with data.

    Parameters
    ----------
    W : sympy.Matrix
        Weights (k, d).
    a : sympy.Matrix
        Output weights on the diagonal (k, k).
    Z : sympy.Matrix
        Inputs (n, d).
    y : sympy.Matrix
        Labels (n, 1).
    """

    W: sympy.Matrix
    a: sympy.Matrix
    Z: sympy.Matrix
    y: sympy.Matrix

    def output(self, h: sympy.Matrix) -> sympy.Expr:
        """Return the output for pre-activations ``h`` (k, 1)."""
        return (h.T * self.a * h)[0]

    def inputs(self) -> list[sympy.Matrix]:
        """List the inputs as columns (d, 1)."""
        return [self.Z[mu, :].T for mu in range(self.Z.rows)]

    @cached_property
    def residuals(self) -> sympy.Matrix:
        """Return ``y - f`` (n, 1)."""
        return self.y - sympy.Matrix([self.output(self.W * x) for x in self.inputs()])

    @cached_property
    def loss_gradient(self) -> sympy.Matrix:
        """Differentiate ``(1/2n) sum (y - f)^2`` by each weight (k, d)."""

        def loss(W: sympy.Matrix) -> sympy.Expr:
            missed = self.y - sympy.Matrix([self.output(W * x) for x in self.inputs()])
            return (missed.T * missed)[0] / (2 * self.Z.rows)

        return gradient(loss, self.W, 4)

    @cached_property
    def tangent_features(self) -> sympy.Matrix:
        """Differentiate the outputs by the pre-activations (n, k)."""
        slopes = (jacobian(lambda h: sympy.Matrix([self.output(h)]), self.W * x, 2) for x in self.inputs())
        return sympy.Matrix.vstack(*slopes)

    @cached_property
    def ptf_covariance(self) -> sympy.Matrix:
        """Average the outer products of the tangent features (k, k)."""
        D = self.tangent_features
        return D.T * D / self.Z.rows

    def moments(self) -> dict[str, sympy.Matrix]:
        """Sum over samples and neurons: ``A`` and ``B`` of the data, ``M`` of the weights."""
        shape = (self.Z.cols, self.Z.cols)
        A, B, M = (sympy.zeros(*shape) for _ in range(3))
        for r, x in zip(self.residuals, self.inputs(), strict=True):
            A, B = A + r * x * x.T / self.Z.rows, B + x * x.T / self.Z.rows
        for j in range(self.W.rows):
            M += self.a[j, j] ** 2 * self.W[j, :].T * self.W[j, :]
        return {"A": A, "B": B, "M": M}

    def values(self) -> dict[str, Any]:
        """Return the data, the weights and the residuals by the names of their symbols."""
        sizes = {"n": self.Z.rows, "d": self.Z.cols, "k": self.W.rows}
        return {"W": self.W, "a": self.a, "Z": self.Z, "y": self.y, "r": self.residuals, **sizes}


@lru_cache(maxsize=8)
def quadratic_instance(samples: int, fan_in: int, width: int, seed: int) -> QuadraticInstance:
    """Draw a network and data."""
    a = sympy.diag(*integer_matrix(width, 1, seed + 1))
    Z, y = integer_matrix(samples, fan_in, seed + 2), integer_matrix(samples, 1, seed + 3)
    return QuadraticInstance(integer_matrix(width, fan_in, seed), a, Z, y)
