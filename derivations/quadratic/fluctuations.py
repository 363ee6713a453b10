"""Two judges of the alignment's mean and variance at finite width: entry by entry, and from joint moments of traces.

The first expands the alignment in the three entries of a 2 x 2 matrix ``M`` and averages over sums of independent
neurons, without matrices of symbols. The second is the delta method, with exact joint moments up to degree 8.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import sympy
from sympy.polys.rings import PolyElement, ring

from derivations.algebra import Matrix, Scalar, identity, tr
from derivations.expectation import Wishart, delta_method
from derivations.expectation.ratio_series import RatioSeries
from derivations.judging.gaussian import normal_mean
from derivations.judging.instances import evaluate_exactly, integer_matrix
from derivations.judging.termwise import TermwiseValue

WIDTH: Final = 7
"""The width at which closed forms are compared."""
TERMS: Final = 5
"""Powers 0 to 4 of the fluctuation; the average of more is beyond the order ``1/k^2``."""
Powers = tuple[int, ...]
Orders = Mapping[str, tuple[sympy.Expr, ...]]


@cache
def expected_response() -> tuple[Mapping[str, Any], Orders]:
    """Average the alignment over the entries of ``M`` around the identity."""
    A, B = (integer_matrix(2, 2, seed, symmetric=True) for seed in (1, 2))
    ratio = _root(_squared_ratio(A, B))
    mean, square = _averaged(ratio), _averaged(_times(ratio, ratio))
    orders = {"mean": mean, "variance": (square[0] - 2 * mean[0],)}
    F, G = A * A, A * B * A
    traces = {"N": (F * G).trace(), "D_1": (F * F).trace(), "D_2": (G * G).trace()}
    return MappingProxyType(
        {"A": A, "B": B, "k": sympy.Integer(WIDTH), "d": sympy.Integer(2), **traces}
    ), MappingProxyType(orders)


def _squared_ratio(A: sympy.Matrix, B: sympy.Matrix) -> list[PolyElement]:
    """Expand ``N^2 / (D1 D2)``, divided by its value at ``M = I``, in the size of the fluctuation."""
    R, s, x, y, z = ring("s,x,y,z", sympy.QQ)
    M = [[1 + s * x, s * z], [s * z, 1 + s * y]]
    a, b = ([[R(int(C[i, j])) for j in range(2)] for i in range(2)] for C in (A, B))
    F = _matmul(_matmul(a, M), a)
    G = _matmul(_matmul(_matmul(_matmul(a, M), b), M), a)
    N, D1, D2 = (_by_power(_trace(_matmul(*pair))) for pair in ((F, G), (F, F), (G, G)))
    quotient = _divided(_times(N, N), _times(D1, D2))
    return [each / quotient[0].LC for each in quotient]


def _matmul(P: list[list[Any]], Q: list[list[Any]]) -> list[list[Any]]:
    return [[sum(P[i][m] * Q[m][j] for m in range(2)) for j in range(2)] for i in range(2)]


def _trace(P: list[list[Any]]) -> Any:
    return P[0][0] + P[1][1]


def _by_power(polynomial: PolyElement) -> list[PolyElement]:
    """Split by the power of ``s``, which is dropped."""
    parts: list[dict[Powers, Any]] = [{} for _ in range(TERMS)]
    for powers, coefficient in polynomial.terms():
        if powers[0] < TERMS:
            parts[powers[0]][(0, *powers[1:])] = coefficient
    return [polynomial.ring.from_dict(part) for part in parts]


def _times(left: list[PolyElement], right: list[PolyElement]) -> list[PolyElement]:
    return [sum((left[i] * right[m - i] for i in range(m + 1)), left[0].ring.zero) for m in range(TERMS)]


def _divided(top: list[PolyElement], bottom: list[PolyElement]) -> list[PolyElement]:
    quotient: list[PolyElement] = []
    for m in range(TERMS):
        rest = top[m] - sum((quotient[i] * bottom[m - i] for i in range(m)), top[0].ring.zero)
        quotient.append(rest / bottom[0].LC)
    return quotient


def _root(square: list[PolyElement]) -> list[PolyElement]:
    """Take the root of a series that starts with 1, power by power from ``root^2 = square``."""
    root = [square[0]]
    for m in range(1, TERMS):
        root.append((square[m] - sum((root[i] * root[m - i] for i in range(1, m)), square[0].ring.zero)) / 2)
    return root


def _averaged(response: list[PolyElement]) -> tuple[sympy.Expr, sympy.Expr]:
    """Average over sums of independent neurons: cumulants of one neuron, divided by powers of the width."""
    first = second = sympy.Integer(0)
    for powers, coefficient in (term for part in response[1:] for term in part.terms()):
        entries = [i for i, power in enumerate(powers[1:]) for _ in range(power)]
        if len(entries) == 2:
            first += _rational(coefficient) * _cumulant(entries) / WIDTH
        elif len(entries) == 3:
            second += _rational(coefficient) * _cumulant(entries) / WIDTH**2
        elif len(entries) == 4:
            pairs = sum(_cumulant(left) * _cumulant(right) for left, right in _pairings(entries))
            second += _rational(coefficient) * pairs / WIDTH**2
    return first, second


def _rational(value: Any) -> sympy.Rational:
    return sympy.Rational(int(value.numerator), int(value.denominator))


def _pairings(entries: list[int]) -> Iterator[tuple[list[int], list[int]]]:
    for i in (1, 2, 3):
        yield [entries[0], entries[i]], [entries[j] for j in (1, 2, 3) if j != i]


def _cumulant(entries: list[int]) -> sympy.Expr:
    """Return a second or third cumulant, a central moment, of ``x, y, z`` for one neuron."""
    g, h = sympy.symbols("g h")
    deviations = (g**2 - 1, h**2 - 1, g * h)
    return normal_mean(sympy.expand(sympy.prod(deviations[i] for i in entries)), [g, h])


@cache
def joint_moment_route() -> Mapping[str, sympy.Expr]:
    """Take mean and variance from the joint moments of the three traces."""
    k, d = Scalar("k"), Scalar("d")
    A, B = (Matrix(name, d, symmetric=True) for name in "AB")
    M = Wishart("M", dof=k, covariance=identity(d))
    F, G = A * M * A, A * M * B * M * A
    moments = delta_method(tr(F * G), tr(F * F), tr(G * G), over=[M], dimensions=[k])
    return {"mean": _of_order_one(moments.mean), "variance": _of_order_one(moments.variance)}


@cache
def value_at_instance() -> TermwiseValue:
    """Return what inserts the instance of `expected_response` into a trace polynomial."""
    values, _ = expected_response()
    matrices = {name: values[name] for name in "AB"}
    return TermwiseValue(matrices, {name: value for name, value in values.items() if name not in matrices})


def _of_order_one(ratio: RatioSeries) -> sympy.Expr:
    values, _ = expected_response()
    L = [evaluate_exactly(each, values) for each in ratio.leading]
    return sympy.Add(
        *(
            evaluate_exactly(numerator, values) / sympy.prod(x**power for x, power in zip(L, powers, strict=True))
            for powers, numerator in ratio.orders[1].items()
        )
    )
