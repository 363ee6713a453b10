"""`predict_alignment` for convolutional networks: the limit, finite width, subsets, and what is refused."""

from itertools import combinations

import numpy as np
import pytest

import nfa_theory as nfa
from nfa_theory import Conv, ConvNet, MeanPool, Residual
from nfa_theory.predict.convolution import subsets
from nfa_theory.predict.convolution.networks import early_alignments
from nfa_theory.predict.convolution.subsets import position_weights, sample_weights
from nfa_theory.predict.limit.strata import Strata
from nfa_theory.predict.problem.problem import read_problem
from numerics.errors import InputError

RNG = np.random.default_rng(11)
CLASSES = np.arange(24) % 3
X = RNG.standard_normal((3, 25))[CLASSES] + 0.7 * RNG.standard_normal((24, 25))
Y = np.eye(3)[CLASSES] - 1 / 3


def network(channels=6, readout="mean", **options):
    layers = [Conv(channels), Residual(Conv(channels)), MeanPool(2), Conv(channels)]
    return ConvNet((1, 5, 5), layers, 3, "relu", readout=readout, **options)


def test_the_limit_is_approached_as_the_channels_grow():
    """Sixteen times the channels leave a sixteenth of the distance, which stands out from noise at the start."""
    limit = nfa.predict_alignment(X[:6, :9], Y[:6], small(8), "zero").limit
    far, near = (
        nfa.predict_alignment(X[:6, :9], Y[:6], small(k), "zero", networks=networks)
        for k, networks in ((32, 64), (512, 16))
    )
    distances = [abs(each.mean - limit) for each in (far, near)]
    assert (distances[1] < distances[0] / 8 + 4 * near.mean_error).all()
    assert (distances[0] > 8 * near.mean_error + 4 * far.mean_error).any()


def small(channels):
    return ConvNet((1, 3, 3), [Conv(channels, 2, padding=0), Conv(channels, 1)], 3, "erf", readout="mean")


@pytest.mark.parametrize("readout", ["mean", "dense"])
def test_one_network_aligns_as_predicted_after_a_small_step(readout):
    """Prediction and training on the same weights differ by the order of the step."""
    net = network(readout=readout, zero_initial_function=True)
    weights = nfa.initial_parameters(net, 5)
    predicted = early_alignments(read_problem(X, Y, net, "zero"), weights)
    rates = (4e-3, 2e-3)
    measured = [
        nfa.simulate(X, Y, net, steps=1, optimizer="gd", learning_rate=rate, initial_weights=weights)
        .c_nfa[0, -1]
        .values
        for rate in rates
    ]
    errors = [each - predicted for each in measured]
    np.testing.assert_allclose(errors[0] / errors[1], 2.0, rtol=0.1)
    assert (abs(errors[1]) > 1e-8).all()


def test_all_subsets_together_have_the_weights_of_everybody():
    """Averaged over every possible draw, each pair and triple counts as often as any other."""
    strata = Strata([np.arange(3), np.arange(3, 7)], [3, 3])
    pairs, triples = np.zeros((7, 7)), np.zeros((7, 7, 7))
    pair, triple = sample_weights(strata)
    draws = [(*a, *b) for a in combinations(range(3), 3) for b in combinations(range(3, 7), 3)]
    for drawn in draws:
        pairs[np.ix_(drawn, drawn)] += pair / len(draws)
        triples[np.ix_(drawn, drawn, drawn)] += triple / len(draws)
    np.testing.assert_allclose(pairs, 1 / 49, rtol=1e-12)
    np.testing.assert_allclose(triples, 1 / 343, rtol=1e-12)


def test_positions_count_likewise():
    pairs, triples = np.zeros((5, 5)), np.zeros((5, 5, 5))
    pair, triple = position_weights(5, 3)
    draws = list(combinations(range(5), 3))
    for drawn in draws:
        pairs[np.ix_(drawn, drawn)] += pair / len(draws)
        triples[np.ix_(drawn, drawn, drawn)] += triple / len(draws)
    np.testing.assert_allclose(pairs, 1, rtol=1e-12)
    np.testing.assert_allclose(triples, 1, rtol=1e-12)


def test_subsets_of_everything_are_exact(monkeypatch):
    monkeypatch.setattr(subsets, "SAMPLES", 24)
    monkeypatch.setattr(subsets, "POSITIONS", 25)
    monkeypatch.setattr(subsets, "COUNTS", (3,))
    for readout in ("mean", "dense"):
        exact, drawn = (
            nfa.predict_alignment(X, Y, network(readout=readout), "zero", method=m) for m in ("exact", "subsets")
        )
        np.testing.assert_allclose(drawn.limit, exact.limit, rtol=1e-10)


def test_a_random_function_is_averaged_over():
    prediction = nfa.predict_alignment(X, Y, network(), draws=8)
    zero = nfa.predict_alignment(X, Y, network(), "zero")
    assert prediction.config["initial_function"] == "average"
    assert (prediction.limit_error > 0).all()
    assert (zero.limit_error == 0).all()
    assert (abs(prediction.limit - zero.limit) > prediction.limit_error).any()


def test_pixels_in_another_order_are_another_problem():
    """The twin: what is predicted knows where pixels are."""
    order = np.random.default_rng(2).permutation(25)
    one, other = (nfa.predict_alignment(each, Y, network(), "zero").limit for each in (X, X[:, order]))
    assert abs(one - other).max() > 1e-3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 4}, "batches are predicted for an MLP, got batch_size=4 for a ConvNet"),
        ({"method": "all"}, "unknown method 'all'"),
    ],
)
def test_what_is_not_predicted_is_refused_in_one_line(options, message):
    with pytest.raises(InputError, match=message):
        nfa.predict_alignment(X, Y, network(), "zero", **options)


def test_theories_of_dense_networks_alone_say_so():
    with pytest.raises(InputError, match="predict_course takes an MLP, got a ConvNet"):
        nfa.predict_course(X, Y, network(), [0.0, 1.0])
    with pytest.raises(InputError, match="wide_kernels takes an MLP, got a ConvNet"):
        nfa.wide_kernels(X, network())


def test_images_of_another_size_are_refused():
    with pytest.raises(InputError, match=r"X must have shape \(n, 25\), got \(24, 24\)"):
        nfa.predict_alignment(X[:, 1:], Y, network(), "zero")
