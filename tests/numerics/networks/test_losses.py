"""Losses: their values in small cases, their gradients by automatic differentiation, their demands on labels."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

from numerics.errors import InputError
from numerics.networks.losses import find_loss

rng = np.random.default_rng(0)
f, Y = rng.standard_normal((2, 6, 4))
PROBABILITIES = rng.dirichlet(np.ones(4), size=6)

DEFINITIONS = {
    "mse": lambda f, Y: ((f - Y) ** 2).sum() / 12,
    "mse_mean": lambda f, Y: ((f - Y) ** 2).sum() / 24,
    "cross_entropy": lambda f, Y: -(Y * anp.log(anp.exp(f) / anp.exp(f).sum(axis=1, keepdims=True))).sum() / 6,
}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_value_and_gradient(name):
    labels = PROBABILITIES if name == "cross_entropy" else Y
    loss = find_loss(name, labels)
    assert loss.value(f, labels) == pytest.approx(DEFINITIONS[name](f, labels), rel=1e-13)
    np.testing.assert_allclose(loss.gradient(f, labels), grad(DEFINITIONS[name])(f, labels), rtol=1e-12, atol=1e-14)


def test_cross_entropy_of_large_outputs_does_not_overflow():
    labels = np.eye(4)[[0, 1, 2, 3, 0, 1]]
    assert find_loss("cross_entropy", labels).value(1e4 * f, labels) > 0


def test_cross_entropy_needs_probabilities():
    with pytest.raises(InputError, match="cross_entropy needs labels that are probabilities"):
        find_loss("cross_entropy", Y)
    with pytest.raises(InputError, match="cross_entropy needs labels that are probabilities"):
        find_loss("cross_entropy", PROBABILITIES - 0.25)


def test_unknown_loss():
    with pytest.raises(InputError, match="unknown loss 'mse_men'; did you mean 'mse_mean'"):
        find_loss("mse_men", Y)
