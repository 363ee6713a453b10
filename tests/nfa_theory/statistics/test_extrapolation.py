"""The check of a prediction: exact where it can be, calibrated, and able to fail."""

import numpy as np
import pytest
from scipy import stats

from nfa_theory.statistics import extrapolation
from nfa_theory.statistics.extrapolation import compare, extrapolate
from numerics.errors import InputError

WIDTHS = np.array([64.0, 128.0, 256.0, 512.0, 1024.0])


def measurements(rng, limit=0.8, a=9.0, b=-150.0, seeds=24, noise=0.9, extra=0.0):
    """Draw measurements whose mean has the expansion exactly, with a variance that falls like 1/width."""
    k = WIDTHS[:, None]
    return limit + a / k + b / k**2 + extra / np.sqrt(k) + noise / np.sqrt(k) * rng.standard_normal((5, seeds))


def test_the_expansion_is_recovered_exactly_without_noise():
    pair = np.array([1.0, -1.0])  # a spread that cancels in the mean
    measured = (0.8 + 9 / WIDTHS - 150 / WIDTHS**2)[:, None] + 1e-3 * pair
    fit = extrapolate(WIDTHS, measured)
    assert fit.coefficients == pytest.approx((0.8, 9.0, -150.0), rel=1e-9)
    assert fit.limit == fit.coefficients[0]


def test_the_standard_error_is_that_of_the_weighted_fit():
    """Compare with the textbook: limit = e1 (A^T V A)^-1 A^T V mean, and its variance term by term."""
    measured = measurements(np.random.default_rng(1))
    A = np.stack([np.ones(5), 1 / WIDTHS, 1 / WIDTHS**2], axis=1)
    V = np.diag(WIDTHS)
    solve = np.linalg.inv(A.T @ V @ A) @ A.T @ V
    fit = extrapolate(WIDTHS, measured)
    variance = measured.var(axis=1, ddof=1) / measured.shape[1]
    assert fit.limit == pytest.approx((solve @ measured.mean(axis=1))[0], rel=1e-9)
    assert fit.standard_error == pytest.approx(np.sqrt(solve[0] ** 2 @ variance), rel=1e-6)


def test_true_predictions_are_refuted_as_rarely_as_stated(monkeypatch):
    """False-alarm rate set to 0.1 to have something to count; 1000 trials; this test fails by chance once in 1e6."""
    monkeypatch.setattr(extrapolation, "FALSE_ALARM", 0.1)
    rng = np.random.default_rng(2)
    verdicts = [compare(WIDTHS, measurements(rng, seeds=8), 0.8).deviation for _ in range(1000)]
    thresholds = compare(WIDTHS, measurements(rng, seeds=8), 0.8).threshold
    alarms = int(np.sum(np.abs(verdicts) > thresholds))
    assert stats.binom(1000, 0.1).ppf(1e-6) <= alarms <= stats.binom(1000, 0.115).isf(1e-6)


def test_the_misfit_is_as_rare_as_stated(monkeypatch):
    """A true expansion is called a misfit in at most a tenth of 1000 trials, up to chance (1e-6)."""
    monkeypatch.setattr(extrapolation, "FALSE_ALARM", 0.1)
    rng = np.random.default_rng(3)
    misfits = sum(compare(WIDTHS, measurements(rng), 0.8).outcome == "undecided" for _ in range(1000))
    assert 50 < misfits <= stats.binom(1000, 0.115).isf(1e-6)


def test_an_error_of_the_stated_size_is_found_with_the_stated_power():
    """A prediction wrong by `detectable` is refuted in 95% of 400 trials, up to chance (1e-6)."""
    rng = np.random.default_rng(4)
    found = 0
    for _ in range(400):
        measured = measurements(rng)
        size = compare(WIDTHS, measured, 0.8).detectable
        found += compare(WIDTHS, measured, 0.8 * (1 + size)).outcome == "refuted"
    assert found >= stats.binom(400, 0.93).ppf(1e-6)


def test_two_percent_are_refused_given_enough_networks():
    rng = np.random.default_rng(5)
    measured = measurements(rng, seeds=400)
    assert compare(WIDTHS, measured, 0.8, tests=5).outcome == "held"
    assert compare(WIDTHS, measured, 0.8 * 1.02, tests=5).outcome == "refuted"
    assert compare(WIDTHS, measured, 0.8 * 0.98, tests=5).outcome == "refuted"


def test_another_rate_of_convergence_is_not_taken_for_agreement():
    """If the distance fell like width^-1/2, the fitted limit would mean nothing."""
    rng = np.random.default_rng(6)
    verdict = compare(WIDTHS, measurements(rng, seeds=4000, noise=0.3, extra=2.0), 0.8).outcome
    assert verdict == "undecided"


def test_more_tests_raise_the_threshold():
    measured = measurements(np.random.default_rng(7))
    assert compare(WIDTHS, measured, 0.8, tests=5).threshold > compare(WIDTHS, measured, 0.8).threshold


def test_too_little_to_extrapolate_from():
    with pytest.raises(InputError, match="at least 3 widths and 2 seeds, got 2 and 4"):
        extrapolate(WIDTHS[:2], np.ones((2, 4)))
    with pytest.raises(InputError, match="at least 3 widths and 2 seeds, got 5 and 1"):
        extrapolate(WIDTHS, np.ones((5, 1)))
