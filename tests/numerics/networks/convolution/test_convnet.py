"""Convolutional networks against a slow one that visits every entry of every filter, and against quotients."""

import array_api_strict
import numpy as np
import pytest
from entrywise_convolution import entrywise_function

import nfa_theory as nfa
from nfa_theory import Conv, ConvNet, MeanPool, Residual
from numerics import features, pre_activation_tangent_kernel, ptf_covariances
from numerics.errors import InputError
from numerics.networks.backpropagation import weight_gradients

NETWORKS = {
    "plain": ConvNet((2, 4, 5), [Conv(3), Conv(4)], 2, "erf"),
    "stride": ConvNet((1, 5, 5), [Conv(3, stride=2), Conv(2, kernel_size=2, padding=0)], 2, "tanh", readout="mean"),
    "circular, dilated": ConvNet((1, 5, 4), [Conv(3, padding_mode="circular"), Conv(2, dilation=2)], 1, "erf", "he"),
    "pooled": ConvNet((1, 6, 6), [Conv(3), MeanPool(2), Conv(2), MeanPool(2, stride=1)], 2, "tanh", bias=True),
    "residual": ConvNet(
        (1, 4, 4), [Conv(3), Residual(Conv(2), Conv(3)), Conv(2, 1)], 2, "erf", "pytorch", "mean", bias=True
    ),
    "muP": ConvNet((1, 3, 3), [Conv(3, 2, padding=1), Residual(Conv(3))], 3, "gelu", "mup"),
}


@pytest.fixture(params=NETWORKS, ids=str)
def case(request):
    rng = np.random.default_rng(sum(map(ord, request.param)))
    net = NETWORKS[request.param]
    return net, rng.standard_normal((3, net.inputs)), net.initialize(rng)


def test_the_function_is_that_of_a_convolution_written_out_entry_by_entry(case):
    net, X, parameters = case
    expected = np.array([entrywise_function(net, x, parameters) for x in X])
    np.testing.assert_allclose(net(X, parameters), expected, rtol=1e-12, atol=1e-12 * abs(expected).max())


def test_a_filter_turned_around_is_another_function(case):
    """The twin of the test above: it sees the orientation of the filter."""
    net, X, parameters = case
    W, channels = parameters.weights[0], net.image[0]
    turned = W.reshape(len(W), -1, channels)[:, ::-1, :].reshape(W.shape)
    other = parameters._replace(weights=(turned, *parameters.weights[1:]))
    assert abs(net(X, parameters) - net(X, other)).max() > 1e-3


def test_gradients_are_difference_quotients(case):
    net, X, parameters = case
    G = np.random.default_rng(5).standard_normal((len(X), net.outputs))
    gradients = weight_gradients(net, parameters, net.forward(X, parameters), G)
    for group in (0, 1):
        for i, (W, gradient) in enumerate(zip(parameters[group], gradients[group], strict=True)):
            direction = np.random.default_rng(i).standard_normal(W.shape)

            def at(step, group=group, i=i, W=W, direction=direction):
                moved = [list(part) for part in parameters]
                moved[group][i] = W + step * direction
                return np.sum(G * net(X, nfa.Parameters(*map(tuple, moved))))

            quotient = (8 * (at(1e-3) - at(-1e-3)) - (at(2e-3) - at(-2e-3))) / 12e-3
            assert np.sum(gradient * direction) == pytest.approx(quotient, rel=1e-8, abs=1e-8)


def test_the_agop_is_the_mean_outer_product_of_the_gradients_at_all_patches(case):
    net, X, parameters = case
    for layer in range(1, net.depth + 1):
        found = features(X, net, parameters, layer)
        scale = net.scaling(layer).multiplier
        W, K = parameters.weights[layer - 1], ptf_covariances(X, net, parameters)[layer - 1]
        np.testing.assert_allclose(found.ptf_covariance, K, rtol=1e-12, atol=1e-13 * abs(K).max())
        np.testing.assert_allclose(found.agop, scale**2 * W.T @ K @ W, rtol=1e-10, atol=1e-12 * abs(found.agop).max())


def test_k_is_the_sum_over_positions_of_derivatives_by_single_preactivations(case):
    """A bias at one position of the last layer is a pre-activation moved there: quotients of the function give D."""
    net, X, parameters = case
    X = X[:1]
    K, k = ptf_covariances(X, net, parameters)[-1], net.channels[-1]
    total = np.zeros((k, k))
    for x in X:
        for position in range(net.positions[-1]):
            D = [_quotient(net, x, parameters, position, unit) for unit in range(k)]
            total += np.array(D) @ np.array(D).T
    np.testing.assert_allclose(K, total / len(X), rtol=1e-7, atol=1e-8 * abs(K).max())


