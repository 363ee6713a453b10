"""The defect of the alignment for 2 x 2 matrices, expanded and averaged entry by entry: the judge of the rates."""

from functools import cache
from typing import Any, Final

import sympy
from sympy.polys.rings import PolyElement, ring

from derivations.judging.instances import integer_matrix

AVERAGED: Final = ("mean", "variance")
SIZES: Final = (7, 11)
"""Numbers of neurons and of samples."""
FLUCTUATION: Final = sympy.Matrix([[2, -3], [-3, 5]])


@cache
def averaged_defect() -> tuple[dict[str, Any], sympy.Matrix, dict[str, sympy.Expr]]:
    """Expand ``1 - rho`` and average over independent Gaussian entries."""
    A = integer_matrix(2, 2, seed=1, symmetric=True)
    defect = _second_order(A)
    k, n = SIZES
    scale = sympy.Rational(1, k) + sympy.Rational(1, n)
    variances = (2 * scale, 2 * scale, scale)  # of the entries S_11, S_22, S_12 of a sum of Wishart matrices
    mean = _gaussian_average(defect, variances)
    expected = {
        "defect": _value(defect, (FLUCTUATION[0, 0], FLUCTUATION[1, 1], FLUCTUATION[0, 1])),
        "mean": mean,
        "variance": _gaussian_average(defect**2, variances) - mean**2,
    }
    return {"A": A, "k": k, "n": n, "d": 2, "L": (A**4).trace()}, FLUCTUATION, expected


def _second_order(A: sympy.Matrix) -> PolyElement:
    """Expand ``1 - rho`` with ``M = I + S`` and ``B = I``, from ``rho^2 = N^2 / (D1 D2)``."""
    R, s, x, y, z = ring("s,x,y,z", sympy.QQ)
    a = [[R(int(A[i, j])) for j in range(2)] for i in range(2)]
    M = [[1 + s * x, s * z], [s * z, 1 + s * y]]
    F = _matmul(_matmul(a, M), a)
    G = _matmul(_matmul(a, _matmul(M, M)), a)
    N, D1, D2 = (_orders(_trace(_matmul(*pair))) for pair in ((F, G), (F, F), (G, G)))
    top, bottom = _times(N, N), _times(D1, D2)
    leading = bottom[0].LC
    # top and bottom agree at order 0 and 1, where the alignment is 1 and stationary, and so rho^2 - 1 is this:
    return (bottom[2] - top[2]) / (2 * leading)


def _matmul(P: Any, Q: Any) -> Any:
    return [[P[i][0] * Q[0][j] + P[i][1] * Q[1][j] for j in range(2)] for i in range(2)]


def _trace(P: Any) -> Any:
    return P[0][0] + P[1][1]


def _orders(polynomial: PolyElement) -> list[PolyElement]:
    parts: list[dict[tuple[int, ...], Any]] = [{}, {}, {}]
    for powers, coefficient in polynomial.terms():
        if powers[0] < 3:
            parts[powers[0]][(0, *powers[1:])] = coefficient
    return [polynomial.ring.from_dict(part) for part in parts]


def _times(left: list[PolyElement], right: list[PolyElement]) -> list[PolyElement]:
    return [sum((left[i] * right[m - i] for i in range(m + 1)), left[0].ring.zero) for m in range(3)]


def _rational(coefficient: Any) -> sympy.Rational:
    return sympy.Rational(int(coefficient.numerator), int(coefficient.denominator))


def _gaussian_average(polynomial: PolyElement, variances: tuple[sympy.Expr, ...]) -> sympy.Expr:
    total = sympy.Integer(0)
    for powers, coefficient in polynomial.terms():
        if all(power % 2 == 0 for power in powers):
            pairs = zip(variances, powers[1:], strict=True)
            moments = (variance ** (power // 2) * sympy.factorial2(power - 1) for variance, power in pairs if power)
            total += _rational(coefficient) * sympy.prod(moments)
    return total


def _value(polynomial: PolyElement, entries: tuple[Any, ...]) -> sympy.Expr:
    return sum(
        (
            _rational(coefficient) * sympy.prod(entry**power for entry, power in zip(entries, powers[1:], strict=True))
            for powers, coefficient in polynomial.terms()
        ),
        sympy.Integer(0),
    )
