"""A small quadratic network with given labels, averaged over the entries of Gaussian inputs and weights."""

from functools import cache
from typing import Any, Final

import sympy
from sympy.polys.rings import PolyElement, PolyRing, ring

Rows = list[list[PolyElement]]
LABELS: Final = (2, -3)


@cache
def entrywise_averages(samples: int, fan_in: int, width: int) -> tuple[dict[str, Any], dict[str, sympy.Expr]]:
    """Average the traces of centered NFM and AGOP at leading order, from their definitions."""
    names = [f"z{i}" for i in range(samples * fan_in)] + [f"w{i}" for i in range(width * fan_in)]
    R, *entries = ring(names, sympy.QQ)
    inputs = [entries[i * fan_in : (i + 1) * fan_in] for i in range(samples)]
    neurons = [entries[(samples + i) * fan_in : (samples + i + 1) * fan_in] for i in range(width)]
    labels = LABELS[:samples]
    A, B, M = (
        _mean_of_outer(R, *each) for each in ((inputs, labels), (inputs, (1,) * samples), (neurons, (1,) * width))
    )
    F, G = _product(A, M, A), _product(A, M, B, M, A)
    averages = {
        name: _average_trace(_product(*pair)) for name, pair in {"N": (F, G), "D_1": (F, F), "D_2": (G, G)}.items()
    }
    return {"Y": sympy.diag(*labels), "n": samples, "d": fan_in, "k": width}, averages


def _mean_of_outer(R: PolyRing, rows: Rows, weights: tuple[int, ...]) -> Rows:
    span, share = range(len(rows[0])), sympy.QQ(1, len(rows))
    pairs = list(zip(rows, weights, strict=True))
    return [[sum((row[i] * row[j] * (share * y) for row, y in pairs), R.zero) for j in span] for i in span]


def _product(first: Rows, *others: Rows) -> Rows:
    span = range(len(first))
    for other in others:
        first = [
            [sum((left[m] * other[m][j] for m in span[1:]), left[0] * other[0][j]) for j in span] for left in first
        ]
    return first


def _average_trace(matrix: Rows) -> sympy.Expr:
    total = sympy.Integer(0)
    for powers, coefficient in (term for i, row in enumerate(matrix) for term in row[i].terms()):
        if all(power % 2 == 0 for power in powers):
            moments = (sympy.factorial2(power - 1) for power in powers if power)
            total += sympy.Rational(int(coefficient.numerator), int(coefficient.denominator)) * sympy.prod(moments)
    return total
