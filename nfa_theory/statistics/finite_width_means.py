"""Is a predicted mean at finite width what simulated networks have? At every width, and on the same weights.

A prediction for finite width is itself an average over networks: of each it evaluates a formula, and their spread
says how far such a mean can be from the truth. Two questions need no extrapolation:

* *independent networks*: at each width the mean of the simulated networks is compared with the predicted mean, in units
  of the standard error of their difference (Welch's test);
* *the same networks*: the formula and one small step from the same weights differ by an amount of the order
  of the step, whatever the width. Network by network that difference varies little: a few pairs show an error of
  the formula that hundreds of independent networks would not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import stats

from numerics.errors import InputError

FALSE_ALARM_RATE = 1e-3
"""Chance that a true prediction is refuted, shared among all comparisons (Bonferroni)."""
POWER = 0.95
"""The chance with which an error of the size `MeanComparison.detectable` is found."""


@dataclass(frozen=True)
class MeanComparison:
    """What simulated networks say of one predicted mean.

    Parameters
    ----------
    predicted, measured : float
        The two means.
    deviation : float
        ``measured - predicted`` in standard errors of the difference.
    threshold : float
        The deviation beyond which the prediction is refuted.
    detectable : float
        The error of the prediction, relative to it, that would have been found with probability `POWER`.
    """

    predicted: float
    measured: float
    deviation: float
    threshold: float
    detectable: float

    @property
    def held(self) -> bool:
        """Whether the deviation is within the threshold; NaN is not."""
        return abs(self.deviation) <= self.threshold


def compare_means(
    predicted: Float[np.ndarray, " networks"], measured: Float[np.ndarray, " seeds"], tests: int = 1
) -> MeanComparison:
    """Compare values predicted for some random networks with those measured on others.

    Parameters
    ----------
    predicted : array
        What the formula says of each network of the prediction.
    measured : array
        What was measured on independent networks of the same law.
    tests : int
        Comparisons among which the false-alarm rate is shared.

    Returns
    -------
    MeanComparison

    Raises
    ------
    InputError
        If there are fewer than two networks of either kind.
    """
    groups = [np.asarray(each, dtype=np.float64) for each in (predicted, measured)]
    if min(len(each) for each in groups) < 2:
        raise InputError(f"means need at least 2 networks of either kind, got {len(groups[0])} and {len(groups[1])}")
    shares = np.array([each.var(ddof=1) / len(each) for each in groups])
    freedom = float(shares.sum() ** 2 / sum(s**2 / (len(each) - 1) for s, each in zip(shares, groups, strict=True)))
    return _judged(groups[0].mean(), groups[1].mean(), 0.0, float(np.sqrt(shares.sum())), freedom, tests)


def compare_on_the_same_networks(
    predicted: Float[np.ndarray, " networks"],
    measured: Sequence[Float[np.ndarray, " networks"]],
    tests: int = 1,
) -> MeanComparison:
    """Compare a formula with small steps from the same weights, one step half as long as the other.

    What the step adds is linear in its length to leading order: the difference of the two measurements removes it, and
    bounds what is left by a quarter of itself.

    Parameters
    ----------
    predicted : array
        What the formula says of each network.
    measured : sequence of two arrays
        What was measured on each network after a step, and after one of half the length.
    tests : int
        Comparisons among which the false-alarm rate is shared.

    Returns
    -------
    MeanComparison

    Raises
    ------
    InputError
        If there are fewer than two networks, or the arrays do not belong to the same ones.
    """
    if len(measured) != 2 or len({len(each) for each in (predicted, *measured)}) != 1 or len(predicted) < 2:
        lengths = [len(predicted), *(len(each) for each in measured)]
        raise InputError(f"a formula and two steps need the same 2 or more networks, got {lengths}")
    whole, half = (np.asarray(each, dtype=np.float64) for each in measured)
    without_step = 2 * half - whole
    difference = without_step - predicted
    left = float(np.abs(np.mean(whole - half))) / 4
    error = float(difference.std(ddof=1) / np.sqrt(len(difference)))
    return _judged(float(np.mean(predicted)), float(np.mean(without_step)), left, error, len(difference) - 1, tests)


def _judged(predicted: float, measured: float, left: float, error: float, freedom: float, tests: int) -> MeanComparison:
    """Judge a difference of means with a standard error, and an amount that may be left of something else."""
    student = stats.t(freedom)
    quantile = float(student.isf(FALSE_ALARM_RATE / (2 * tests)))
    unit = error if error > 0 else float(np.spacing(abs(predicted)))
    threshold = quantile + left / unit
    detectable = (threshold * unit + float(student.isf(1 - POWER)) * unit) / abs(predicted)
    return MeanComparison(
        float(predicted), float(measured), (measured - predicted) / unit, threshold, float(detectable)
    )
