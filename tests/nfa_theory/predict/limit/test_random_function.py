"""The effect of a random function from subsets: unbiased weights, and every class in every subset."""

import numpy as np
import pytest

from nfa_theory import MLP
from nfa_theory.predict.limit import random_function
from nfa_theory.predict.problem.problem import read_problem

RNG = np.random.default_rng(2)
RARE = (np.arange(300) % 60 == 0).astype(int)
X, Y = RNG.standard_normal((300, 4)) + 3 * np.outer(RARE, np.eye(4)[0]), np.eye(2)[RARE]
PROBLEM = read_problem(X, Y, MLP((4, 16, 2)), "average")


def test_subsets_stand_for_all_samples_class_by_class():
    rng = np.random.default_rng(0)
    for _ in range(5):
        chosen, weights = random_function._subset(PROBLEM, rng)
        assert len(np.unique(chosen)) == len(chosen) == len(weights)
        for which in (0, 1):
            share = weights[RARE[chosen] == which].sum() / weights.sum()
            assert share == pytest.approx(np.mean(RARE == which))
    everyone, ones = random_function._subset(read_problem(X[:100], Y[:100], PROBLEM.net, "average"), rng)
    np.testing.assert_array_equal(everyone, np.arange(100))
    np.testing.assert_array_equal(ones, 1)


def test_a_weight_is_as_good_as_copies(monkeypatch):
    """Weights of 2 give what two copies of a sample give, at the expected residuals; weights of 1 do not."""
    few = read_problem(X[:60], Y[:60], PROBLEM.net, "average")
    once = {}

    def difference(problem, weights):
        monkeypatch.setattr(random_function, "_subset", lambda *_: (np.arange(problem.n), weights))
        monkeypatch.setattr(
            random_function, "draw_function", lambda covariance, outputs, _: once["f"][: len(covariance)] * 1.0
        )
        return random_function._difference(problem, np.random.default_rng(0))

    once["f"] = RNG.standard_normal((60, 2))
    weights = np.where(np.arange(60) < 10, 2.0, 1.0)
    weighted = difference(few, weights)
    plain = difference(few, np.ones(60))
    copies = np.repeat(np.arange(60), np.where(np.arange(60) < 10, 2, 1))
    once["f"] = once["f"][copies]
    copied = difference(read_problem(X[copies], Y[copies], PROBLEM.net, "average"), np.ones(len(copies)))
    np.testing.assert_allclose(weighted, copied, rtol=1e-9)
    assert not np.allclose(plain, copied, rtol=1e-6)
