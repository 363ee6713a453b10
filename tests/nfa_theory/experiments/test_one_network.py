"""The early C-NFA is the limit of what training measures when the step goes to zero."""

import numpy as np
import pytest

from nfa_theory.experiments.early_alignment.one_network import (
    alignments_after_steps,
    early_alignment,
    predicted_alignment,
)
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


@pytest.mark.parametrize("bias", [False, True])
def test_a_small_step_is_that_of_training(data, bias):
    """Both ways move all layers; the alignment after the step is that of the weights where it ends."""
    net = MLP((6, 32, 24, 2), "erf", bias=bias, zero_initial_function=True)
    start, *moved = alignments_after_steps(*data, net, 3, (0.0, 0.2, 0.1))
    for rate, measured in zip((0.2, 0.1), moved, strict=True):
        record = simulate(*data, net, steps=1, optimizer="gd", learning_rate=rate, measure=1, seed=3)
        np.testing.assert_allclose(measured, record["c_nfa"].values[0, 1], rtol=1e-9)
        assert np.abs(measured / start - 1).min() > 1e-7


def test_the_formula_at_the_weights_of_a_network_is_the_limit_of_its_steps(data):
    net = MLP((6, 32, 24, 2), "relu", zero_initial_function=True)
    np.testing.assert_allclose(predicted_alignment(*data, net, 3), early_alignment(*data, net, 3), rtol=1e-10)
    assert np.abs(predicted_alignment(*data, net, 4) / early_alignment(*data, net, 3) - 1).min() > 1e-4
