"""Instances that judge the ``1/k`` correction: all networks of two neurons from a small set, and sums over weights.

The first expands the alignment of each network from the definitions of ``P``, ``Q`` and ``S``, in rational numbers; the
second averages slopes over independent weights, where the closed form has covariances only.
"""

from collections.abc import Mapping
from functools import cache
from itertools import product
from typing import Any, Final, NamedTuple

import sympy

from derivations.activation_integrals.definitions import Parameter, define, h
from derivations.forms.power_series import multiply, relative, relative_ratio
from derivations.judging.gaussian import normal_mean
from derivations.judging.instances import drawn, integer_matrix
from derivations.judging.termwise import TermwiseValue
from derivations.wide.slope_moments import COVARIANCE

SAMPLES: Final = 5
FEATURES: Final = tuple(integer_matrix(SAMPLES, 1, seed) for seed in range(41, 47))
"""What a neuron's features may be, with equal probabilities."""
KERNEL: Final = sum((psi * psi.T for psi in FEATURES), sympy.zeros(SAMPLES)) / len(FEATURES)
INPUTS: Final = integer_matrix(SAMPLES, SAMPLES, seed=45) * drawn(1)
RESIDUALS: Final = sympy.diag(2, -1, 3, 5, -4)


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
        _, first, second = relative_ratio(
            [relative(each) for each in _traces((psi * psi.T + other * other.T) / 2 - KERNEL)]
        )
        bias, spread = bias + second, spread + first**2
    pairs = len(FEATURES) ** 2
    initial = [each[0] for each in _traces(sympy.zeros(SAMPLES))]
    return Truth(dict(zip(("N", "D_1", "D_2"), initial, strict=True)), bias / pairs, spread / pairs)


def _traces(change: sympy.Matrix) -> list[list[sympy.Rational]]:
    """Expand ``tr(P S Q S)``, ``tr(P S P S)`` and ``tr(Q S Q S)`` in the size of a change of the kernel."""
    S = INPUTS * INPUTS.T
    kernel = [KERNEL, change, sympy.zeros(SAMPLES)]
    P, Q = ([RESIDUALS * each * RESIDUALS * S for each in series] for series in (kernel, multiply(kernel, kernel)))
    return [[each.trace() for each in multiply(*pair)] for pair in ((P, Q), (P, P), (Q, Q))]


@cache
def value_for_neuron(index: int) -> TermwiseValue:
    """Return what inserts the features of one neuron into a trace polynomial."""
    psi, own = FEATURES[index], RESIDUALS * INPUTS * INPUTS.T * RESIDUALS
    matrices = {"A": own, "kappa0": KERNEL, "E": psi * psi.T - KERNEL}
    return TermwiseValue({**matrices, "n": SAMPLES, **alignment_truth().traces})


@cache
def moment_truth(activation: str, parameter: Parameter, samples: int) -> tuple[Mapping[sympy.Symbol, Any], sympy.Expr]:
    """Average a product of slopes over independent weights, at four inputs in general position."""
    X = sympy.Matrix(4, 4, lambda i, j: drawn(int(4 * i + j)) * (-1) ** (i * j + i))
    weights = list(sympy.symbols("w1:5"))
    slope = define(activation, parameter).diff(h)
    ring, *letters = sympy.ring(weights, sympy.QQ)
    front = slope.subs(h, 1) if slope.is_number else slope.as_poly(h).LC()  # a root, if any, is in front of the rest
    plain = sympy.Poly(sympy.expand(slope / front), h)
    total = ring.one
    for mu in range(samples):
        own = sum((letter * sympy.QQ.from_sympy(X[mu, j]) for j, letter in enumerate(letters)), ring.zero)
        total *= sum((own**power * sympy.QQ.from_sympy(value) for (power,), value in plain.terms()), ring.zero)
    gram = X * X.T
    return {symbol: gram[i, j] for (i, j), symbol in COVARIANCE.items()}, sympy.expand(front**samples) * normal_mean(
        total
    )
