"""Predicted means at finite width: the false-alarm rate is what it says, and an error of the stated size is found."""

import numpy as np
import pytest

from nfa_theory.statistics.finite_width_means import (
    FALSE_ALARM_RATE,
    POWER,
    compare_means,
    compare_on_the_same_networks,
)
from numerics.errors import InputError

TRIALS = 4000
CHANCE = 1e-6
"""That a count of rare events is as far off as is allowed here, if the rates are right."""


def law(rng, count):
    return 0.9 + 0.02 * rng.standard_normal(count)


def on_the_same(rng, error=0.0):
    """A formula with an error, and steps that add 0.01, half of it, and a little noise of their own."""
    true = law(rng, 6)
    steps = [true + step + 1e-4 * rng.standard_normal(6) for step in (0.01, 0.005)]
    return compare_on_the_same_networks(true * (1 + error), steps)


def independent(rng, error=0.0):
    return compare_means(law(rng, 30) * (1 + error), law(rng, 12))


@pytest.mark.parametrize("compare", [independent, on_the_same])
def test_a_true_prediction_is_refuted_as_rarely_as_is_promised(compare):
    from scipy import stats

    rng = np.random.default_rng(0)
    refuted = sum(not compare(rng).held for _ in range(TRIALS))
    assert refuted <= stats.binom.isf(CHANCE, TRIALS, FALSE_ALARM_RATE)


@pytest.mark.parametrize("compare", [independent, on_the_same])
def test_an_error_of_the_size_that_is_called_detectable_is_found(compare):
    from scipy import stats

    rng = np.random.default_rng(1)
    detectable = np.median([compare(rng).detectable for _ in range(200)])
    found = sum(not compare(rng, error=1.3 * detectable).held for _ in range(1000))
    assert found >= stats.binom.ppf(CHANCE, 1000, POWER)


def test_pairs_see_what_independent_networks_do_not():
    rng = np.random.default_rng(2)
    assert on_the_same(rng).detectable < independent(rng).detectable / 4
    assert not on_the_same(rng, error=0.02).held
    assert independent(rng, error=0.005).held


def test_too_few_networks_are_refused():
    with pytest.raises(InputError, match="at least 2 networks of either kind, got 1 and 2"):
        compare_means(np.ones(1), np.ones(2))
    with pytest.raises(InputError, match=r"the same 2 or more networks, got \[3, 3, 2\]"):
        compare_on_the_same_networks(np.ones(3), [np.ones(3), np.ones(2)])
