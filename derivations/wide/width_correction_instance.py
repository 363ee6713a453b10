"""Instances that judge the ``1/k`` correction: all networks of two neurons from a small set, and sums over weights.

The first expands the alignment of each network from the definitions of ``P``, ``Q`` and ``S``, in rational numbers; the
second averages slopes over independent weights, where the closed form has covariances only.
"""

from collections.abc import Mapping
from functools import cache
from itertools import product
from typing import Final, NamedTuple

import sympy

from derivations.activation_integrals.definitions import Parameter, define, h
from derivations.judging.gaussian import normal_mean
from derivations.judging.instances import integer_matrix
from derivations.judging.termwise import TermwiseValue
from derivations.wide.slope_moments import COVARIANCE

SAMPLES: Final = 3
FEATURES: Final = tuple(integer_matrix(SAMPLES, 1, seed) for seed in (41, 42, 43, 44))
"""What a neuron's features may be, with equal probabilities."""
KERNEL: Final = sum((psi * psi.T for psi in FEATURES), sympy.zeros(SAMPLES)) / len(FEATURES)
INPUTS: Final = integer_matrix(SAMPLES, 2, seed=45)
RESIDUALS: Final = sympy.diag(2, -1, 3)

Expansion = tuple[sympy.Rational, sympy.Rational, sympy.Rational]


class Truth(NamedTuple):
    """What the closed form must give.

    Parameters
    ----------
    traces : mapping from str
        The three traces of the limit.
    bias, spread : sympy.Rational
        Mean of the second order of the relative alignment, and of the square of the first, at width 2.
    """

    traces: Mapping[str, sympy.Rational]
    bias: sympy.Rational
    spread: sympy.Rational


@cache
def alignment_truth() -> Truth:
    """Average over all pairs of neurons."""
    bias = spread = sympy.Integer(0)
    for psi, other in product(FEATURES, repeat=2):
        change = (psi * psi.T + other * other.T) / 2 - KERNEL
        N, D1, D2 = _traces(change)
        # The square of the ratio, relative: 1 + first s + second s^2.
        numerator = (2 * N[1] / N[0], 2 * N[2] / N[0] + (N[1] / N[0]) ** 2)
        one, two = ((D[1] / D[0], D[2] / D[0]) for D in (D1, D2))
        below = (one[0] + two[0], one[1] + two[1] + one[0] * two[0])
        first = numerator[0] - below[0]
        second = numerator[1] - below[1] - below[0] * first
        bias += second / 2 - first**2 / 8
        spread += (first / 2) ** 2
    pairs = len(FEATURES) ** 2
    initial = _traces(sympy.zeros(SAMPLES))
    return Truth(
        dict(zip(("N", "D_1", "D_2"), (each[0] for each in initial), strict=True)), bias / pairs, spread / pairs
    )


def _traces(change: sympy.Matrix) -> tuple[Expansion, Expansion, Expansion]:
    """Expand ``tr(P S Q S)``, ``tr(P S P S)`` and ``tr(Q S Q S)`` in the size of a change of the kernel."""
    S = INPUTS * INPUTS.T
    P = [RESIDUALS * each * RESIDUALS * S for each in (KERNEL, change)]
    squares = (KERNEL * KERNEL, KERNEL * change + change * KERNEL, change * change)
    Q = [RESIDUALS * each * RESIDUALS * S for each in squares]
    return _product(P, Q), _product(P, P), _product(Q, Q)


def _product(left: list[sympy.Matrix], right: list[sympy.Matrix]) -> Expansion:
    def order(m: int) -> sympy.Rational:
        return sum(
            ((left[i] * right[m - i]).trace() for i in range(m + 1) if i < len(left) and m - i < len(right)),
            sympy.Integer(0),
        )

    return order(0), order(1), order(2)


@cache
def value_for_neuron(index: int) -> TermwiseValue:
    """Return what inserts the features of one neuron into a trace polynomial."""
    psi, own = FEATURES[index], RESIDUALS * INPUTS * INPUTS.T * RESIDUALS
    matrices = {"A": own, "kappa0": KERNEL, "E": psi * psi.T - KERNEL}
    return TermwiseValue(matrices, {"n": sympy.Integer(SAMPLES), **alignment_truth().traces})


@cache
def moment_truth(activation: str, parameter: Parameter, samples: int) -> tuple[Mapping[sympy.Symbol, int], sympy.Expr]:
    """Average a product of slopes over independent weights, at integer inputs."""
    X = sympy.Matrix([[1, 0, 2], [-1, 2, 1], [2, 1, 1], [1, 3, 1]])
    weights = list(sympy.symbols("w1:4"))
    slope = sympy.Poly(define(activation, parameter).diff(h), h)
    preactivations = X * sympy.Matrix(weights)
    total = sympy.Poly(1, *weights, extension=True)
    for i in range(samples):
        total *= sympy.Poly(slope.as_expr().subs(h, preactivations[i]), *weights, extension=True)
    gram = X * X.T
    return {symbol: gram[i, j] for (i, j), symbol in COVARIANCE.items()}, normal_mean(total.as_expr(), weights)
