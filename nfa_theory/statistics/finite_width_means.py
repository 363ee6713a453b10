"""Is a predicted mean at finite width what simulated networks have? At every width, and on the same weights.

A prediction for finite width is itself an average over networks: of each it evaluates a formula, and their spread
says how far such a mean can be from the truth. Two questions need no extrapolation:

* *independent networks*: the means of the simulated networks are compared with the predicted means, width by width and
  over all widths, in units of the standard error of their difference (Welch's test);
* *the same networks*: the formula and one small step from the same weights differ by an amount of the order
  of the step, whatever the width. Network by network that difference varies little: a few pairs show an error of
  the formula that hundreds of independent networks would not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import special

from nfa_theory.statistics.error_rates import FALSE_ALARM, MISSED
from numerics.errors import InputError


@dataclass(frozen=True)
class MeanComparison:
    """What simulated networks say of a prediction.

    Parameters
    ----------
    difference : float
        Measured less predicted, relative to what was predicted.
    deviation : float
        The difference in its standard errors.
    threshold : float
        The deviation beyond which the prediction is refuted.
    detectable : float
        The relative error of the prediction that would have been found but for the rate `MISSED`.
    """

    difference: float
    deviation: float
    threshold: float
    detectable: float

    @property
    def held(self) -> bool:
        """Whether the deviation is within the threshold; NaN is not."""
        return abs(self.deviation) <= self.threshold


def compare_means(
    predicted: Float[np.ndarray, " widths"],
    predicted_error: Float[np.ndarray, " widths"],
    networks: int,
    measured: Float[np.ndarray, "widths seeds"],
    tests: int = 1,
) -> MeanComparison:
    """Compare predicted means with those of independent networks: the mean relative difference over all widths.

    All widths count alike, whatever the spread is there, so that the weights do not depend on what was measured.

    Parameters
    ----------
    predicted, predicted_error : array
        Mean of the formula over random networks at each width, and its standard error.
    networks : int
        Of which each of these means was taken.
    measured : array
        What was measured on other networks of the same law.
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
    seeds = measured.shape[1]
    if min(networks, seeds) < 2:
        raise InputError(f"means need at least 2 networks of either kind, got {networks} and {seeds}")
    difference = measured.mean(axis=1) / predicted - 1
    variances = np.stack([predicted_error**2, measured.var(axis=1, ddof=1) / seeds]) / predicted**2
    freedom = variances.sum() ** 2 / np.sum(variances**2 / np.array([[networks - 1], [seeds - 1]]))
    error = float(np.sqrt(variances.sum())) / len(predicted)
    return _judged(float(difference.mean()), 0.0, error, float(freedom), tests)


def compare_on_the_same_networks(
    predicted: Float[np.ndarray, " networks"],
    measured: Sequence[Float[np.ndarray, " networks"]],
    tests: int = 1,
    resolution: float = 0.0,
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
    resolution : float
        Relative difference that rounding may make.

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
    whole, half = (np.asarray(each, dtype=np.float64) / predicted for each in measured)
    difference = 2 * half - whole - 1
    left = float(np.abs(np.mean(whole - half))) / 4 + resolution
    error = float(difference.std(ddof=1) / np.sqrt(len(difference)))
    return _judged(float(difference.mean()), left, error, len(difference) - 1, tests)


def _judged(difference: float, left: float, error: float, freedom: float, tests: int) -> MeanComparison:
    """Judge a relative difference with a standard error, and an amount that may be left of something else."""
    unit = error if error > 0 else float(np.spacing(1.0))
    threshold = _quantile(freedom, FALSE_ALARM / (2 * tests)) + left / unit
    return MeanComparison(difference, difference / unit, threshold, (threshold + _quantile(freedom, MISSED)) * unit)


def _quantile(freedom: float, rate: float) -> float:
    """Return what Student's variable exceeds at this rate."""
    return -float(special.stdtrit(freedom, rate))
