"""Top directions against eigenvectors of the matrices themselves, and what is refused."""

import numpy as np
import pytest
from wide_network import WideNetwork

from nfa_theory import MLP, InputError, load_dataset, predict_alignment
from nfa_theory.predict.limit import directions as module

RNG = np.random.default_rng(4)


def matrices(X, Y, net, average=False):
    """F_c and G_c of the first layer from their definition, at infinite width."""
    network = WideNetwork(X, net)
    A = Y @ Y.T + (Y.shape[1] * network.output_covariance() if average else 0)
    kappa = next(each.kappa for each in network.layers() if each.layer == 1)
    return X.T @ (kappa * A) @ X, X.T @ ((kappa @ kappa) * A) @ X


def leading(M, count):
    values, vectors = np.linalg.eigh(M)
    return values[::-1][:count] / np.trace(M), vectors[:, ::-1][:, :count].T


@pytest.mark.parametrize(("n", "d", "dense"), [(40, 6, 256), (40, 30, 256), (40, 30, 2), (20, 60, 2)])
@pytest.mark.parametrize("start", ["zero", "average"])
def test_directions_are_eigenvectors(monkeypatch, n, d, dense, start):
    """Few and many inputs, all eigenvectors and Lanczos; the order, the sign and the shares with them."""
    monkeypatch.setattr(module, "DENSE", dense)
    X, Y = RNG.standard_normal((n, d)), RNG.standard_normal((n, 2))
    net = MLP((d, 50, 50, 2))
    found = predict_alignment(X, Y, net, start).directions(3)
    pairs = ((found.nfm, found.nfm_share), (found.agop, found.agop_share))
    for (vectors, shares), M in zip(pairs, matrices(X, Y, net, start == "average"), strict=True):
        expected_shares, expected = leading(M, 3)
        np.testing.assert_allclose(shares, expected_shares, rtol=1e-7)
        np.testing.assert_allclose(abs(np.sum(vectors * expected, axis=1)), 1, rtol=1e-7)
        assert np.all(vectors[np.arange(3), abs(vectors).argmax(axis=1)] > 0)
    cosines = found.nfm @ found.agop.T
    assert found.overlap == pytest.approx(np.sum(cosines**2) / 3)
    assert found.overlap < 1 - 1e-6


def test_dimensions_are_participation_ratios():
    X, Y = RNG.standard_normal((50, 4)), RNG.standard_normal((50, 2))
    net = MLP((4, 50, 50, 2))
    found = predict_alignment(X, Y, net, "zero").dimensions
    expected = [np.trace(M) ** 2 / np.sum(M * M) for M in matrices(X, Y, net)]
    np.testing.assert_allclose(found[0], expected, rtol=1e-10)
    assert found.shape == (2, 2)
    assert predict_alignment(X, Y, net, "zero", batch_size=10, draws=2).dimensions is None


def test_subsets_see_the_same_directions():
    """Fashion-MNIST: the estimate's space against that of all samples; the space of other labels is told apart."""
    images = load_dataset("fashion_mnist_subset", train=600)
    net = MLP((784, 64, 64, 10))
    exact = predict_alignment(images.X, images.Y, net, "zero")
    found = predict_alignment(images.X, images.Y, net, "zero", method="subsets")
    np.testing.assert_allclose(found.dimensions, exact.dimensions, rtol=0.03)
    all_samples, estimate = exact.directions(3), found.directions(3)
    same = lambda one, other: np.sum((one @ other.T) ** 2) / 3  # noqa: E731
    np.testing.assert_allclose(estimate.nfm_share, all_samples.nfm_share, rtol=0.05)
    assert min(same(estimate.nfm, all_samples.nfm), same(estimate.agop, all_samples.agop)) > 0.99
    shuffled = predict_alignment(images.X, images.Y[RNG.permutation(600)], net, "zero").directions(3)
    assert same(shuffled.nfm, all_samples.nfm) < 0.99


def test_a_planted_direction_is_found():
    X = RNG.standard_normal((500, 8))
    v = np.array([2.0, -1, 0, 0, 0, 2, 0, 0]) / 3
    found = predict_alignment(X, (X @ v)[:, None] ** 3, MLP((8, 50, 1)), "zero").directions(1)
    assert found.nfm[0] @ v > 0.9
    assert found.agop[0] @ v > 0.9


def test_directions_that_do_not_exist_are_refused():
    X, Y = RNG.standard_normal((20, 4)), RNG.standard_normal((20, 1))
    found = predict_alignment(X, Y, MLP((4, 8, 1)), "zero")
    with pytest.raises(InputError, match=r"count must be in 1\.\.4, got 5"):
        found.directions(5)
    with pytest.raises(InputError, match=r"count must be in 1\.\.4, got 0"):
        found.directions(0)
