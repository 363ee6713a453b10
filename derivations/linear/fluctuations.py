"""The alignment ``tr S^3 / sqrt(tr S^2 tr S^4)`` of a nearly isotropic Wishart matrix, expanded entry by entry.

With ``S = k (I + X)`` and ``X`` the mean of ``k`` independent copies of ``a a^T - I``, joint cumulants of ``r`` entries
of ``X`` are those of one copy divided by ``k^(r-1)``. So to the order ``k^-2`` moments of two and three entries are
cumulants of one copy, and moments of four entries are sums over pairings.
"""

from fractions import Fraction
from itertools import combinations_with_replacement
from math import prod
from typing import Any

import sympy
from sympy.polys.rings import PolyElement

from derivations.linear.moments_instance import normal_moments

DEGREE = 4
Monomial = tuple[int, ...]


def fluctuations(size: int) -> tuple[sympy.Rational, sympy.Rational, sympy.Rational]:
    """Expand mean and variance of the alignment."""
    places = list(combinations_with_replacement(range(size), 2))
    ring, *entries = sympy.ring([f"x{i}{j}" for i, j in places], sympy.QQ)
    rho = _alignment(ring, dict(zip(places, entries, strict=True)), size)
    _, *normals = sympy.ring([f"a{i}" for i in range(size)], sympy.QQ)
    copies = [normals[i] * normals[j] - int(i == j) for i, j in places]

    def joint(*positions: int) -> Fraction:
        value = normal_moments(prod((copies[i] for i in positions), start=normals[0] ** 0))
        return Fraction(int(value.p), int(value.q))

    covariance = {(i, j): joint(i, j) for i in range(len(places)) for j in range(len(places))}

    def paired(i: int, j: int, k: int, m: int) -> Fraction:
        return (
            covariance[i, j] * covariance[k, m]
            + covariance[i, k] * covariance[j, m]
            + covariance[i, m] * covariance[j, k]
        )

    first = _average(rho, 2, joint)
    second = _average(rho, 3, joint) + _average(rho, 4, paired)
    quadratic = ring.from_dict({powers: value for powers, value in rho.terms() if sum(powers) == 2})
    spread = _average(quadratic**2, 4, paired) - first**2
    mean_1, mean_2, variance = (sympy.Rational(each.numerator, each.denominator) for each in (first, second, spread))
    return mean_1, mean_2, variance


def _average(polynomial: PolyElement, degree: int, moment: Any) -> Fraction:
    """Sum coefficient times moment over the monomials of a degree."""
    total = Fraction(0)
    for powers, value in polynomial.terms():
        if sum(powers) == degree:
            positions = [i for i, power in enumerate(powers) for _ in range(power)]
            total += Fraction(int(value.numerator), int(value.denominator)) * moment(*positions)
    return total


def _alignment(ring: Any, entries: dict[tuple[int, int], PolyElement], size: int) -> PolyElement:
    """Expand the alignment at ``I + X`` up to the fourth degree in ``X``."""
    X = [[entries[min(i, j), max(i, j)] for j in range(size)] for i in range(size)]
    power = [[ring(int(i == j)) for j in range(size)] for i in range(size)]
    traces = []
    for _ in range(4):
        step = [[sum((power[i][h] * X[h][j] for h in range(size)), ring(0)) for j in range(size)] for i in range(size)]
        power = [[power[i][j] + step[i][j] for j in range(size)] for i in range(size)]
        traces.append(sum((power[i][i] for i in range(size)), ring(0)) * sympy.QQ(1, size))
    excess = _cut(traces[1] * traces[3]) - 1
    root, term, factor = ring(1), ring(1), Fraction(1)
    for n in range(1, DEGREE + 1):
        term, factor = _cut(term * excess), factor * Fraction(1 - 2 * n, 2 * n)
        root = root + term * sympy.QQ(factor.numerator, factor.denominator)
    return _cut(traces[2] * root)


def _cut(polynomial: PolyElement) -> PolyElement:
    kept: dict[Monomial, Any] = {powers: value for powers, value in polynomial.terms() if sum(powers) <= DEGREE}
    return polynomial.ring.from_dict(kept)
