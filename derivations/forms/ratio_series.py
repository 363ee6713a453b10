"""The series in time of an alignment, from those of its three parts."""

from functools import lru_cache
from typing import Final

import sympy

from derivations.forms.power_series import multiply, relative, relative_ratio

RATIO_NAMES: Final = ("N", "P", "Q")
"""The letters that stand for numerator and squared norms."""


def ratio_letters(orders: int) -> list[list[sympy.Symbol]]:
    """Name the coefficients of numerator and squared norms, ``N_0, N_1, ...``."""
    return [[sympy.Symbol(f"{name}_{j}", positive=True) for j in range(orders)] for name in RATIO_NAMES]


def ratio_coefficients(orders: int) -> tuple[sympy.Expr, ...]:
    """Expand ``N / sqrt(P Q)`` in powers of time, given the coefficients of the three.

    Examples
    --------
    >>> print(ratio_coefficients(1)[0])
    N_0/(sqrt(P_0)*sqrt(Q_0))
    """
    N, P, Q = ratio_letters(orders)
    leading = N[0] / sympy.sqrt(P[0]) / sympy.sqrt(Q[0])
    series = relative_ratio([relative(each) for each in (N, P, Q)])
    return tuple(sympy.expand(leading * each) for each in series)


@lru_cache(maxsize=1024)
def series_residuals(coefficients: tuple[sympy.Expr, ...]) -> dict[str, sympy.Expr]:
    """Multiply the series of an alignment out: ``rho^2 P Q - N^2`` must vanish, and its sign is that of ``N``."""
    N, P, Q = ratio_letters(len(coefficients))
    square, product = multiply(coefficients, coefficients), multiply(P, Q)
    pairs = zip(multiply(square, product), multiply(N, N), strict=True)
    residuals = {f"quotient, order {j}": sympy.expand(left - right) for j, (left, right) in enumerate(pairs)}
    return {**residuals, "sign of the quotient": abs(coefficients[0]) - coefficients[0]}
