"""The court itself on trial: true claims are refused as rarely as promised, wrong ones as often, whatever the look.

False-alarm rate of each of these tests: 1e-6 (binomial or Kolmogorov-Smirnov).
"""

import numpy as np
import pytest
import sympy
from scipy import stats

from nfa_theory.verify.average import average
from nfa_theory.verify.check import Trial
from nfa_theory.verify.replicates import Moments, quantile, share_of_look

FALSE_ALARM = 1e-6
x = sympy.Symbol("x")
TRUE, SLIGHTLY_WRONG = {"y": 2 * x}, {"y": sympy.Rational(51, 25) * x}
LAWS = {
    "normal": lambda rng, count: rng.normal(3.0, 1.0, count),
    "exponential": lambda rng, count: rng.exponential(3.0, count),
}


def refusals(law, judged, repetitions, error_rate):
    """Count how often a closed form is refused when the true one is on trial."""
    refused = 0
    for seed in range(repetitions):
        trial = Trial("calibration", np.random.default_rng(seed), judged, error_rate)
        judge = average(trial, lambda rng, count: {"y": LAWS[law](rng, count)}, {"x": 1.5}, block=128)
        refused += not judge(judged)[0].held
    return refused


@pytest.mark.parametrize("law", LAWS)
def test_a_true_claim_is_refused_at_most_as_often_as_promised_and_a_wrong_one_more_often(law):
    repetitions, rate = 200, 0.05
    refused = refusals(law, TRUE, repetitions, rate)
    assert stats.binom.sf(refused - 1, repetitions, rate) > FALSE_ALARM
    refused = refusals(law, SLIGHTLY_WRONG, repetitions, rate)
    assert stats.binom.sf(refused - 1, repetitions, rate) < FALSE_ALARM


@pytest.mark.parametrize("law", ["normal", "exponential"])
def test_an_error_of_two_percent_is_refused_as_often_as_promised(law):
    repetitions, power = 200, 0.99
    refused = refusals(law, SLIGHTLY_WRONG, repetitions, 1e-3)
    assert stats.binom.cdf(refused, repetitions, power) > FALSE_ALARM


def p_values(repetitions, count, off):
    rng = np.random.default_rng(7)
    sample = rng.normal(off, 1.0, (count, repetitions))
    moments = Moments()
    for part in np.split(sample, 4):
        moments.add(part)
    return 2 * stats.t.sf(np.abs(moments.mean / moments.standard_error), count - 1)


def test_p_values_are_uniform_under_a_true_claim_and_not_under_a_wrong_one():
    assert stats.kstest(p_values(4000, 64, 0.0), "uniform").pvalue > FALSE_ALARM
    assert stats.kstest(p_values(4000, 64, 0.1), "uniform").pvalue < FALSE_ALARM


def test_quantiles_hold_far_in_the_tails():
    assert 2 * stats.t.sf(quantile(1e-9, 500), 499) == pytest.approx(1e-9)


def test_the_looks_spend_the_error_rate_and_no_more():
    spent = sum(share_of_look(look) for look in range(10_000))
    assert 0.999 < spent < 1


def test_moments_are_those_of_all_replicates_together():
    sample = np.random.default_rng(0).exponential(size=(300, 2))
    moments = Moments()
    for part in np.split(sample, 3):
        moments.add(part)
    np.testing.assert_allclose(moments.mean, sample.mean(axis=0))
    np.testing.assert_allclose(moments.standard_error, sample.std(axis=0, ddof=1) / np.sqrt(300))
    np.testing.assert_allclose(moments.skewness, stats.skew(sample, axis=0))
