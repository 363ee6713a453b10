"""Low-rank teachers with numbers: moments, spectra and fluctuations averaged entry by entry."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import sympy

from derivations.judging.gaussian import normal_mean
from derivations.judging.instances import integer_matrix

STRENGTHS: Final = (3, -1, 0)
"""Eigenvalues of a diagonal teacher on three inputs; the last direction is outside."""
NOISE: Final = 2
"""Standard deviation of the noise in its labels."""


def entrywise_moment(name: str, values: Mapping[str, Any]) -> sympy.Matrix:
    """Average ``y x x^T`` for a teacher on two standard Gaussian inputs."""
    x = sympy.Matrix(sympy.symbols("x_1 x_2"))
    form, other, projection = (
        (x.T * values[each] * x)[0] if each != "u" else (x.T * values[each])[0] for each in "QPu"
    )
    label = {"quadratic": form, "quartic": form * other, "square": projection**2, "cubic": projection**3}[name]
    return (label * x * x.T).applyfunc(lambda entry: normal_mean(sympy.expand(entry), list(x)))


@cache
def entrywise_spectrum(strengths: tuple[int, ...]) -> tuple[sympy.Expr, ...]:
    """Return the diagonal of ``A^2`` for a diagonal teacher."""
    x = sympy.symbols(f"x_1:{len(strengths) + 1}")
    y = sum(strength * each**2 for strength, each in zip(strengths, x, strict=True))
    return tuple(normal_mean(sympy.expand(y * each**2), list(x)) ** 2 for each in x)


@cache
def entrywise_fluctuation() -> sympy.Expr:
    """Average the square of an off-diagonal entry of what one sample adds to ``A B A``, to first order."""
    x = sympy.Matrix(sympy.symbols("x_1:4"))
    e = sympy.Symbol("e")
    y = sum(strength * each**2 for strength, each in zip(STRENGTHS, x, strict=True)) + NOISE * e

    def mean(entry: sympy.Expr) -> sympy.Expr:
        return normal_mean(sympy.expand(entry), [*x, e])

    A = (y * x * x.T).applyfunc(mean)
    Delta, H = y * x * x.T - A, x * x.T - sympy.eye(3)
    change = Delta * A + A * H * A + A * Delta
    return mean(change[0, 2] ** 2)


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
