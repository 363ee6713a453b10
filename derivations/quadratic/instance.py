"""A small quadratic network with integers for entries, differentiated entry by entry in SymPy: the judge of R7.

It knows the network ``f(x) = sum_j a_j (w_j . x)^2`` and its loss, and nothing of second moments.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import sympy

from derivations.judging.instances import integer_matrix


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
        return sum((self.a[j, j] * h[j] ** 2 for j in range(h.rows)), sympy.Integer(0))

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
        w = sympy.Matrix(*self.W.shape, lambda i, j: sympy.Symbol(f"w_{i}_{j}"))
        misses = (self.y[mu] - self.output(w * x) for mu, x in enumerate(self.inputs()))
        loss = sum((miss**2 for miss in misses), sympy.Integer(0)) / (2 * self.Z.rows)
        here = dict(zip(w, self.W, strict=True))
        return sympy.Matrix(*w.shape, lambda i, j: loss.diff(w[i, j]).subs(here, simultaneous=True))

    @cached_property
    def tangent_features(self) -> sympy.Matrix:
        """Differentiate the outputs by the pre-activations (n, k)."""
        h = sympy.Matrix(self.W.rows, 1, lambda j, _: sympy.Symbol(f"h_{j}"))
        slopes = sympy.Matrix([self.output(h)]).jacobian(list(h))
        return sympy.Matrix.vstack(
            *(slopes.subs(dict(zip(h, self.W * x, strict=True)), simultaneous=True) for x in self.inputs())
        )

    @cached_property
    def ptf_covariance(self) -> sympy.Matrix:
        """Average the outer products of the tangent features (k, k)."""
        D = self.tangent_features
        return D.T * D / self.Z.rows

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
