"""Kernels of convolutional networks against kernels computed entry by entry, and against random networks."""

import numpy as np
import pytest
from entrywise_kernels import EntrywiseKernels

from nfa_theory import Conv, ConvNet, MeanPool, Residual
from nfa_theory.predict.convolution.exact import all_rows
from nfa_theory.predict.convolution.kernels import ConvKernels, Demand
from nfa_theory.predict.progress import silent
from numerics import pre_activation_tangent_kernel

NETWORKS = {
    "dense": ConvNet((2, 2, 3), [Conv(4), Conv(4)], 1, "erf"),
    "mean, stride": ConvNet((1, 3, 3), [Conv(4), Conv(4, stride=2)], 1, "erf", readout="mean"),
    "pooled": ConvNet((1, 3, 3), [Conv(4), MeanPool(2, 1), Conv(4, 1)], 1, "erf"),
    "residual": ConvNet(
        (1, 2, 3), [Conv(4), Residual(Conv(4), Conv(4)), MeanPool(1), Conv(4)], 1, "erf", readout="mean"
    ),
    "circular, dilated": ConvNet(
        (1, 3, 3), [Conv(4, padding_mode="circular"), Conv(4, 2, padding=1, dilation=2)], 1, "gelu"
    ),
}


@pytest.fixture(params=NETWORKS, ids=str)
def case(request):
    net = NETWORKS[request.param]
    return net, np.random.default_rng(len(request.param)).standard_normal((2, net.inputs))


def test_kernels_are_those_of_every_entry_by_itself(case):
    net, X = case
    found, function = all_rows(ConvKernels(X, net), silent, function=True)
    expected = EntrywiseKernels(X, net)
    np.testing.assert_allclose(function, expected.function, rtol=1e-7)
    for layer, (S, kappa) in enumerate(found, start=1):
        flat = (len(S), len(S))
        np.testing.assert_allclose(S, expected.S[layer].reshape(flat), rtol=1e-7, atol=1e-9)
        true = expected.kappa[layer].reshape(flat)
        scale = np.trace(true) / np.trace(kappa)  # kappa is known up to a factor
        np.testing.assert_allclose(scale * kappa, true, rtol=1e-6, atol=1e-8 * abs(true).max())


@pytest.mark.parametrize(
    "other",
    [
        ConvNet((1, 3, 3), [Conv(4), Conv(4)], 1, "erf", readout="mean"),  # the stride is ignored
        ConvNet((1, 3, 3), [Conv(4), Conv(4, stride=2)], 1, "erf"),  # a dense readout for a mean
        ConvNet((1, 3, 3), [Conv(4, 2, padding=1), Conv(4, stride=2)], 1, "erf", readout="mean"),  # offsets left out
    ],
    ids=["stride ignored", "dense for mean", "offsets left out"],
)
def test_kernels_of_another_network_are_refused(other):
    net = NETWORKS["mean, stride"]
    X = np.random.default_rng(1).standard_normal((2, 9))
    ((_, kappa), *_), _ = all_rows(ConvKernels(X, other), silent)
    expected = EntrywiseKernels(X, net)
    true = expected.kappa[1].reshape(18, 18)
    same_shape = kappa.shape == true.shape
    assert not (same_shape and np.allclose(kappa / np.trace(kappa), true / np.trace(true), rtol=1e-3))


def test_some_pairs_are_those_of_all(case):
    net, X = case
    kernels, rng = ConvKernels(X, net), np.random.default_rng(0)
    whole, _ = all_rows(kernels, silent)
    for layer, positions in enumerate(net.positions, start=1):
        pairs = np.sort(rng.choice(positions**2, min(5, positions**2), replace=False))
        found, _ = kernels.between(np.arange(2), np.arange(2), Demand({layer: pairs}, {layer: pairs}))
        p, q = np.divmod(pairs, positions)
        shape = (2, positions, 2, positions)
        np.testing.assert_allclose(
            found[layer].S, whole[layer - 1].S.reshape(shape)[:, p, :, q], rtol=1e-13, atol=1e-15
        )
        missing = np.isin(pairs, found[layer].pairs, invert=True)
        kappa = whole[layer - 1].kappa.reshape(shape)[:, p, :, q]
        np.testing.assert_allclose(found[layer].kappa, kappa[~missing], rtol=1e-13, atol=1e-15)
        assert not kappa[missing].any()


def test_random_networks_have_these_kernels_on_average():
    """The last layer's kernels at finite width: exact means where there is one layer. A z-test at 5 deviations.

    240 comparisons: a false alarm of 1e-4 altogether. 3 % off would be at least 5 deviations of the mean.
    """
    net = ConvNet((1, 3, 4), [Conv(800, 2, padding=1)], 1, "erf")
    rng = np.random.default_rng(7)
    X = rng.standard_normal((2, 12))
    ((_, kappa),), _ = all_rows(ConvKernels(X, net), silent)
    drawn = []
    for _ in range(240):
        whole = pre_activation_tangent_kernel(X, net, net.initialize(rng), 1)
        drawn.append(whole[:, 0, :, 0])
    mean, error = np.mean(drawn, axis=0), np.std(drawn, axis=0, ddof=1) / np.sqrt(len(drawn))
    expected = kappa * np.trace(EntrywiseKernels(X, net).kappa[1].reshape(kappa.shape)) / np.trace(kappa)
    diagonal = np.eye(len(kappa), dtype=bool)
    assert (abs(mean - expected) < 5 * error)[expected != 0].all()
    assert (error[diagonal] < 0.006 * expected[diagonal]).all()
    assert (abs(mean - 1.03 * expected) > 5 * error)[diagonal].any()
