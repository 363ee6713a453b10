"""Every obligation of every dual simplifies to zero, and a wrong dual violates one."""

from dataclasses import replace

import pytest
import sympy as sp

from derivations.activation_integrals import ACTIVATION_NAMES, OBLIGATIONS, ClosedDual, dual
from derivations.activation_integrals.definitions import c, q1, q2

CLOSED = ("linear", "quadratic", "cubic", "relu", "erf", "exp", "sin", "cos")


@pytest.mark.parametrize("name", OBLIGATIONS)
def test_every_obligation_is_zero(name):
    obligations = OBLIGATIONS[name]()
    assert obligations
    assert {claim: sp.simplify(expression) for claim, expression in obligations.items()} == dict.fromkeys(
        obligations, 0
    )


def test_every_activation_has_obligations():
    assert {name.split("(")[0] for name in OBLIGATIONS} >= set(ACTIVATION_NAMES)


def violated(wrong: ClosedDual) -> set[str]:
    return {claim for claim, expression in wrong.obligations.items() if sp.simplify(expression) != 0}


@pytest.mark.parametrize("name", CLOSED)
def test_a_scaled_dual_is_refused(name):
    right = dual(name)
    assert "Price's relation" in violated(replace(right, expression=sp.Rational(102, 100) * right.expression))


@pytest.mark.parametrize("name", CLOSED)
def test_a_shifted_dual_is_refused(name):
    right = dual(name)
    wrong = replace(right, expression=right.expression + sp.Rational(2, 100) * (q1 + q2))
    assert sp.simplify(wrong.obligations["independent arguments"]) != 0


@pytest.mark.parametrize("name", ["quadratic", "relu", "erf"])
def test_an_asymmetric_dual_is_refused(name):
    right = dual(name)
    wrong = replace(right, expression=right.expression.subs(q1, q1 + 1))
    assert wrong.obligations["symmetric"].subs({q1: 1, q2: 3, c: sp.Rational(1, 2)}).evalf() != 0


def test_a_wrong_rewriting_is_refused():
    gelu = dual("gelu")
    assert gelu.obligations["stable rewriting"] == 0
    assert replace(gelu, rewriting=gelu.stable).obligations["stable rewriting"] != 0


def test_the_published_arc_cosine_kernels_are_what_comes_out():
    # Cho and Saul 2009: J_0 = pi - theta, J_1 = sin theta + (pi - theta) cos theta; over 2 pi for N(0, 1) weights.
    theta = sp.Symbol("theta", positive=True)
    at = {q1: 1, q2: 1, c: sp.cos(theta)}
    relu = dual("relu")
    step = relu.derivative.expression.subs(at) - (sp.pi - theta) / (2 * sp.pi)
    first = relu.expression.subs(at) - (sp.sin(theta) + (sp.pi - theta) * sp.cos(theta)) / (2 * sp.pi)
    for difference in (step, first):
        for value in (sp.Rational(1, 3), 1, 2, 3):
            assert abs(difference.subs(theta, value).evalf(30)) < 1e-25


def test_a_second_derivative_and_its_end():
    relu = dual("relu")
    assert relu.derivative.derivative.expression == 1 / (2 * sp.pi * sp.sqrt(q1 * q2 - c**2))
    with pytest.raises(ValueError, match="the dual of derivative 3 of relu does not exist"):
        _ = relu.derivative.derivative.derivative


def test_latex_is_an_equation():
    assert dual("quadratic").derivative.latex() == r"\mathbb{E}\left[\phi'(u)\,\phi'(v)\right] = 4 c"
    assert r"\int" in dual("tanh").latex()
