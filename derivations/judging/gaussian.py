"""The Gaussian average of a polynomial, monomial by monomial, from the moments of one variable."""

from collections.abc import Iterable, Sequence
from functools import cache
from math import prod
from typing import Any

import sympy
from sympy.polys.rings import PolyElement


@cache
def normal_moment(power: int) -> int:
    """Return the average of a power of a standard normal variable: 1, 0, 1, 0, 3, 0, 15, ..."""
    return 0 if power % 2 else prod(range(1, power, 2))


def normal_mean(polynomial: PolyElement | sympy.Expr, variables: Sequence[sympy.Symbol] | None = None) -> sympy.Expr:
    """Average a polynomial over independent standard normal variables: the generators of its ring, or those given.

    Examples
    --------
    >>> x, y = sympy.symbols("x y")
    >>> normal_mean((x**2 + y) ** 2 + x, [x, y])
    4
    >>> ring, u, v = sympy.ring("u,v", sympy.QQ)
    >>> normal_mean(5 * u**4 * v**2 + u * v)
    15
    """
    if isinstance(polynomial, PolyElement):
        return polynomial.ring.domain.to_sympy(_mean(polynomial.terms(), polynomial.ring.domain.zero))
    return _mean(sympy.Poly(polynomial, *(variables or ())).terms(), sympy.Integer(0))


def _mean(terms: Iterable[tuple[tuple[int, ...], Any]], zero: Any) -> Any:
    return sum((coefficient * prod(map(normal_moment, powers)) for powers, coefficient in terms), zero)
