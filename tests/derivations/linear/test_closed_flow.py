"""The closed flow of a linear network against differences of the loss, sample by sample."""

import numpy as np
import pytest
from linear_flow import draw, product

from derivations.forms.evaluation import numeric_function
from derivations.linear.closed_flow import gradient_flow, layers
from derivations.mutation.mutants import coefficient_mutants
from derivations.registry import get_derivation

WEIGHTS, X, Y = draw((4, 3, 5, 2), 7, seed=2)
XX, YX = X.T @ X / 7, Y.T @ X / 7


def loss(weights):
    return sum(np.sum((y - product(weights, 4) @ x) ** 2) for x, y in zip(X, Y, strict=True)) / 14


def slope(layer):
    """Minus the gradient; a central difference is exact, because the loss is quadratic in each layer."""
    found = np.empty_like(WEIGHTS[layer])
    for index in np.ndindex(found.shape):
        unit = np.zeros_like(found)
        unit[index] = 0.5
        up, down = ([*WEIGHTS[:layer], WEIGHTS[layer] + h * unit, *WEIGHTS[layer + 1 :]] for h in (1, -1))
        found[index] = loss(down) - loss(up)
    return found


def claimed(layer, function):
    B, A = product(WEIGHTS[layer + 1 :], WEIGHTS[layer].shape[0]), product(WEIGHTS[:layer], 4)
    return function(W=WEIGHTS[layer], B=B, A=A, Sigma_xx=XX, Sigma_yx=YX, E=YX - product(WEIGHTS, 4) @ XX)


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_velocity_and_agop_of_every_layer(layer):
    values = claimed(layer, get_derivation("linear.closed_flow").function)
    np.testing.assert_allclose(values["dW/dt"], slope(layer), rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(values["dW/dt with E"], slope(layer), rtol=1e-11, atol=1e-12)
    J = product(WEIGHTS[layer:], WEIGHTS[layer].shape[1])
    np.testing.assert_allclose(values["G"], J.T @ J, rtol=1e-12)


def test_wrong_velocities_are_told_apart():
    derivation = get_derivation("linear.closed_flow")
    for mutant in coefficient_mutants({"dW/dt": derivation.closed_form["dW/dt"]}):
        values = claimed(1, numeric_function(mutant.closed_form))
        assert not np.allclose(values["dW/dt"], slope(1), rtol=1e-3), mutant.description


def test_the_flow_of_a_whole_network_moves_every_layer_down_the_loss():
    weights = layers(3)
    values = {"W1": WEIGHTS[0], "W2": WEIGHTS[1], "W3": WEIGHTS[2], "Sigma_xx": XX, "Sigma_yx": YX}
    for layer, velocity in enumerate(gradient_flow(weights).values()):
        np.testing.assert_allclose(velocity.evaluate(values), slope(layer), rtol=1e-11, atol=1e-12)
