"""The series in time of an alignment, from those of its three parts."""

from typing import Final

import sympy

RATIO_NAMES: Final = ("N", "P", "Q")
"""The letters that stand for numerator and squared norms."""


def ratio_coefficients(orders: int) -> tuple[sympy.Expr, ...]:
    """Expand ``N / sqrt(P Q)`` in powers of time, given the coefficients of the three.

    Examples
    --------
    >>> print(ratio_coefficients(1)[0])
    N_0/(sqrt(P_0)*sqrt(Q_0))
    """
    t = sympy.Symbol("t")
    parts = [
        sum((sympy.Symbol(f"{name}_{j}", positive=True) * t**j for j in range(orders)), sympy.Integer(0))
        for name in RATIO_NAMES
    ]
    ratio = parts[0] / sympy.sqrt(parts[1]) / sympy.sqrt(parts[2])
    return tuple(sympy.expand(ratio.diff(t, j).subs(t, 0) / sympy.factorial(j)) for j in range(orders))
