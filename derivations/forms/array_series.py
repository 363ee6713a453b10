"""Truncated power series in time whose coefficients are arrays: a flow to any order, without writing its terms down.

The symbolic coefficients grow by a factor of six with each order; their values do not. A flow given by matrix
polynomials is solved order by order: coefficient ``j`` of the right-hand sides needs coefficients up to ``j`` of the
weights and gives their coefficient ``j + 1``.
"""

import math
from collections.abc import Mapping, Sequence
from operator import matmul
from typing import Any, TypeAlias

from array_api_compat import array_namespace

from derivations.algebra import Matrix, MatrixPolynomial
from derivations.algebra.coefficients import RationalFunction
from derivations.errors import DerivationError
from derivations.forms.power_series import RATIO, multiply, relative, relative_ratio

Series: TypeAlias = list[Any]
"""Coefficients of ``t^0, t^1, ...``: arrays of one shape, or numbers."""


def flow_series(
    right_hand_sides: Mapping[Matrix, MatrixPolynomial], initial: Mapping[str, Any], order: int
) -> dict[str, Series]:
    """Expand the weights in powers of time along a flow."""
    if not isinstance(order, int) or order < 0:
        raise DerivationError(f"order must be a non-negative integer, got {order!r}")
    series: dict[str, Series] = {name: [value] for name, value in initial.items()}
    for j in range(order):
        velocities = {
            variable.symbol.name: evaluate_on_series(rhs, series, j)[j] for variable, rhs in right_hand_sides.items()
        }
        for name, velocity in velocities.items():
            series[name] = [*series[name], velocity / (j + 1)]
    return series


def evaluate_on_series(polynomial: MatrixPolynomial, series: Mapping[str, Series], order: int) -> Series:
    """Insert series into a matrix polynomial without traces."""
    total: Series = []
    for (monomial, word), value in polynomial.terms.items():
        if monomial or not word or isinstance(value, RationalFunction):
            raise DerivationError(f"series of arrays need products of matrices with rational factors, got {polynomial}")
        term: Series = []
        for symbol, transposed in polynomial.table.spell(word):
            letter = [each.T if transposed else each for each in series[symbol.name]]
            term = multiply_series(term, letter, order) if term else letter
        scaled = [each * value.numerator / value.denominator for each in term[: order + 1]]
        total = add_series(total, scaled)
    if not total:
        raise DerivationError("series of arrays need a polynomial that is not zero, got 0")
    return [*total, *(total[0] * 0 for _ in range(order + 1 - len(total)))]


def add_series(left: Series, right: Series) -> Series:
    """Add two series of any lengths."""
    longer, shorter = (left, right) if len(left) >= len(right) else (right, left)
    return [each + shorter[i] if i < len(shorter) else each for i, each in enumerate(longer)]


def multiply_series(left: Series, right: Series, order: int) -> Series:
    """Multiply two series of matrices, up to an order."""
    return multiply(left, right, order, matmul)


def inner_product_series(left: Series, right: Series) -> list[float]:
    """Return the series of ``tr(A^T B)`` from those of ``A`` and ``B``."""
    xp = array_namespace(left[0])
    return multiply(left, right, times=lambda A, B: xp.sum(A * B))


def ratio_series(numerator: Sequence[Any], first: Sequence[Any], second: Sequence[Any]) -> list[float]:
    """Expand ``N / sqrt(D1 D2)``, once powers of ``t`` common to all three are divided out."""
    if not (first[0] > 0 and second[0] > 0):
        raise DerivationError(f"the squared norms must start positive, got {first[0]} and {second[0]}")
    top, *norms = ([float(each) for each in series] for series in (numerator, first, second))
    root = relative_ratio([relative(each) for each in norms], RATIO[1:])
    return [each / math.sqrt(first[0]) / math.sqrt(second[0]) for each in multiply(top, root)]
