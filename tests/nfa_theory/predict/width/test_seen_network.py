"""What samples see of a random network: consistent with weights, and distributed as if they had been drawn."""

import numpy as np
import pytest
from scipy import stats

from nfa_theory import MLP
from nfa_theory.predict import predict_alignment
from nfa_theory.predict.problem.problem import read_problem
from nfa_theory.predict.width import seen_network
from nfa_theory.predict.width.random_network import alignments_on_all
from nfa_theory.predict.width.seen_network import SeenNetwork

RNG = np.random.default_rng(2)
X, Y = RNG.standard_normal((4, 6)), RNG.standard_normal((4, 2))
RATE = 1e-4  # of false alarms, of each test
NETWORKS = 1500


def test_both_directions_go_through_the_same_weights():
    """``(D W) z = D (W z)``; with gradients that do not know the forward pass it fails."""
    net = MLP((6, 12, 10, 9, 8, 2), "tanh", parametrization="he")
    seen, other = (SeenNetwork(X, net, np.random.default_rng(seed)) for seed in (1, 2))
    for layer in (2, 3):
        z, h = seen.inputs[layer - 1], np.arctanh(seen.inputs[layer])
        D = RNG.standard_normal((5, net.widths[layer]))
        expected = D @ h.T / np.sqrt(2)  # h = sqrt(2 / fan_in) W z
        np.testing.assert_allclose(seen.pull_back(layer, D) @ z.T, expected, rtol=1e-9, atol=1e-9)
        assert np.max(abs(other.pull_back(layer, D) @ z.T - expected)) > 0.1


def test_what_is_not_seen_has_the_covariance_of_fresh_weights():
    """``D W`` across the samples' inputs, white in the directions that are left; chi-squared test."""
    net = MLP((6, 12, 10, 2), "erf")
    seen = SeenNetwork(X, net, np.random.default_rng(3))
    D = RNG.standard_normal((3, 10))
    D[2] = D[0] - D[1]  # dependent rows
    left = np.linalg.svd(seen.inputs[1])[2][4:]
    drawn = np.array([seen.pull_back(2, D) @ left.T for _ in range(6000)]) * np.sqrt(12)
    np.testing.assert_allclose(drawn[:, 2], drawn[:, 0] - drawn[:, 1], atol=1e-5)  # the root of rounding
    L = np.linalg.cholesky(D[:2] @ D[:2].T)
    white = np.linalg.solve(L, drawn[:, :2]).ravel()
    low, high = stats.chi2(white.size).ppf([RATE / 2, 1 - RATE / 2])
    assert low < np.sum(white**2) < high
    assert not low < np.sum((1.02 * white) ** 2) < high
    assert stats.kstest(white, "norm").pvalue > RATE


def alignments(problem, monkeypatch, worth):
    monkeypatch.setattr(seen_network, "_WORTH", worth)
    assert SeenNetwork.is_cheaper(problem.net, problem.n) == (worth > 0)
    rng = np.random.default_rng(int(worth))
    return np.array([alignments_on_all(problem, rng) for _ in range(NETWORKS)])


def p_values(one, other):
    return [stats.ks_2samp(a, b).pvalue for a, b in zip(one.T, other.T, strict=True)]


@pytest.mark.parametrize(
    ("hidden", "activation", "start", "parametrization"),
    [((12, 10), "relu", "zero", "ntk"), ((9, 14, 11), "erf", "average", "he"), ((24, 16), "quadratic", "zero", "mup")],
)
def test_alignments_are_distributed_as_with_weights(hidden, activation, start, parametrization, monkeypatch):
    """Two-sample Kolmogorov-Smirnov tests by layer; gradients without what the forward pass leaves open are refused.

    That gradients know the forward pass at all is not seen here (independent weights pass too), but above, exactly.
    """
    problem = read_problem(X, Y, MLP((6, *hidden, 2), activation, parametrization), start, "mse", None)
    whole, seen = (alignments(problem, monkeypatch, worth) for worth in (0.0, 9.0))
    assert min(p_values(whole, seen)) > RATE
    monkeypatch.setattr(SeenNetwork, "pull_back", seen_alone)
    assert min(p_values(whole, alignments(problem, monkeypatch, 8.0))) < RATE


def seen_alone(self, layer, D):
    Q, G = self._directions[layer - 1], self._seen[layer - 1]
    return D @ G.T @ Q.T


def test_both_dtypes_see_the_same_network():
    net = MLP((6, 40, 40, 40, 2))
    values = [
        predict_alignment(X.astype(dtype), Y.astype(dtype), net, "zero", networks=4).mean
        for dtype in (np.float32, np.float64)
    ]
    np.testing.assert_allclose(*values, rtol=1e-5)


@pytest.mark.parametrize(
    ("net", "samples", "cheaper"),
    [
        (MLP((6, 100, 100, 2)), 30, True),
        (MLP((6, 100, 100, 2)), 31, False),
        (MLP((6, 100, 97, 2)), 29, True),
        (MLP((6, 100, 96, 2)), 29, False),
        (MLP((6, 100, 2)), 4, False),
        (MLP((6, 100, 100, 2), bias=True), 4, True),
        (MLP((6, 100, 100, 2), bias=True, bias_std=0.1), 4, False),
        (MLP((6, 100, 100, 2), parametrization="pytorch"), 4, False),
        (MLP((6, 100, 100, 2), readout="signs"), 4, False),
    ],
)
def test_weights_are_drawn_where_they_must_or_cost_less(net, samples, cheaper):
    assert SeenNetwork.is_cheaper(net, samples) == cheaper
