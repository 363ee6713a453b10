"""The theory's definition of every activation is the one that the simulation runs."""

import numpy as np
import pytest
import sympy as sp

from derivations.activation_integrals import ACTIVATION_NAMES, define
from derivations.activation_integrals.definitions import h
from numerics.networks.activations import ACTIVATIONS, Activation

POINTS = np.array([-3.0, -1.2, -0.3, 0.4, 1.0, 2.5])
PARAMETERS = {"hermite": [0, 1, 2, 5], "leaky_relu": [None, 0.3]}
CASES = [(name, parameter) for name in ACTIVATION_NAMES for parameter in PARAMETERS.get(name, [None])]


def test_both_sides_know_the_same_names():
    """All but three, which are trained and measured, not predicted."""
    assert set(ACTIVATIONS) - set(ACTIVATION_NAMES) == {"elu", "selu", "sigmoid"}
    assert set(ACTIVATION_NAMES) <= set(ACTIVATIONS)


@pytest.mark.parametrize(("name", "parameter"), CASES)
def test_activation_and_derivative_agree(name, parameter):
    run, theory = Activation(name, parameter), define(name, parameter)
    for expression, array_function in ((theory, run), (theory.diff(h), run.derivative)):
        exact = [float(expression.subs(h, sp.Float(x, 30)).evalf(25)) for x in POINTS]
        np.testing.assert_allclose(array_function(POINTS), exact, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", ["relu", "leaky_relu"])
def test_the_step_at_zero_is_the_same_on_both_sides(name):
    theory, zero = define(name), np.zeros(1)
    step = sp.Heaviside(h, 0)
    assert float(Activation(name).derivative(zero)[0]) == float(theory.subs(step, 0).diff(h))
    assert theory.subs(step, 1).diff(h) == 1
