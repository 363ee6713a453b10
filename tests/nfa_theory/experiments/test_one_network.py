"""The early C-NFA is the limit of what training measures when the step goes to zero."""

import numpy as np
import pytest

from nfa_theory.experiments.early_alignment.one_network import early_alignment
from numerics import MLP, simulate


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 6))
    return X, np.stack([X[:, 0] * X[:, 1], X[:, 2]], axis=1)


@pytest.mark.parametrize("zero", [True, False])
@pytest.mark.parametrize("activation", ["relu", "quadratic", "erf"])
def test_one_tiny_step_of_training_gives_the_same(data, zero, activation):
    net = MLP((6, 32, 24, 2), activation, zero_initial_function=zero)
    measured = early_alignment(*data, net, seed=3)
    record = simulate(*data, net, steps=1, optimizer="gd", learning_rate=1e-7, measure=1, seed=3)
    np.testing.assert_allclose(measured, record["c_nfa"].values[0, 1], rtol=1e-5)


def test_a_large_step_gives_something_else(data):
    net = MLP((6, 32, 24, 2))
    record = simulate(*data, net, steps=1, optimizer="gd", learning_rate=1.0, measure=1, seed=3)
    assert np.abs(early_alignment(*data, net, seed=3) - record["c_nfa"].values[0, 1]).max() > 1e-3


def test_single_precision_is_enough(data):
    net = MLP((6, 64, 64, 64, 2), zero_initial_function=True)
    double = early_alignment(*data, net, seed=1)
    single = early_alignment(*(array.astype(np.float32) for array in data), net, seed=1)
    np.testing.assert_allclose(single, double, rtol=1e-4)  # a hundred times less than the spread over seeds
