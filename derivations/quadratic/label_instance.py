"""A small quadratic network with given labels, averaged over the entries of Gaussian inputs and weights."""

from functools import cache
from typing import Any, Final

import sympy
from sympy.polys.matrices import DomainMatrix
from sympy.polys.rings import PolyElement, PolyRing, ring

from derivations.forms.alignment_ratio import PARTS
from derivations.judging.fluctuations import polynomial_matrix, trace_of_product
from derivations.judging.gaussian import normal_mean

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
    F, G = A * M * A, A * M * B * M * A
    averages = {
        name: normal_mean(trace_of_product(*pair)) for name, pair in zip(PARTS, ((F, G), (F, F), (G, G)), strict=True)
    }
    return {"Y": sympy.diag(*labels), "n": samples, "d": fan_in, "k": width}, averages


def _mean_of_outer(R: PolyRing, rows: Rows, weights: tuple[int, ...]) -> DomainMatrix:
    span, share = range(len(rows[0])), sympy.QQ(1, len(rows))
    pairs = list(zip(rows, weights, strict=True))
    return polynomial_matrix(
        [[sum((row[i] * row[j] * (share * y) for row, y in pairs), R.zero) for j in span] for i in span], R
    )
