"""The limit of infinite width against networks of width 2048 on real images: within 1 % for every layer."""

import numpy as np
import pytest

import nfa_theory as nfa
from nfa_theory.experiments.early_alignment.one_network import early_alignment

SEEDS = range(6)


@pytest.fixture(scope="module")
def images():
    data = nfa.load_dataset("fashion_mnist_subset", train=500, dtype="float32")
    return data.X, data.Y


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["relu", "erf", "quadratic", "linear"])
def test_the_limit_is_within_one_percent_of_wide_networks(images, activation):
    X, Y = images
    net = nfa.MLP((784, 2048, 2048, 2048, 10), activation, zero_initial_function=True)
    predicted = nfa.predict_alignment(X, Y, net).limit
    measured = np.mean([early_alignment(X, Y, net, seed) for seed in SEEDS], axis=0)
    assert np.abs(predicted / measured - 1).max() < 0.01
    if activation == "relu":  # the twin: the claim for one layer is refused as the claim for another
        assert np.abs(np.roll(predicted, 1) / measured - 1).max() > 0.01
