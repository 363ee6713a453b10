"""The judgment on a family of comparisons: what is true is let pass, what is wrong is refused, rates are found."""

import itertools

import numpy as np
import pytest

from nfa_theory.experiments.finite_width.measure import as_table, numbers
from nfa_theory.statistics.family import (
    away_from_limit,
    deviations,
    distance_ratio,
    family,
    rate,
    rate_difference,
)

SEEDS = 30


def invented(exponent=1.0, shift=0.0, seed=0, noise=0.1, alike=False):
    """A table whose truth is known: distance ``depth / (2 width^exponent)``, and predictions off by a share of it.

    Layers of one network fluctuate independently, or all alike.
    """
    rng, rows = np.random.default_rng(seed), []
    for data, activation, depth, width in itertools.product("ab", ("relu", "erf", "tanh"), (1, 2, 3), (64, 256, 1024)):
        common = rng.standard_normal(SEEDS)
        for layer in range(1, depth + 1):
            spread, effect = noise / np.sqrt(width), depth / 2 / width**exponent
            runs = 0.9 + effect + spread * (common if alike else rng.standard_normal(SEEDS))
            predicted = 0.9 + (1 + shift) * effect + 0.1 * spread * rng.standard_normal()
            std = runs.std(ddof=1)
            rows.append(
                {
                    "data": data,
                    "activation": activation,
                    "depth": depth,
                    "width": width,
                    "layer": layer,
                    "samples": 60,
                    "seeds": SEEDS,
                    "limit": 0.9,
                    "predicted": predicted,
                    "predicted_error": 0.1 * spread,
                    "predicted_std": spread,
                    "measured": runs.mean(),
                    "measured_error": std / np.sqrt(SEEDS),
                    "measured_std": std,
                }
            )
    return as_table(rows)


def test_true_predictions_hold_and_wrong_ones_do_not():
    """False-alarm rate 2e-3 for each family; 20 families of truths must all hold, up to one."""
    assert sum(family(invented(seed=seed)).held for seed in range(20)) >= 19
    for wrong in (0.5, -0.5, -1.0):  # -1 is the limit in place of the mean
        assert not family(invented(shift=wrong)).held


def test_the_family_counts_what_chance_gives():
    table = invented()
    found = family(table)
    assert found.comparisons == table.sizes["comparison"] == len(deviations(table))
    assert found.independent == 2 * 3 * 3 * 3
    assert found.beyond_three == (abs(deviations(table)) > 3).sum()
    assert found.expected_beyond_three == pytest.approx(found.comparisons * 0.0055, rel=0.02)  # P(|t_29| > 3)


@pytest.mark.parametrize(
    ("exponent", "column", "alike"),
    [
        (0.5, "measured", False),
        (1.0, "measured", True),
        (1.0, "predicted", False),
        (1.5, "measured", False),
    ],
)
def test_the_rate_is_found_within_its_interval(exponent, column, alike):
    """Of 20 intervals at least 15 cover the truth, but for a chance of 3e-4 if each does with 0.95; none is wide."""
    fits = [rate(invented(exponent, seed=seed, noise=0.01, alike=alike), column) for seed in range(20)]
    assert sum(fit.low <= exponent <= fit.high for fit in fits) >= 15
    assert max(fit.high - fit.low for fit in fits) < 0.4
    assert fits[0].curves == 36


def test_a_small_common_deviation_is_noticed():
    """Predictions 10 % off: no comparison is beyond the bound, but their average is; a wrong exponent shows too."""
    true, off = (invented(shift=shift, noise=0.05, alike=True) for shift in (0.0, -0.1))
    assert family(off).greatest < family(off).bound
    for table, noticed in ((true, False), (off, True)):
        mean, error = away_from_limit(table)
        assert (mean > 4 * error) is noticed
    table, other = invented(1.0, seed=1, noise=0.01, alike=True), invented(0.9, seed=1, noise=0.01, alike=True)
    difference = rate_difference(table)
    assert difference.low <= 0 <= difference.high
    difference = rate_difference(table.assign(measured=other["measured"]))
    assert difference.low <= -0.1 <= difference.high < 0


def test_the_ratio_of_distances_is_found_with_its_error():
    """z-test of the mean of 40 ratios, false-alarm rate 1e-4; refused where an error of predictions is left out, which
    makes their squares too great, or where predictions are 15 percent off. The errors are right within 30 percent.
    """
    tables = [at_width(invented(seed=seed, noise=0.15), 1024) for seed in range(40)]
    ratios, errors = np.array([distance_ratio(table) for table in tables]).T
    z = lambda values, truth: (np.mean(values) - truth) / np.std(values, ddof=1) * np.sqrt(len(values))  # noqa: E731
    assert abs(z(ratios, 1)) < 3.9
    assert abs(z(ratios, 1.15)) > 3.9
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(np.std(ratios, ddof=1), rel=0.3)
    silent = [distance_ratio(table.assign(predicted_error=0 * table["predicted_error"]))[0] for table in tables]
    assert abs(z(silent, 1)) > 3.9
    wide = [distance_ratio(at_width(invented(shift=0.25, seed=seed), 64))[0] for seed in range(10)]
    assert abs(z(wide, 1 / 1.25)) < 3.9 < abs(z(wide, 1))


def at_width(table, width):
    return table.isel(comparison=(table["width"] == width).values)


def test_one_width_has_no_rate():
    table = invented()
    assert rate(table.isel(comparison=(table["width"] == 64).values)) is None
    assert numbers(table.isel(comparison=(table["width"] == 64).values))["rate"] is None
