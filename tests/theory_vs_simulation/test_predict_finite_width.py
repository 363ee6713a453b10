"""Predicted mean and spread over initializations against training runs of `numerics`, on real images.

Each network takes one gradient step so small that the next order in it is below 1e-5. z-tests with a false-alarm rate
of 1e-4 for each layer and case. The twin of each: the limit of infinite width is refused as the mean where it is far
enough away, and a mean that is two percent off elsewhere.
"""

import numpy as np
import pytest
from scipy import stats

import nfa_theory as nfa

BOUND = stats.norm.isf(0.5e-4)
IMAGES = nfa.load_dataset("fashion_mnist_subset", train=40)
X, Y = IMAGES.X.astype(np.float64), IMAGES.Y.astype(np.float64)
SEEDS = 60


def measured(net, Y, **more):
    """C-NFA of every layer after one small step, (seed, layer)."""
    record = nfa.simulate(
        X, Y, net, steps=1, learning_rate=1e-6, optimizer="gd", seed=list(range(SEEDS)), measure=1, **more
    )
    return record.c_nfa.isel(step=-1).values


def compare(net, *, limit_is_far, networks=100, **more):
    labels = (Y > 0).astype(np.float64) if "loss" in more else Y  # classes, as probabilities for the cross-entropy
    runs, prediction = measured(net, labels, **more), nfa.predict_alignment(X, labels, net, networks=networks, **more)
    error = np.hypot(runs.std(axis=0, ddof=1) / np.sqrt(SEEDS), prediction.mean_error)
    assert np.all(abs(runs.mean(axis=0) - prediction.mean) <= BOUND * error)
    wrong = prediction.limit if limit_is_far else 0.98 * prediction.mean
    assert np.any(abs(runs.mean(axis=0) - wrong) > BOUND * error)
    deviation = np.log(runs.std(axis=0, ddof=1) / prediction.std)
    relative_error = np.hypot(_error_of_log_std(runs), prediction.std_error / prediction.std)
    assert np.all(abs(deviation) <= BOUND * relative_error)


def _error_of_log_std(runs):
    """Jackknife."""
    left_out = [np.log(np.delete(runs, i, axis=0).std(axis=0, ddof=1)) for i in range(len(runs))]
    return np.sqrt((len(runs) - 1) * np.var(left_out, axis=0))


CASES = [
    ("relu", (64,), {}, True),
    ("quadratic", (64, 64), {}, True),
    ("erf", (64, 64, 64), {}, True),
    ("gelu", (128, 128), {}, False),
    ("tanh", (64, 64), {"loss": "cross_entropy"}, True),
]


@pytest.mark.parametrize(("activation", "hidden", "more", "limit_is_far"), CASES)
def test_networks_of_finite_width_align_as_predicted(activation, hidden, more, limit_is_far):
    net = nfa.MLP((784, *hidden, 10), activation, zero_initial_function=True)
    compare(net, limit_is_far=limit_is_far, **more)


def test_networks_with_a_random_function_align_as_predicted():
    compare(nfa.MLP((784, 64, 64, 10), parametrization="he"), limit_is_far=False)


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["relu", "erf", "gelu", "tanh", "quadratic"])
@pytest.mark.parametrize("hidden", [(512,), (512, 512), (256, 256, 256)])
def test_wide_networks_align_as_predicted(activation, hidden):
    compare(nfa.MLP((784, *hidden, 10), activation, zero_initial_function=True), limit_is_far=False)
