"""The series in time of an alignment, from those of its three parts."""

from typing import Final

import sympy

from derivations.forms.power_series import relative, relative_ratio

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
