"""The theory's definition of every activation is the one that the simulation runs."""

import numpy as np
import pytest
import sympy as sp

import nfa_theory as nfa
from derivations.activation_integrals import ACTIVATION_NAMES, define
from derivations.activation_integrals.definitions import h
from nfa_theory.predict.course.activation_series import taylor_coefficients
from numerics import MLP
from numerics.networks.activations import ACTIVATIONS, Activation

POINTS = np.array([-3.0, -1.2, -0.3, 0.4, 1.0, 2.5])
PARAMETERS = {"hermite": [0, 1, 2, 5], "leaky_relu": [None, 0.3], "elu": [None, 0.3]}
CASES = [(name, parameter) for name in ACTIVATION_NAMES for parameter in PARAMETERS.get(name, [None])]


def test_both_sides_know_the_same_names():
    assert set(ACTIVATION_NAMES) == set(ACTIVATIONS)


def zero(*_):
    """Stand for a delta function away from the kink."""
    return sp.Integer(0)


@pytest.mark.parametrize(("name", "parameter"), CASES)
def test_activation_and_derivative_agree(name, parameter):
    run, theory = Activation(name, parameter), define(name, parameter)
    for expression, array_function in ((theory, run), (theory.diff(h), run.derivative)):
        exact = [float(expression.replace(sp.DiracDelta, zero).subs(h, sp.Float(x, 30)).evalf(25)) for x in POINTS]
        np.testing.assert_allclose(array_function(POINTS), exact, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", ["relu", "leaky_relu"])
def test_the_step_at_zero_is_the_same_on_both_sides(name):
    theory, zero = define(name), np.zeros(1)
    step = sp.Heaviside(h, 0)
    assert float(Activation(name).derivative(zero)[0]) == float(theory.subs(step, 0).diff(h))
    assert theory.subs(step, 1).diff(h) == 1


def test_a_function_of_ones_own_is_predicted_as_the_activation_it_is():
    """ReLU without its formula: the limit as from the closed form, the course as from the symbols."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((16, 4))
    Y = X[:, :1] * X[:, 1:2]
    known = Activation("relu")
    own = Activation(lambda h: known(h), known.derivative)
    limits, courses = [], []
    for phi in (known, own):
        net = MLP((4, 32, 1), phi)
        limits.append(nfa.predict_alignment(X, Y, net, "zero").limit)
        course = nfa.predict_course(X, Y, net, [0.0, 0.02], "zero", networks=3)
        courses.append(np.stack([course.c_nfa.mean, course.uc_nfa.mean]))
    np.testing.assert_allclose(limits[1], limits[0], rtol=1e-7)
    assert not np.allclose(1.001 * limits[1], limits[0], rtol=1e-7)
    np.testing.assert_allclose(courses[1], courses[0], rtol=1e-9)


def test_derivatives_of_a_function_without_a_formula():
    """To the fifth by interpolation, against those of the formula; where it has a kink they are zero."""
    h = np.array([-1.7, -0.6, 0.3, 1.9])
    known = Activation("tanh")
    found = taylor_coefficients(Activation(known.__call__, known.derivative), 5)(h)
    expected = taylor_coefficients(known, 5)(h)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-7)
        assert not np.allclose(1.02 * one, other, rtol=0, atol=1e-4)
    relu = Activation("relu")
    kinked = taylor_coefficients(Activation(relu.__call__, relu.derivative), 3)(np.array([-0.2, 0.2]))
    np.testing.assert_array_equal(np.stack(kinked), [[0, 0.2], [0, 1], [0, 0], [0, 0]])
