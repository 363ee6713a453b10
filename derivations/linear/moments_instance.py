"""Averages of early features over Gaussian weights, entry by entry: the judge of the Wishart moments."""

from functools import lru_cache
from math import prod
from typing import Any

import sympy
from sympy.polys.rings import PolyElement

Entries = list[list[Any]]


def gaussian_average(
    labels: sympy.Matrix, width: int, inputs: sympy.Matrix | None = None
) -> tuple[sympy.Rational, sympy.Rational, sympy.Rational]:
    """Average the three traces of the early C-NFA of two layers over standard normal weights."""
    c, d = labels.shape
    count = c * width + (0 if inputs is None else width * d)
    ring, *variables = sympy.ring([f"g{i}" for i in range(count)], sympy.QQ)
    A = [variables[i * width : (i + 1) * width] for i in range(c)]
    E = _entries(labels, ring)
    if inputs is not None:
        rest = variables[c * width :]
        W = [rest[i * d : (i + 1) * d] for i in range(width)]
        predicted = _times(_times(A, W), _entries(inputs, ring))
        E = [[x - y for x, y in zip(*rows, strict=True)] for rows in zip(E, predicted, strict=True)]
    dW = _times(_transposed(A), E)
    hidden = _times(A, dW)
    F, G = _times(_transposed(dW), dW), _times(_transposed(hidden), hidden)
    numerator, first, second = (
        normal_moments(sum(x * y for rows in zip(*pair, strict=True) for x, y in zip(*rows, strict=True)))
        for pair in ((F, G), (F, F), (G, G))
    )
    return numerator, first, second


def normal_moments(polynomial: PolyElement) -> sympy.Rational:
    """Average a polynomial in independent standard normal variables.

    Examples
    --------
    >>> ring, x, y = sympy.ring("x,y", sympy.QQ)
    >>> normal_moments(5 * x**4 * y**2 + x * y)
    15
    """
    total = sum((value * prod(_moment(power) for power in powers) for powers, value in polynomial.terms()), sympy.QQ(0))
    return sympy.Rational(int(total.numerator), int(total.denominator))


@lru_cache(maxsize=64)
def _moment(power: int) -> int:
    return 0 if power % 2 else prod(range(1, power, 2))


def _entries(matrix: sympy.Matrix, ring: Any) -> Entries:
    return [[ring(sympy.QQ(entry.p, entry.q)) for entry in matrix[i, :]] for i in range(matrix.rows)]


def _transposed(matrix: Entries) -> Entries:
    return [list(column) for column in zip(*matrix, strict=True)]


def _times(left: Entries, right: Entries) -> Entries:
    columns = _transposed(right)
    return [[sum(x * y for x, y in zip(row, column, strict=True)) for column in columns] for row in left]


def inverse_width_coefficient(strengths: tuple[int, ...]) -> sympy.Rational:
    """Expand the early C-NFA of a wide network to second order in the fluctuations of the readout.

    With ``S = k (I + H / sqrt(k))`` the entries of ``H`` have mean 0 and covariance ``E[H_ij H_kl] = [i k][j l] +
    [i l][j k]`` at every width; higher cumulants come in at ``k^-2``. For large width the C-NFA is 1.
    """
    size = len(strengths)
    M = sympy.diag(*strengths)
    half = sum(
        (_second_derivative(M, direction) * variance for direction, variance in _directions(size)), sympy.Integer(0)
    )
    return sympy.nsimplify(half / 2)


def _directions(size: int) -> list[tuple[sympy.Matrix, int]]:
    """List the independent entries of ``H`` as symmetric matrices, with their variances."""
    found = []
    for i in range(size):
        for j in range(i, size):
            unit = sympy.zeros(size, size)
            unit[i, j] = unit[j, i] = 1
            found.append((unit, 2 if i == j else 1))
    return found


def _second_derivative(M: sympy.Matrix, H: sympy.Matrix) -> sympy.Expr:
    """Differentiate the alignment at ``S = I + h H`` twice at ``h = 0``."""
    h = sympy.Symbol("h")
    S = sympy.eye(M.rows) + h * H
    F, G = M * S, M * S * S
    traces = [sympy.expand((F * G).trace()), sympy.expand((F * F).trace()), sympy.expand((G * G).trace())]
    N, D1, D2 = (sympy.Poly(each, h) for each in traces)
    # ``rho = N (D1 D2)^(-1/2)`` to second order, the product being expanded first.
    n0, n1, n2 = (N.coeff_monomial(h**j) for j in range(3))
    p0, p1, p2 = ((D1 * D2).coeff_monomial(h**j) for j in range(3))
    root = sympy.sqrt(p0)
    first, second = -p1 / (2 * p0), -p2 / (2 * p0) + sympy.Rational(3, 8) * p1**2 / p0**2
    return 2 * (n2 + n1 * first + n0 * second) / root
