"""Low-rank teachers with numbers: moments, spectra and fluctuations averaged entry by entry."""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, tr
from derivations.judging.gaussian import normal_mean
from derivations.judging.instances import drawn, integer_matrix
from derivations.judging.pairings import GaussianAverage
from derivations.judging.termwise import TermwiseValue

TEACHERS: Final = (((3, -1), 2), ((5, 2, -4), 3), ((2, 7, -1, 3), 5), ((drawn(1), drawn(2), -drawn(3)), drawn(4)))
"""Eigenvalues of diagonal teachers, and standard deviations of the noise in their labels; the last is in general
position, so that no polynomial of the four scalars vanishes there by chance."""
SIZE: Final = 5


@cache
def moments_of_teachers() -> tuple[TermwiseValue, dict[str, sympy.Matrix]]:
    """Average ``y x x^T`` over pairings of a standard Gaussian input, for teachers with integers for entries."""
    values: dict[str, Any] = {name: integer_matrix(SIZE, SIZE, i, symmetric=True) for i, name in enumerate("PQ")}
    values |= {"u": integer_matrix(SIZE, 1, 9), "d": SIZE}
    x, u = Matrix("x", "d", 1), Matrix("u", "d", 1)
    P, Q = (Matrix(name, "d", symmetric=True) for name in "PQ")
    form, other, projection = tr(x.T * Q * x), tr(x.T * P * x), tr(u.T * x)
    labels = {"quadratic": form, "quartic": form * other, "square": projection**2, "cubic": projection**3}
    average = GaussianAverage(values, {"x": None})
    return TermwiseValue(values), {name: average.matrix(label * x * x.T) for name, label in labels.items()}


@cache
def entrywise_spectrum(strengths: tuple[int, ...]) -> tuple[sympy.Expr, ...]:
    """Return the diagonal of ``A^2`` for a diagonal teacher."""
    x = sympy.symbols(f"x_1:{len(strengths) + 1}")
    y = sum(strength * each**2 for strength, each in zip(strengths, x, strict=True))
    return tuple(normal_mean(sympy.expand(y * each**2), list(x)) ** 2 for each in x)


@cache
def entrywise_fluctuation(strengths: tuple[Any, ...], noise: Any) -> sympy.Expr:
    """Average the square of what one sample adds to an entry of ``A B A``, to first order.

    The entry is between the first direction of the teacher and a direction outside, which is the last input.
    """
    ring, *letters = sympy.ring(f"x_1:{len(strengths) + 2},e", sympy.QQ)
    *x, e = letters
    weights = [sympy.QQ.from_sympy(sympy.Rational(each)) for each in (*strengths, 0)]
    y = sum((weight * each**2 for weight, each in zip(weights, x, strict=True)), ring.zero)
    y += e * sympy.QQ.from_sympy(sympy.Rational(noise))
    inside, outside = (sympy.QQ.from_sympy(normal_mean(y * each**2)) for each in (x[0], x[-1]))
    # A is diagonal, so that A H A + Delta A + A Delta has this entry:
    entry = (y * (inside + outside) + inside * outside) * x[0] * x[-1]
    return normal_mean(entry**2)


@cache
def second_order_overlap() -> tuple[sympy.Matrix, sympy.Matrix, sympy.Expr]:
    """Expand the projector on the top two eigenvectors of a perturbed diagonal matrix, by solving for its entries.

    The unknown orders ``P_1``, ``P_2`` follow from ``P^2 = P`` and from ``P`` commuting with the perturbed matrix.
    """
    levels, change = sympy.diag(9, 7, 2, -1), integer_matrix(4, 4, seed=8, symmetric=True)
    start = sympy.diag(1, 1, 0, 0)
    first = _solved(lambda P: P * start + start * P, lambda P: P * levels + start * change, sympy.zeros(4, 4))
    second = _solved(lambda P: P * start + start * P, lambda P: P * levels + first * change, first * first)
    return levels, change, -(second * start).trace()


def _solved(
    square: Callable[[sympy.Matrix], sympy.Matrix], product: Callable[[sympy.Matrix], sympy.Matrix], known: sympy.Matrix
) -> sympy.Matrix:
    """Solve ``square(P) + known = P`` and ``product(P)`` symmetric, for a symmetric matrix."""
    unknowns = sympy.symbols("p:10")
    P = sympy.Matrix(4, 4, lambda i, j: unknowns[_index(i, j)])
    commutator = product(P) - product(P).T
    (solution,) = sympy.solve([*(square(P) + known - P), *commutator], unknowns, dict=True)
    return P.subs(solution)


def _index(i: int, j: int) -> int:
    low, high = min(i, j), max(i, j)
    return low * 4 - low * (low + 1) // 2 + high
