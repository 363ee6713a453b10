"""The court itself on trial: true claims are refused as rarely as promised, wrong ones as often, whatever the look.

Thresholds are tried on ten thousand entries at once, each as if it were a check of its own; the sequential procedures
on hundreds of trials. False-alarm rate of each of these tests: 1e-6 (binomial or Kolmogorov-Smirnov).
"""

import numpy as np
import pytest
import sympy
from scipy import stats

from nfa_theory.verify.rules.average import Bounds, average
from nfa_theory.verify.rules.check import Trial
from nfa_theory.verify.rules.limit import Extrapolation, limit
from nfa_theory.verify.rules.replicates import Moments, quantile, share_of_look

FALSE_ALARM = 1e-6
TRUTH, POWER = 3.0, 0.99
x = sympy.Symbol("x")
TRUE, SLIGHTLY_WRONG = {"y": 2 * x}, {"y": sympy.Rational(51, 25) * x}
LAWS = {
    "normal": lambda rng, shape: rng.normal(TRUTH, 1.0, shape),
    "exponential": lambda rng, shape: rng.exponential(TRUTH, shape),
    "lognormal": lambda rng, shape: rng.lognormal(np.log(TRUTH) - 0.125, 0.5, shape),
    "gamma": lambda rng, shape: rng.gamma(0.5, 2 * TRUTH, shape),
}
"""All of mean 3; of skewness 0, 2, 1.8 and 2.8."""
ENTRIES, REPLICATES = 10_000, 1000
SIZES = (8, 16, 32)


def moments_of(draw):
    moments = Moments()
    for _ in range(4):
        moments.add(draw((REPLICATES // 4, ENTRIES)))
    return moments


def systems(noise, second=1.0, third=0.0):
    """Draw systems of three sizes, whose mean approaches 3; replicates are skewed."""
    rng = np.random.default_rng(8)
    means = [TRUTH + 1 / k + second / k**2 + third / k**3 for k in SIZES]
    return tuple(
        moments_of(lambda shape, mean=mean: mean + noise * (rng.exponential(size=shape) - 1)) for mean in means
    )


def bounds_of_average(law):
    rng = np.random.default_rng(7)
    moments = moments_of(lambda shape: LAWS[law](rng, shape))
    return lambda rate: Bounds.of(moments, rate * ENTRIES, np.full(ENTRIES, TRUTH))


def bounds_of_limit():
    moments = systems(noise=0.1)
    return lambda rate: Extrapolation.of(moments, rate * ENTRIES)


@pytest.fixture(scope="module", params=[*LAWS, "limit"])
def bounds(request):
    """Give what an average over some law, or a limit, allows each entry at some error rate."""
    return bounds_of_limit() if request.param == "limit" else bounds_of_average(request.param)


def centers(found):
    return found.estimate if isinstance(found, Extrapolation) else found.mean


def uniformity(found, claimed):
    statistic = np.abs(centers(found) - claimed) / found.error
    return stats.kstest(2 * stats.t.sf(statistic, REPLICATES - 1), "uniform").pvalue


def test_p_values_are_uniform_under_a_true_claim_and_not_under_a_wrong_one(bounds):
    found = bounds(0.01)
    assert uniformity(found, TRUTH) > FALSE_ALARM
    assert uniformity(found, TRUTH + np.mean(found.error) / 2) < FALSE_ALARM


def refused(found, claimed):
    return int(np.sum(np.abs(centers(found) - claimed) > found.half_width))


@pytest.mark.parametrize("rate", [1e-1, 1e-2, 1e-3])
def test_a_true_claim_is_refused_at_most_as_often_as_promised(bounds, rate):
    found = bounds(rate)
    assert stats.binom.sf(refused(found, TRUTH) - 1, ENTRIES, rate) > FALSE_ALARM
    assert stats.binom.sf(refused(found, TRUTH + np.mean(found.error)) - 1, ENTRIES, rate) < FALSE_ALARM


@pytest.mark.parametrize("sign", [-1, 1])
def test_the_smallest_error_that_would_be_seen_is_refused_as_often_as_promised(bounds, sign):
    found = bounds(1e-6)
    least = found.least_visible(POWER)
    assert found.would_see(least, POWER)
    assert stats.binom.cdf(refused(found, TRUTH + sign * least), ENTRIES, POWER) > FALSE_ALARM
    assert not found.would_see(least * 0.9, POWER)
    assert stats.binom.cdf(refused(found, TRUTH + sign * least * 0.9), ENTRIES, POWER) < FALSE_ALARM


def test_a_limit_forgives_the_third_order_it_allows_for_and_no_other_rate():
    rate = 1e-3
    found = Extrapolation.of(systems(noise=0.01, third=SIZES[0] / 4), rate * ENTRIES)
    assert stats.binom.sf(refused(found, TRUTH) - 1, ENTRIES, rate) > FALSE_ALARM
    found = Extrapolation.of(systems(noise=0.01, third=10 * SIZES[0]), rate * ENTRIES)
    assert stats.binom.sf(refused(found, TRUTH) - 1, ENTRIES, rate) < FALSE_ALARM


FIRST_LOOK = {"normal": 128, "exponential": 512}
"""Both are looked at eight times or more; skewed replicates need more of them."""


def judge_average(law, trial):
    return average(trial, lambda rng, count: {"y": LAWS[law](rng, count)}, {"x": 1.5}, block=FIRST_LOOK[law])


def judge_limit(law, trial):
    def sample(rng, size, count):
        return {"y": LAWS[law](rng, count) * (1 + 0.1 / size)}

    return limit(trial, sample, {"x": 1.5}, size=8, block=2048)


PROCEDURES = {"average": judge_average, "limit": judge_limit}


def refusals(procedure, law, judged, repetitions, error_rate):
    """Count how often a closed form is refused that is on trial."""
    trials = (Trial("calibration", np.random.default_rng(seed), judged, error_rate) for seed in range(repetitions))
    return sum(not PROCEDURES[procedure](law, trial)(judged)[0].held for trial in trials)


@pytest.mark.parametrize(("procedure", "law"), [("average", "normal"), ("average", "exponential"), ("limit", "normal")])
def test_all_looks_together_refuse_a_true_claim_as_rarely_as_promised(procedure, law):
    repetitions, rate = 200, 0.05
    refused = refusals(procedure, law, TRUE, repetitions, rate)
    assert stats.binom.sf(refused - 1, repetitions, rate) > FALSE_ALARM


@pytest.mark.parametrize(("procedure", "law"), [("average", "normal"), ("average", "exponential"), ("limit", "normal")])
def test_an_error_of_two_percent_is_refused_as_often_as_promised(procedure, law):
    repetitions = 200
    refused = refusals(procedure, law, SLIGHTLY_WRONG, repetitions, 1e-3)
    assert stats.binom.cdf(refused, repetitions, POWER) > FALSE_ALARM


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
