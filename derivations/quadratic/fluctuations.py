"""Two judges of the alignment's mean and variance at finite width: entry by entry, and from joint moments of traces.

The first expands the alignment in the entries of ``M`` and averages over sums of independent neurons. The second is the
delta method, with exact joint moments up to degree 8.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import sympy

from derivations.algebra import Scalar, identity, tr
from derivations.expectation import Wishart, delta_method
from derivations.expectation.ratio_series import RatioSeries
from derivations.judging.fluctuations import moments, relative_alignment
from derivations.judging.instances import drawn, integer_matrix
from derivations.judging.termwise import TermwiseValue
from derivations.quadratic.leading_order import A, B, d

SIZE: Final = 5
SOME_WIDTHS: Final = (7, 10, 12, 17)
"""Widths at which closed forms are compared: they contain the width in the second power below at most."""


@cache
def _moments_of_data() -> tuple[sympy.Matrix, sympy.Matrix]:
    """Draw ``A`` and ``B``, with factors of many digits, so that their traces are numbers in general position."""
    first, second = (integer_matrix(SIZE, SIZE, seed, symmetric=True) for seed in (1, 2))
    return first, second * drawn(1)


@cache
def expected_response() -> tuple[TermwiseValue, Mapping[str, list[sympy.Rational]]]:
    """Average the alignment over the entries of ``M`` around the identity: coefficients of ``1/k`` and ``1/k^2``."""
    first, second = _moments_of_data()

    def features(M: Any, constant: Any) -> tuple[Any, Any]:
        a, b = constant(first), constant(second)
        return a * M * a, a * M * b * M * a

    mean, variance = moments(relative_alignment(features, SIZE, 4), SIZE)
    return value_at_width(1), {"mean": mean, "variance": variance[:1]}


@cache
def value_at_width(width: int) -> TermwiseValue:
    """Return what inserts the instance into a trace polynomial, at a width."""
    if width != 1:
        return value_at_width(1).with_scalars(k=width)
    first, second = _moments_of_data()
    F, G = first * first, first * second * first
    traces = {"N": (F * G).trace(), "D_1": (F * F).trace(), "D_2": (G * G).trace()}
    return TermwiseValue({"A": first, "B": second, "k": 1, "d": SIZE, **traces})


@cache
def joint_moment_route() -> Mapping[str, sympy.Expr]:
    """Take mean and variance from the joint moments of the three traces, to first order in ``1/k``."""
    k = Scalar("k")
    M = Wishart("M", dof=k, covariance=identity(d))
    F, G = A * M * A, A * M * B * M * A
    found = delta_method(tr(F * G), tr(F * F), tr(G * G), over=[M], dimensions=[k])
    return {"mean": _of_order_one(found.mean), "variance": _of_order_one(found.variance)}


def _of_order_one(ratio: RatioSeries) -> sympy.Expr:
    """Sum the fractions of the first order, whose width is a factor ``1/k`` in front."""
    at = value_at_width(1)
    L = [at(each) for each in ratio.leading]
    terms = (
        at(numerator) / sympy.prod(x**power for x, power in zip(L, powers, strict=True))
        for powers, numerator in ratio.orders[1].items()
    )
    return sympy.Add(*terms) / sympy.Symbol("k")
