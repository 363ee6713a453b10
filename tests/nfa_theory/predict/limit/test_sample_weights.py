"""Which samples count, against the kernels themselves; and what subsets gain by knowing it."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats
from wide_network import WideNetwork

from nfa_theory import MLP, InputError
from nfa_theory.predict.limit import sample_weights as weights_module
from nfa_theory.predict.limit import subsets
from nfa_theory.predict.limit.exact import limit_at_expected_residuals
from nfa_theory.predict.limit.sample_weights import effective_number, sample_weights
from nfa_theory.predict.limit.strata import LEVELS, stratify
from nfa_theory.predict.limit.subsets import subset_limits
from nfa_theory.predict.problem.problem import read_problem

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("activation", ["relu", "quadratic", "tanh"])
@pytest.mark.parametrize(("start", "loss"), [("average", "mse"), ("average", "cross_entropy"), ("zero", "mse")])
def test_weights_are_shares_of_the_diagonals(activation, start, loss):
    n = 60
    X = RNG.standard_normal((n, 4)) * RNG.uniform(0.5, 2, (n, 1))
    Y = np.eye(3)[RNG.integers(3, size=n)] if loss == "cross_entropy" else RNG.standard_normal((n, 3))
    net = MLP((4, 9, 9, 3), activation, parametrization="lecun")
    network = WideNetwork(X, net)
    A = 3 * network.output_covariance().diagonal() + (Y**2).sum(axis=1)
    A = {"cross_entropy": np.ones(n)}.get(loss, A) if start == "average" else (Y**2).sum(axis=1)
    shares = []
    for layer in network.layers():
        ends, middle = np.sqrt(layer.S.diagonal() * layer.kappa.diagonal() * A), layer.kappa.diagonal()
        shares += [ends / ends.sum(), middle / middle.sum()]
    found = sample_weights(read_problem(X, Y, net, start, loss, None))
    np.testing.assert_allclose(found, np.max(shares, axis=0), rtol=1e-6)
    assert np.any(abs(np.mean(shares, axis=0) - found) > 1e-3 * found)


def test_a_sample_without_kernels_is_refused_only_where_it_is_drawn(monkeypatch):
    monkeypatch.setattr(subsets, "SIZE", 20)
    rng = np.random.default_rng(3)
    X, Y = rng.standard_normal((5000, 4)), rng.standard_normal((5000, 1))
    X[17] = 1e4  # its exponential overflows
    Y[:] = np.sign(X[:, :1])
    problem = read_problem(X, Y, MLP((4, 9, 1), "exp"), "zero", "mse", None)
    np.testing.assert_array_equal(sample_weights(problem), 1)
    with np.errstate(over="ignore", invalid="ignore"):
        assert subset_limits(problem, np.random.default_rng(0), lambda *at: None)[0].shape == (1,)
        with pytest.raises(InputError, match=r"overflow|finite"):
            limit_at_expected_residuals(problem, RNG)


def test_half_a_sample_counts_half():
    assert effective_number(np.ones(7)) == pytest.approx(7)
    assert effective_number(np.array([2.0, 1.0])) == pytest.approx(9 / 5)


def test_levels_of_a_class_have_the_same_weight():
    Y, w = np.eye(2)[[0] * 500 + [1] * 300], RNG.uniform(0.1, 1, 800) ** 4
    strata = stratify(Y, 100, w)
    assert len(strata.members) == 2 * LEVELS
    assert sorted(np.concatenate(strata.members).tolist()) == list(range(800))
    for part in np.split(np.arange(2 * LEVELS), 2):
        members = [strata.members[each] for each in part]
        weights = np.array([w[each].sum() for each in members])
        np.testing.assert_allclose(weights, weights.mean(), atol=1.01)  # but for one sample
        assert all(w[low].max() <= w[high].min() for low, high in pairwise(members))
        assert [Y[each].std() for each in members] == [0.5] * LEVELS
    expected = [100 * w[each].sum() / w.sum() for each in strata.members]
    np.testing.assert_allclose(strata.drawn, expected, atol=0.51)


def test_one_sample_can_be_all_the_weight():
    strata = stratify(np.ones((5, 1)), 3, np.array([0, 0, 0, 0, 1.0]))
    assert [each.tolist() for each in strata.members] == [[0, 1, 2, 3], [4]]
    assert strata.drawn == [3, 1]


def test_large_samples_are_drawn_more_often(monkeypatch):
    """A quadratic network and norms that differ: z-test with a false-alarm rate of 1e-4 for each of two layers.

    Without weights a few samples are the noise of all subsets, and the estimate is refused.
    """
    monkeypatch.setattr(subsets, "SIZE", 60)
    monkeypatch.setattr(subsets, "COUNTS", (16,))
    n = 1000
    X = RNG.standard_normal((n, 20)) * RNG.uniform(0.5, 1.5, (n, 1))
    problem = read_problem(X, X[:, :1] ** 2, MLP((20, 9, 9, 1), "quadratic"), "zero", "mse", None)
    exact = limit_at_expected_residuals(problem, RNG)
    runs = [subset_limits(problem, np.random.default_rng(seed), lambda *at: None) for seed in range(30)]
    limits, errors = (np.array([run[i] for run in runs]) for i in (0, 1))
    deviation = abs(limits.mean(axis=0) - exact) / (limits.std(axis=0, ddof=1) / np.sqrt(30))
    assert np.all(deviation <= stats.t(29).isf(0.5e-4))
    covered = np.sum(abs(limits - exact) <= 2 * errors, axis=0)
    assert np.all(covered >= stats.binom.ppf(1e-4, 30, stats.t.cdf(2, 15) - stats.t.cdf(-2, 15)))
    assert np.all(errors < 0.02 * exact)
    monkeypatch.setattr(weights_module, "effective_number", len)
    with pytest.raises(InputError, match="must stand out from noise"):
        subset_limits(problem, np.random.default_rng(0), lambda *at: None)
