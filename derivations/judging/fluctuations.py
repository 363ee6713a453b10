"""The alignment of two functions of a nearly isotropic Wishart matrix, expanded and averaged entry by entry.

With ``M = I + X`` and ``X`` the mean of ``k`` independent copies of ``a a^T - I``, a joint cumulant of ``r`` entries of
``X`` is that of one copy divided by ``k^(r-1)``. So to the order ``k^-2`` averages of two and three entries are
cumulants of one copy, and averages of four entries are sums over pairings.
"""

from collections.abc import Callable
from functools import cache
from itertools import combinations_with_replacement
from typing import Any

import sympy
from sympy.polys.matrices import DomainMatrix
from sympy.polys.rings import PolyElement

from derivations.forms.power_series import RATIO, relative_ratio
from derivations.judging.gaussian import normal_mean

Entry = tuple[int, int]
Features = Callable[[DomainMatrix, Callable[[sympy.Matrix], DomainMatrix]], tuple[DomainMatrix, DomainMatrix]]
"""From ``M``, and what brings constant matrices into its ring, to the two matrices that are aligned."""


def entries(size: int) -> list[Entry]:
    """List the independent entries of a symmetric matrix."""
    return list(combinations_with_replacement(range(size), 2))


def relative_alignment(features: Features, size: int, degree: int) -> list[PolyElement]:
    """Expand an alignment around ``M = I``, relative to its value there, by degree in the entries of ``X``."""
    places = entries(size)
    ring, *variables = sympy.ring([f"x{i}{j}" for i, j in places], sympy.QQ)
    known = dict(zip(places, variables, strict=True))
    M = polynomial_matrix([[known[min(i, j), max(i, j)] + int(i == j) for j in range(size)] for i in range(size)], ring)
    A, B = features(M, lambda constant: DomainMatrix.from_Matrix(constant).convert_to(ring.to_domain()))
    traces = (_by_degree(trace_of_product(*pair), degree) for pair in ((A, B), (A, A), (B, B)))
    relative = [[each.quo_ground(parts[0].LC) for each in parts] for parts in traces]
    exponents = [sympy.QQ(each.numerator, each.denominator) for each in RATIO]
    return relative_ratio(relative, exponents)


def moments(alignment: list[PolyElement], size: int) -> tuple[list[sympy.Rational], list[sympy.Rational]]:
    """Average a relative alignment: its deviation from 1 and its variance, at the orders ``1/k`` and ``1/k^2``.

    The variance at ``1/k^2`` counts no products of three or more entries: it is for alignments stationary at ``M = I``.
    """
    mean = _averaged(alignment, size)
    first, second = alignment[1], alignment[2]
    spread = [_average(first**2, size, _covariance_of(size)), _average(second**2, size, _paired(size)) - mean[0] ** 2]
    return mean, spread


def _averaged(alignment: list[PolyElement], size: int) -> list[sympy.Rational]:
    one = _average(alignment[2], size, _covariance_of(size))
    if len(alignment) < 5:
        return [one]
    two = _average(alignment[3], size, lambda *each: _cumulant(size, *each))
    return [one, two + _average(alignment[4], size, _paired(size))]


def _average(polynomial: PolyElement, size: int, moment: Callable[..., Any]) -> sympy.Rational:
    places, total = entries(size), sympy.QQ(0)
    for powers, value in polynomial.terms():
        total += value * moment(*(place for place, power in zip(places, powers, strict=True) for _ in range(power)))
    return sympy.QQ.to_sympy(total)


@cache
def _cumulant(size: int, *positions: Entry) -> Any:
    """Average a product of two or three entries of one copy: they are centered, so this is their cumulant."""
    ring, *normals = sympy.ring([f"a{i}" for i in range(size)], sympy.QQ)
    product = ring.one
    for i, j in positions:
        product *= normals[i] * normals[j] - int(i == j)
    return sympy.QQ.from_sympy(normal_mean(product))


def _covariance_of(size: int) -> Callable[..., Any]:
    return lambda first, second: _cumulant(size, *sorted((first, second)))


def _paired(size: int) -> Callable[..., Any]:
    pair = _covariance_of(size)
    return lambda i, j, k, m: pair(i, j) * pair(k, m) + pair(i, k) * pair(j, m) + pair(i, m) * pair(j, k)


def polynomial_matrix(rows: list[list[PolyElement]], ring: Any) -> DomainMatrix:
    """Make a matrix over a ring of polynomials."""
    return DomainMatrix(rows, (len(rows), len(rows[0])), ring.to_domain())


def trace_of_product(A: DomainMatrix, B: DomainMatrix) -> PolyElement:
    """Return ``tr(A^T B)``."""
    total = A.domain.zero
    for one, other in zip(A.to_list_flat(), B.to_list_flat(), strict=True):
        total += one * other
    return total


def _by_degree(polynomial: PolyElement, top: int) -> list[PolyElement]:
    parts: list[dict[tuple[int, ...], Any]] = [{} for _ in range(top + 1)]
    for powers, value in polynomial.terms():
        if sum(powers) <= top:
            parts[sum(powers)][powers] = value
    return [polynomial.ring.from_dict(part) for part in parts]
