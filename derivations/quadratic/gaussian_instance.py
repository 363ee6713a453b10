"""A quadratic network on Gaussian inputs, with integers for entries: the population loss averaged entry by entry."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import sympy

from derivations.judging.gaussian import normal_mean
from derivations.judging.instances import integer_matrix


@dataclass(frozen=True)
class GaussianInstance:
    """A network, a teacher ``y = x^T Q x``, and inputs ``x = L g`` with standard normal ``g``.

    Parameters
    ----------
    W : sympy.Matrix
        Initial weights (k, d).
    a : sympy.Matrix
        Output weights on the diagonal (k, k).
    Q : sympy.Matrix
        The teacher (d, d), symmetric.
    L : sympy.Matrix
        Root of the input covariance (d, d).
    """

    W: sympy.Matrix
    a: sympy.Matrix
    Q: sympy.Matrix
    L: sympy.Matrix

    @cached_property
    def normals(self) -> sympy.Matrix:
        """Symbols for the standard normal variables (d, 1)."""
        return _symbols("g", self.L.cols, 1)

    @cached_property
    def weights(self) -> sympy.Matrix:
        """Symbols for the weights (k, d)."""
        return _symbols("w", *self.W.shape)

    def average(self, expression: sympy.Expr) -> sympy.Expr:
        """Average a polynomial of the normal variables."""
        return normal_mean(sympy.expand(expression), list(self.normals))

    def average_matrix(self, matrix: sympy.Matrix) -> sympy.Matrix:
        """Average entry by entry."""
        return matrix.applyfunc(self.average)

    def label(self) -> sympy.Expr:
        """Return the label at ``x = L g``."""
        x = self.L * self.normals
        return (x.T * self.Q * x)[0]

    def output(self, h: sympy.Matrix) -> sympy.Expr:
        """Return the output for pre-activations (k, 1)."""
        return sum((self.a[j, j] * h[j] ** 2 for j in range(h.rows)), sympy.Integer(0))

    @cached_property
    def velocity(self) -> sympy.Matrix:
        """Minus the gradient of ``E (y - f)^2 / 2`` by each weight, a polynomial of the weights (k, d)."""
        f = self.output(self.weights * self.L * self.normals)
        loss = self.average((self.label() - f) ** 2) / 2
        return -self.weights.applyfunc(lambda w: loss.diff(w))

    def label_weighted_moment(self) -> sympy.Matrix:
        """Average ``y x x^T`` (d, d)."""
        x = self.L * self.normals
        return self.average_matrix(self.label() * x * x.T)

    def agop(self) -> sympy.Matrix:
        """Average the outer products of the input gradients at the initial weights (d, d)."""
        x = _symbols("x", self.L.rows, 1)
        slopes = sympy.Matrix([self.output(self.W * x)]).jacobian(list(x)).subs(_values(x, self.L * self.normals))
        return self.average_matrix(slopes.T * slopes)

    def ptf_covariance(self, weights: sympy.Matrix) -> sympy.Matrix:
        """Average the outer products of the slopes by the pre-activations (k, k)."""
        h = _symbols("h", self.W.rows, 1)
        slopes = sympy.Matrix([self.output(h)]).jacobian(list(h)).subs(_values(h, weights * self.L * self.normals))
        return self.average_matrix(slopes.T * slopes)

    @cached_property
    def values(self) -> dict[str, Any]:
        """Values of the symbols by name."""
        sizes = {"k": self.W.rows, "d": self.L.rows}
        return {"W": self.W, "a": self.a, "Q": self.Q, "Sigma": self.L * self.L.T, **sizes}


@lru_cache(maxsize=4)
def gaussian_instance(width: int, fan_in: int, seed: int) -> GaussianInstance:
    """Draw a network and a teacher."""
    a = sympy.diag(*integer_matrix(width, 1, seed + 1))
    Q, L = integer_matrix(fan_in, fan_in, seed + 2, symmetric=True), integer_matrix(fan_in, fan_in, seed + 3)
    return GaussianInstance(integer_matrix(width, fan_in, seed), a, Q, L)


def _symbols(name: str, rows: int, cols: int) -> sympy.Matrix:
    return sympy.Matrix(rows, cols, lambda i, j: sympy.Symbol(f"{name}_{i}_{j}"))


def _values(variables: sympy.Matrix, values: sympy.Matrix) -> dict[sympy.Symbol, Any]:
    return dict(zip(variables, values, strict=True))
