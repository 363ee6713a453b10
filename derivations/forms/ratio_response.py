"""How a ratio ``N / sqrt(D1 D2)`` responds to a small change of the matrices inside it, to any order.

The changes are symbols, so that their moments are taken afterwards, by whatever law they have. The joint moments of
``N``, ``D1`` and ``D2`` are never needed: to order ``p`` only the moments of ``p`` changes are.
"""

from collections.abc import Mapping
from fractions import Fraction
from math import prod
from typing import Any, Final

from derivations.algebra import Matrix, MatrixPolynomial, Scalar, TracePolynomial, series
from derivations.algebra.trace_polynomial import constant
from derivations.forms.alignment_ratio import AlignmentRatio
from derivations.forms.evaluation import evaluate_formula

LEADING: Final = (Scalar("N"), Scalar("D_1"), Scalar("D_2"))
"""Stand for the values of ``N``, ``D1`` and ``D2`` before the change."""
RATIO: Final = (Fraction(1), Fraction(-1, 2), Fraction(-1, 2))
"""Exponents of ``N``, ``D1`` and ``D2`` in the ratio."""

Series = list[TracePolynomial]


def relative_response(
    ratio: AlignmentRatio,
    changes: Mapping[Matrix, MatrixPolynomial],
    order: int,
    *,
    initial: Mapping[Matrix, MatrixPolynomial] | None = None,
    power: int = 1,
) -> tuple[TracePolynomial, ...]:
    """Expand a ratio, relative to its initial value, in powers of the size ``s`` of the changes.

    Examples
    --------
    >>> from derivations.algebra import tr, identity
    >>> A, M, E = (Matrix(name, "d", symmetric=True) for name in "AME")
    >>> ratio = AlignmentRatio(tr(M), tr(M * M), tr(A * A))
    >>> print(relative_response(ratio, {M: E}, 1, initial={M: identity("d")})[1])
    (D_1 - N)/(D_1 N) tr(E)
    """
    total = [constant(1)] + [constant(0)] * order
    for part, leading, exponent in zip((ratio.numerator, ratio.first, ratio.second), LEADING, RATIO, strict=True):
        expansion = series(part, changes, order, initial=initial)
        deviation = [constant(0)] + [each / leading for each in expansion[1:]]
        total = _product(total, _power(deviation, exponent * power))
    return tuple(total)


def _product(left: Series, right: Series) -> Series:
    """Multiply two series and keep their orders."""
    return [sum((left[i] * right[m - i] for i in range(m + 1)), constant(0)) for m in range(len(left))]


def _power(deviation: Series, exponent: Fraction) -> Series:
    """Expand ``(1 + deviation)^exponent`` by the binomial series."""
    total = [constant(1)] + [constant(0)] * (len(deviation) - 1)
    term = total
    for i in range(1, len(deviation)):
        term = _product(term, deviation)
        choose = prod(((exponent - j) / (j + 1) for j in range(i)), start=Fraction(1))
        total = [kept + new * choose for kept, new in zip(total, term, strict=True)]
    return total


def leading_values(ratio: AlignmentRatio, values: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluate the three parts of a ratio before the change, to which a response refers."""
    parts = (ratio.numerator, ratio.first, ratio.second)
    return {each.name: evaluate_formula(part, values) for each, part in zip(LEADING, parts, strict=True)}
