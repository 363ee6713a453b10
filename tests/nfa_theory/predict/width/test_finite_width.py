"""Moments over initializations: against definitions, derived closed forms, and what they must be worth."""

import math

import numpy as np
import pytest
from scipy import stats

from nfa_theory import MLP, InputError, claims
from nfa_theory.predict import predict_alignment
from nfa_theory.predict.width import finite_width as module
from nfa_theory.predict.width.neuron_averages import NeuronAverages
from nfa_theory.predict.width.random_network import Drawn, early_alignments, forward, through
from numerics import pre_activation_tangent_kernel

RNG = np.random.default_rng(2)
X, Y = RNG.standard_normal((10, 4)), RNG.standard_normal((10, 2))
BOUND = stats.norm.isf(0.5e-4)


def from_tangent_kernels(net, parameters, R):
    """R4: P and Q from blocks of the tangent kernel of `numerics`, S from its forward pass."""
    inputs = net.forward(X, parameters).inputs
    values = []
    for layer in range(1, net.depth + 1):
        kappa = pre_activation_tangent_kernel(X, net, parameters, layer)
        square = np.einsum("minj,njlk->milk", kappa, kappa)
        S = inputs[layer - 1] @ inputs[layer - 1].T
        P, Q = (np.einsum("mi,minj,nj->mn", R, each, R) for each in (kappa, square))
        trace = lambda A, B, S=S: np.trace(A @ S @ B @ S)  # noqa: E731
        values.append(trace(P, Q) / math.sqrt(trace(P, P) * trace(Q, Q)))
    return values


@pytest.mark.parametrize(
    ("widths", "activation", "parametrization", "bias"),
    [
        ((4, 6, 2), "relu", "ntk", False),
        ((4, 3, 9, 2), "erf", "pytorch", True),
        ((4, 7, 3, 5, 2), "gelu", "mup", False),
    ],
)
def test_one_network_equals_its_tangent_kernels(widths, activation, parametrization, bias):
    net = MLP(widths, activation, parametrization, bias=bias)
    weights, biases = parameters = net.initialize(np.random.default_rng(4))
    inputs, slopes, f = forward(X, net, weights, biases)
    np.testing.assert_allclose(f, net.forward(X, parameters).outputs, rtol=1e-12)
    drawn = Drawn(weights[-1], inputs, slopes, Y - f, through(weights))
    found = early_alignments(drawn, np.ones(10))
    expected = from_tangent_kernels(net, parameters, Y - f)
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    wrong = early_alignments(drawn._replace(R=Y), np.ones(10))
    assert np.all(abs(np.array(wrong) - expected) > 1e-5)


def test_quadratic_networks_follow_the_derived_series():
    """Mean and spread against `quadratic.finite_width_mean`; the limit itself is refused as the mean."""
    rng, k = np.random.default_rng(9), 400
    data = rng.standard_normal((30, 3)) * [2, 1, 0.5]
    labels = data[:, :1] * data[:, 1:2] + data[:, 2:] ** 2
    net = MLP((3, k, 1), "quadratic", readout="signs")
    A, B = data.T @ (labels * data) / 30, data.T @ data / 30
    derived = claims["quadratic.finite_width_mean"].function(A=A, B=B, k=k, d=3)
    found = predict_alignment(data, labels, net, "zero", networks=1000)
    assert found.limit[0] == pytest.approx(derived["limit"], rel=1e-10)
    left_out = abs(derived["limit"] - derived["mean"]) / k  # the next orders: 1/k^3 in the mean, 1/k^2 in the variance
    assert abs(found.mean[0] - derived["mean"]) <= BOUND * found.mean_error[0] + left_out
    assert abs(found.limit[0] - found.mean[0]) > BOUND * found.mean_error[0] + left_out
    assert found.std[0] == pytest.approx(math.sqrt(derived["variance"]), rel=0.15)


def test_the_control_changes_no_mean_and_saves_networks(monkeypatch):
    net = MLP((4, 400, 2))
    with_control = predict_alignment(X, Y, net, "zero", networks=200)
    with_control.mean  # noqa: B018
    monkeypatch.setattr(NeuronAverages, "of", classmethod(lambda cls, problem: None))
    without = predict_alignment(X, Y, net, "zero", networks=200, seed=5)
    error = np.hypot(with_control.mean_error, without.mean_error)
    assert abs(with_control.mean - without.mean) <= BOUND * error
    assert with_control.mean_error < 0.1 * without.mean_error
    assert with_control.std_error < 0.5 * without.std_error
    assert abs(with_control.std - without.std) <= BOUND * np.hypot(with_control.std_error, without.std_error)


def test_subsets_find_the_shift_by_the_finite_width(monkeypatch):
    """More samples than a network sees. z-test, false-alarm rate 1e-4 for each of two layers."""
    rng = np.random.default_rng(6)
    many = rng.standard_normal((300, 4))
    labels = np.stack([many[:, 0] * many[:, 1], np.sign(many[:, 2])], axis=1)
    net = MLP((4, 24, 24, 2))
    for start in ("zero", "average"):
        monkeypatch.setattr(module, "SAMPLES", 1024)
        exact = predict_alignment(many, labels, net, start, networks=400)
        exact.mean  # noqa: B018
        monkeypatch.setattr(module, "SAMPLES", 150)
        found = predict_alignment(many, labels, net, start, networks=400, seed=1)
        assert np.all(abs(found.mean - exact.mean) <= BOUND * np.hypot(exact.mean_error, found.mean_error))
        assert np.any(abs(found.limit - exact.mean) > BOUND * np.hypot(exact.mean_error, found.mean_error))
        np.testing.assert_allclose(found.std, exact.std, rtol=0.3)


def test_batches_are_averaged_over_at_finite_width():
    wide = MLP((4, 3000, 2))
    found = predict_alignment(X, Y, wide, "zero", batch_size=4, draws=400, networks=200)
    error = np.hypot(found.limit_error, found.mean_error)
    full = predict_alignment(X, Y, wide, "zero").limit
    assert abs(found.mean - found.limit) <= BOUND * error
    assert abs(found.mean - full) > BOUND * error


def test_wide_networks_in_muP_have_their_own_function_unless_told():
    net = MLP((4, 20, 2), parametrization="mup")
    own, zero = (predict_alignment(X, 0.1 * Y, net, start, networks=100) for start in (None, "zero"))
    np.testing.assert_array_equal(own.limit, zero.limit)
    assert own.mean[0] != zero.mean[0]


def test_results_are_read_only_and_follow_the_seed():
    net = MLP((4, 8, 8, 2))
    first, same, other = (predict_alignment(X, Y, net, "zero", networks=4, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.mean, same.mean)
    assert not np.array_equal(first.mean, other.mean)
    for name in ("mean", "mean_error", "std", "std_error"):
        assert getattr(first, name).shape == (2,)
        assert not getattr(first, name).flags.writeable


@pytest.mark.parametrize(
    ("networks", "message"), [(2, "networks must be at least 4, got 2"), (7, "networks must be even, got 7")]
)
def test_bad_numbers_of_networks_are_refused(networks, message):
    with pytest.raises(InputError, match=message):
        predict_alignment(X, Y, MLP((4, 8, 2)), "zero", networks=networks)
