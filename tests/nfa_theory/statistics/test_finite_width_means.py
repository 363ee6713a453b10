"""Predicted means at finite width: the false-alarm rate is what it says, and an error of the stated size is found."""

import numpy as np
import pytest
from scipy import stats

from nfa_theory.statistics.error_rates import FALSE_ALARM, MISSED
from nfa_theory.statistics.finite_width_means import compare_means, compare_on_the_same_networks
from numerics.errors import InputError

TRIALS = 4000
CHANCE = 1e-6
"""That a count of rare events is as far off as is allowed here, if the rates are right."""
TRUE = np.array([0.95, 0.9, 0.85])
SPREAD = 0.02


def law(rng, *count):
    return TRUE[:, None] + SPREAD * rng.standard_normal((len(TRUE), *count))


def on_the_same(rng, error=0.0):
    """A formula with an error, and steps that add 0.01, half of it, and a little noise of their own."""
    true = law(rng, 2).ravel()
    steps = [true + step + 1e-4 * rng.standard_normal(6) for step in (0.01, 0.005)]
    return compare_on_the_same_networks(true * (1 + error), steps)


def independent(rng, error=0.0, widths=slice(None)):
    """Means of 30 networks by a formula with an error, and 12 others that were measured."""
    predicted = law(rng, 30)[widths] * (1 + error)
    of_means = predicted.std(axis=1, ddof=1) / np.sqrt(30)
    return compare_means(predicted.mean(axis=1), of_means, 30, law(rng, 12)[widths])


def at_one_width(rng, error=0.0):
    return independent(rng, error, slice(1, 2))


@pytest.mark.parametrize("compare", [independent, at_one_width, on_the_same])
def test_a_true_prediction_is_refuted_as_rarely_as_is_promised(compare):
    rng = np.random.default_rng(0)
    refuted = sum(not compare(rng).held for _ in range(TRIALS))
    assert refuted <= stats.binom.isf(CHANCE, TRIALS, FALSE_ALARM)


@pytest.mark.parametrize("compare", [independent, at_one_width, on_the_same])
def test_an_error_of_the_size_that_is_called_detectable_is_found(compare):
    rng = np.random.default_rng(1)
    detectable = np.median([compare(rng).detectable for _ in range(200)])
    found = sum(not compare(rng, error=1.3 * detectable).held for _ in range(1000))
    assert found >= stats.binom.ppf(CHANCE, 1000, 1 - MISSED)


def test_pairs_see_what_independent_networks_do_not():
    rng = np.random.default_rng(2)
    assert on_the_same(rng).detectable < independent(rng).detectable / 2
    assert not on_the_same(rng, error=0.02).held
    assert independent(rng, error=0.003).held


def test_all_widths_together_see_more_than_one():
    rng = np.random.default_rng(3)
    assert independent(rng).detectable < 0.8 * at_one_width(rng).detectable


def test_what_rounding_may_leave_is_allowed_and_no_more():
    formula = np.array([0.8, 0.9, 0.85])
    noise = 1e-7 * np.array([1.0, -1.0, 0.5])
    for difference, held in ((0.5e-5, True), (2e-5, False)):
        steps = [formula * (1 + difference + noise)] * 2
        assert compare_on_the_same_networks(formula, steps, resolution=1e-5).held is held


def test_too_few_networks_are_refused():
    with pytest.raises(InputError, match="at least 2 networks of either kind, got 1 and 2"):
        compare_means(np.ones(1), np.ones(1), 1, np.ones((1, 2)))
    with pytest.raises(InputError, match=r"the same 2 or more networks, got \[1, 1, 1\]"):
        compare_on_the_same_networks(np.ones(1), [np.ones(1), np.ones(1)])
