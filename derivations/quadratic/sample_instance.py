"""One Gaussian sample in two dimensions, with integers for the teacher: averages and responses entry by entry.

A perturbed matrix is a list ``[M0, M1, M2]`` of its powers of ``s``, each a 2 x 2 matrix of polynomials in the standard
normal variables of the sample.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import sympy
from sympy.polys.rings import PolyElement, PolyRing, ring

from derivations.judging.instances import integer_matrix

Rows = list[list[Any]]
Perturbed = list[Rows]


@dataclass(frozen=True)
class SampleInstance:
    """A teacher and a covariance.

    Parameters
    ----------
    Q, L, Y : sympy.Matrix
        Teacher, root of the input covariance, and a test matrix (2, 2), integers.
    noise : int
        Standard deviation of the noise in the labels.
    samples : int
        ``n``.
    """

    Q: sympy.Matrix
    L: sympy.Matrix
    Y: sympy.Matrix
    noise: int
    samples: int

    @cached_property
    def ring(self) -> PolyRing:
        """Polynomials in the two inputs before mixing and the noise."""
        return ring("g1,g2,e", sympy.QQ)[0]

    @cached_property
    def term(self) -> tuple[Rows, Rows]:
        """``y x x^T`` and ``x x^T`` for one sample."""
        g1, g2, e = self.ring.gens
        x = [int(self.L[i, 0]) * g1 + int(self.L[i, 1]) * g2 for i in range(2)]
        y = sum(int(self.Q[i, j]) * x[i] * x[j] for i in range(2) for j in range(2)) + self.noise * e
        outer = [[x[i] * x[j] for j in range(2)] for i in range(2)]
        return [[y * entry for entry in row] for row in outer], outer

    def average(self, polynomial: PolyElement) -> sympy.Expr:
        """Average over independent standard normal variables."""
        total = sympy.Integer(0)
        for powers, coefficient in polynomial.terms():
            if all(power % 2 == 0 for power in powers):
                moments = (sympy.factorial2(power - 1) for power in powers if power)
                total += sympy.Rational(int(coefficient.numerator), int(coefficient.denominator)) * sympy.prod(moments)
        return total

    def _average_rows(self, rows: Rows) -> sympy.Matrix:
        return sympy.Matrix(2, 2, lambda i, j: self.average(self.ring(rows[i][j])))

    @cached_property
    def population(self) -> tuple[sympy.Matrix, sympy.Matrix]:
        """The means of ``y x x^T`` and ``x x^T``."""
        weighted, plain = self.term
        return self._average_rows(weighted), self._average_rows(plain)

    @cached_property
    def moments(self) -> tuple[sympy.Matrix, sympy.Matrix]:
        """Return ``E A_n`` and ``E A_n Y A_n``, by counting pairs of samples."""
        n, A = self.samples, self.population[0]
        same = self._average_rows(_matmul(_matmul(self.term[0], self._constant(self.Y)), self.term[0]))
        return A, (n * same + n * (n - 1) * A * self.Y * A) / sympy.Integer(n) ** 2

    def _constant(self, matrix: sympy.Matrix) -> Rows:
        return [[self.ring(sympy.QQ(int(e.p), int(e.q))) for e in matrix.row(i)] for i in range(2)]

    @cached_property
    def traces(self) -> list[list[PolyElement]]:
        """The three traces of a wide network at moments perturbed by one sample: powers 0 to 2."""
        zero = self._constant(sympy.zeros(2, 2))
        A, B = (
            [self._constant(mean), _minus(term, self._constant(mean)), zero]
            for term, mean in zip(self.term, self.population, strict=True)
        )
        F, G = _times(A, A), _times(_times(A, B), A)
        return [[rows[0][0] + rows[1][1] for rows in _times(*pair)] for pair in ((F, G), (F, F), (G, G))]

    @cached_property
    def responses(self) -> list[sympy.Expr]:
        """Return the averages of the traces to order ``1/n``."""
        return [self.average(zeroth) + self.average(second) / self.samples for zeroth, _, second in self.traces]

    @cached_property
    def bias(self) -> sympy.Expr:
        """Return the relative change of the mean alignment at order ``1/n``, from ``d2 log + (d log)^2 / 2``."""
        first = second = self.ring.zero
        for (value, linear, quadratic), weight in zip(self.traces, (2, -1, -1), strict=True):
            a, b = linear / value.LC, quadratic / value.LC
            first, second = first + a * weight / 2, second + (b - a**2 / 2) * weight / 2
        return self.average(second + first**2 / 2) / self.samples

    @cached_property
    def values(self) -> dict[str, Any]:
        """Values of the symbols by name."""
        A, covariance = self.population
        G = A * covariance * A
        traces = {"N": (A * A * G).trace(), "D_1": (A**4).trace(), "D_2": (G * G).trace()}
        matrices = {"A": A, "Q": self.Q, "Sigma": covariance, "Y": self.Y}
        return {**matrices, **traces, "v": self.noise**2, "n": self.samples, "d": 2}


@lru_cache(maxsize=1)
def sample_instance() -> SampleInstance:
    """Draw the instance."""
    Q, Y = (integer_matrix(2, 2, seed, symmetric=True) for seed in (41, 43))
    return SampleInstance(Q, integer_matrix(2, 2, 42), Y, noise=3, samples=11)


def _matmul(P: Rows, R: Rows) -> Rows:
    return [[P[i][0] * R[0][j] + P[i][1] * R[1][j] for j in range(2)] for i in range(2)]


def _minus(P: Rows, R: Rows) -> Rows:
    return [[P[i][j] - R[i][j] for j in range(2)] for i in range(2)]


def _times(left: Perturbed, right: Perturbed) -> Perturbed:
    """Multiply and drop powers of ``s`` above the second."""
    product = []
    for power in range(3):
        terms = [_matmul(left[i], right[power - i]) for i in range(power + 1)]
        product.append([[sum((term[i][j] for term in terms[1:]), terms[0][i][j]) for j in range(2)] for i in range(2)])
    return product