def _quotient(net, x, parameters, position, unit, step=1e-3):
    def at(change):
        return entrywise_function(net, x, parameters, moved=(net.depth, position, unit, change))

    return (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step)


def test_the_tangent_kernel_has_rows_for_samples_and_positions():
    net = NETWORKS["plain"]
    rng = np.random.default_rng(0)
    X, parameters = rng.standard_normal((2, net.inputs)), net.initialize(rng)
    kappa = pre_activation_tangent_kernel(X, net, parameters, 2)
    assert kappa.shape == (2 * 20, 2, 2 * 20, 2)
    K = ptf_covariances(X, net, parameters)[1]
    assert np.einsum("riri->", kappa) == pytest.approx(len(X) * np.trace(K), rel=1e-12)


@pytest.mark.parametrize("name", ["pooled", "residual"])
def test_arrays_of_a_namespace_that_allows_little_give_the_same_numbers(name):
    net, rng = NETWORKS[name], np.random.default_rng(1)
    X, parameters = rng.standard_normal((3, net.inputs)), net.initialize(rng)
    strict = array_api_strict.asarray
    moved = nfa.Parameters(*(tuple(map(strict, group)) for group in parameters))
    G = rng.standard_normal((3, net.outputs))
    for ours, theirs in zip(ptf_covariances(strict(X), net, moved), ptf_covariances(X, net, parameters), strict=True):
        np.testing.assert_allclose(np.asarray(ours), theirs, rtol=1e-11)
    ours = weight_gradients(net, moved, net.forward(strict(X), moved), strict(G))
    theirs = weight_gradients(net, parameters, net.forward(X, parameters), G)
    for one, other in zip(ours.weights, theirs.weights, strict=True):
        np.testing.assert_allclose(np.asarray(one), other, rtol=1e-11, atol=1e-12)


def test_it_trains_and_is_measured_like_any_network():
    rng = np.random.default_rng(3)
    net = ConvNet(
        (1, 4, 4), [Conv(5), Residual(Conv(5), Conv(5))], 2, "relu", readout="mean", zero_initial_function=True
    )
    X = rng.standard_normal((12, 16))
    Y = np.eye(2)[rng.integers(0, 2, 12)] - 0.5
    kept = []
    record = nfa.simulate(
        X,
        Y,
        net,
        steps=3,
        learning_rate=0.5,
        optimizer="gd",
        seed=[1, 2],
        measure=nfa.Measure(1, observe=lambda seed, step, parameters: kept.append((seed, step, parameters))),
    )
    assert record.uc_nfa.shape == (2, 4, 3)
    assert (np.diff(record.loss.values, axis=1) < 0).all()
    start = nfa.initial_parameters(net, 2)
    (last,) = [parameters for seed, step, parameters in kept if (seed, step) == (2, 3)]
    measured = nfa.measure(X, net, last, start)
    for name in ("uc_nfa", "c_nfa"):
        np.testing.assert_allclose(measured[name], record[name].sel(seed=2, step=3), rtol=1e-12)
    # One step by hand: every residual is the label, for the function starts at zero.
    gradients = weight_gradients(net, start, net.forward(X, start), -Y / 12)
    (first,) = [parameters for seed, step, parameters in kept if (seed, step) == (2, 1)]
    for W, W0, g in zip(first.weights, start.weights, gradients.weights, strict=True):
        np.testing.assert_allclose(W, W0 - 0.5 * g, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ConvNet((1, 4), [Conv(2)], 1), "image must be \\(channels, height, width\\), got \\(1, 4\\)"),
        (lambda: ConvNet((1, 4, 4), [], 1), "needs one Conv at least, got none"),
        (lambda: ConvNet((1, 4, 4), [MeanPool(2)], 1), "needs one Conv at least, got none"),
        (lambda: ConvNet((1, 4, 4), [Conv(2, 7, padding=0)], 1), "does not fit an image of 4 x 4 positions"),
        (lambda: ConvNet((1, 4, 4), [Residual(Conv(2))], 1), "a Residual must follow a Conv or a Residual"),
        (lambda: ConvNet((1, 4, 4), [Conv(2), Residual(Conv(3))], 1), "must keep channels, height and width"),
        (lambda: ConvNet((1, 4, 4), [Conv(2), "pool"], 1), "layers must be Conv, MeanPool or Residual, got 'pool'"),
        (lambda: ConvNet((1, 4, 4), [Conv(2)], 1, readout="max"), "unknown readout 'max'"),
        (lambda: Conv(2, 4), 'padding="same" needs an odd kernel_size, got 4'),
        (lambda: Conv(0), "channels must be an integer of at least 1, got 0"),
        (lambda: Residual(), "consists of one Conv or more, got none"),
    ],
)
def test_what_is_no_network_is_refused_in_one_line(make, message):
    with pytest.raises(InputError, match=message):
        make()
