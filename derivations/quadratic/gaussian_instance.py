"""A quadratic network on Gaussian inputs, with integers for entries: the population loss averaged over pairings."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, MatrixPolynomial, Scalar, tr
from derivations.judging.instances import integer_matrix
from derivations.judging.interpolation import gradient, jacobian
from derivations.judging.pairings import GaussianAverage

d: Final = Scalar("d")
x: Final = Matrix("x", d, 1)
M: Final = Matrix("M", d, symmetric=True)
D: Final = Matrix("D", "k", d)


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

    @property
    def covariance(self) -> sympy.Matrix:
        """Covariance of the inputs (d, d)."""
        return self.L * self.L.T

    def average(self, expression: Any, **matrices: sympy.Matrix) -> Any:
        """Average a trace or matrix polynomial of the input ``x`` over its pairings."""
        values = {"Sigma": self.covariance, "Q": self.Q, "d": self.L.rows, "k": self.W.rows, **matrices}
        over = GaussianAverage(values, {"x": "Sigma"})
        return over.matrix(expression) if isinstance(expression, MatrixPolynomial) else over(expression)

    def form(self, W: sympy.Matrix, a: sympy.Matrix | None = None) -> sympy.Matrix:
        """Return the matrix of the quadratic form ``f(x) = sum_j a_j (w_j . x)^2``, neuron by neuron."""
        readout = self.a if a is None else a
        return sum((readout[j, j] * W[j, :].T * W[j, :] for j in range(W.rows)), sympy.zeros(W.cols))

    def loss(self, W: sympy.Matrix, a: sympy.Matrix | None = None) -> sympy.Expr:
        """Average ``(y - f)^2 / 2``."""
        return self.average(tr(x.T * M * x) ** 2, M=self.Q - self.form(W, a)) / 2

    def velocity(self, W: sympy.Matrix) -> sympy.Matrix:
        """Minus the gradient of the loss by each weight (k, d)."""
        return -gradient(self.loss, W, 4)

    def residual_moment(self, W: sympy.Matrix | None = None) -> sympy.Matrix:
        """Average ``(y - f) x x^T``, or ``y x x^T`` without a network (d, d)."""
        missed = self.Q if W is None else self.Q - self.form(W)
        return self.average(tr(x.T * M * x) * x * x.T, M=missed)

    def agop(self) -> sympy.Matrix:
        """Average the outer products of the input gradients ``M_f x`` at the initial weights (d, d)."""
        form = self.form(self.W)
        slopes = jacobian(lambda z: gradient(lambda y: (y.T * form * y)[0], z, 2), sympy.zeros(form.rows, 1), 1)
        return self.average(M * x * x.T * M.T, M=slopes)

    def ptf_covariance(self, W: sympy.Matrix) -> sympy.Matrix:
        """Average the outer products of the slopes by the pre-activations, which are linear in the input (k, k)."""
        slopes = jacobian(lambda h: gradient(lambda g: (g.T * self.a * g)[0], h, 2), sympy.zeros(W.rows, 1), 1) * W
        return self.average(D * x * x.T * D.T, D=slopes)

    @cached_property
    def values(self) -> dict[str, Any]:
        """Values of the symbols by name."""
        sizes = {"k": self.W.rows, "d": self.L.rows}
        return {"W": self.W, "a": self.a, "Q": self.Q, "Sigma": self.covariance, **sizes}


@lru_cache(maxsize=4)
def gaussian_instance(width: int, fan_in: int, seed: int) -> GaussianInstance:
    """Draw a network and a teacher."""
    a = sympy.diag(*integer_matrix(width, 1, seed + 1))
    Q, L = integer_matrix(fan_in, fan_in, seed + 2, symmetric=True), integer_matrix(fan_in, fan_in, seed + 3)
    return GaussianInstance(integer_matrix(width, fan_in, seed), a, Q, L)
