"""Truncated power series: lists of coefficients, which are numbers, arrays, polynomials or trace polynomials.

One vocabulary for all of them. An alignment is ``N / sqrt(D1 D2)``; relative to its leading value, its series is the
product of powers of three series that start with 1.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from operator import mul
from typing import Any, Final

from derivations.errors import DerivationError

RATIO: Final = (Fraction(1), Fraction(-1, 2), Fraction(-1, 2))
"""Exponents of ``N``, ``D1`` and ``D2`` in an alignment."""


def multiply(
    left: Sequence[Any], right: Sequence[Any], order: int | None = None, times: Callable[[Any, Any], Any] = mul
) -> list[Any]:
    """Multiply two series up to an order, or keep as many coefficients as both have.

    Examples
    --------
    >>> multiply([1, 2, 3], [1, -1, 0])
    [1, 1, 1]
    """
    known = min(len(left), len(right)) - 1 if order is None else min(order, len(left) + len(right) - 2)
    return [
        _total([times(left[i], right[m - i]) for i in range(max(0, m - len(right) + 1), min(m, len(left) - 1) + 1)])
        for m in range(known + 1)
    ]


def power(series: Sequence[Any], exponent: Fraction) -> list[Any]:
    """Raise a series that starts with 1 to a power: ``S Q' = exponent S' Q`` gives one coefficient after the other.

    Examples
    --------
    >>> power([1, Fraction(2), Fraction(1)], Fraction(1, 2))
    [1, Fraction(1, 1), Fraction(0, 1)]
    """
    result = [series[0]]
    for m in range(1, len(series)):
        terms = [series[i] * result[m - i] * (i * exponent + i - m) for i in range(1, m + 1)]
        result.append(_total(terms) / m)
    return result


def relative_ratio(parts: Sequence[Sequence[Any]], exponents: Sequence[Fraction] = RATIO) -> list[Any]:
    """Expand a product of powers of series that start with 1, such as ``N / sqrt(D1 D2)`` over its leading value."""
    first, *others = (power(each, exponent) for each, exponent in zip(parts, exponents, strict=True))
    for other in others:
        first = multiply(first, other)
    return first


def relative(series: Sequence[Any]) -> list[Any]:
    """Divide a series of numbers by its leading coefficient, which must not vanish."""
    if series[0] == 0:
        raise DerivationError(f"a series must not start with zero where it is divided by its start, got {series[0]}")
    return [each / series[0] for each in series]


def _total(summands: list[Any]) -> Any:
    return sum(summands[1:], start=summands[0])
