"""Does a measurement at finite widths tend to what theory predicts for infinite width? A test that can fail.

An alignment is a smooth function of averages over the units of each layer, so its mean over random initializations
has an expansion in 1/width. The check fits ``limit + a/width + b/width^2`` to measurements at several widths and
compares the fitted limit with the predicted one in units of its standard error. Nothing in it is tuned: the
exponents come from the theory, the error from the spread over seeds, the threshold from the false-alarm rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import stats
from scipy.linalg import null_space

from nfa_theory.statistics.error_rates import FALSE_ALARM, MISSED
from nfa_theory.statistics.verdict import Outcome
from numerics.errors import InputError

ORDER = 2
"""Highest power of 1/width in the expansion."""


@dataclass(frozen=True)
class Extrapolation:
    """A quantity extrapolated to infinite width, with its standard error.

    Parameters
    ----------
    limit, standard_error : float
        The estimate and its standard error.
    degrees_of_freedom : float
        Of Student's distribution that the standardized error follows (Welch and Satterthwaite).
    coefficients : tuple of float
        ``(limit, a, b)`` of the expansion in 1/width.
    misfit_p_value : float
        Chance of deviations from the expansion as large as those seen if the expansion is right; NaN if there
        are no more widths than coefficients.
    """

    limit: float
    standard_error: float
    degrees_of_freedom: float
    coefficients: tuple[float, ...]
    misfit_p_value: float


@dataclass(frozen=True)
class Comparison:
    """What measurements say of one prediction.

    Parameters
    ----------
    outcome : {"held", "refuted", "undecided"}
        Undecided if the expansion does not describe the measurements, so that the fitted limit means nothing.
    predicted : float
        What theory said.
    extrapolation : Extrapolation
        What the measurements say.
    deviation : float
        ``limit - predicted`` in standard errors.
    threshold : float
        The deviation beyond which a prediction is refuted.
    detectable : float
        The error of a prediction that this check would have found but for the rate `MISSED`, over the prediction.
    """

    outcome: Outcome
    predicted: float
    extrapolation: Extrapolation
    deviation: float
    threshold: float
    detectable: float


def extrapolate(widths: Float[np.ndarray, " w"], measured: Float[np.ndarray, "w s"]) -> Extrapolation:
    """Extrapolate to infinite width by least squares in powers of 1/width.

    The weights in the fit are proportional to the width, as the inverse variance is in theory. They are fixed in
    advance, so the estimate is unbiased whatever the variances are; its standard error is taken from the spread over
    seeds at each width.
    """
    if len(widths) <= ORDER or measured.shape[1] < 2:
        raise InputError(
            f"an extrapolation needs at least {ORDER + 1} widths and 2 seeds, got {len(widths)} and {measured.shape[1]}"
        )
    seeds = measured.shape[1]
    powers = (np.min(widths) / widths)[:, None] ** np.arange(ORDER + 1)  # scaled: a well-conditioned fit
    root = np.sqrt(widths)[:, None]
    solve = np.linalg.pinv(root * powers) * root.T
    mean = measured.mean(axis=1)
    variance = measured.var(axis=1, ddof=1) / seeds
    share = solve[0] ** 2 * variance
    scaled = solve @ mean
    return Extrapolation(
        limit=float(scaled[0]),
        standard_error=float(np.sqrt(share.sum())),
        degrees_of_freedom=float(share.sum() ** 2 / (share**2).sum() * (seeds - 1)),
        coefficients=tuple(float(c) for c in scaled * np.min(widths) ** np.arange(ORDER + 1)),
        misfit_p_value=_misfit(mean, powers, variance, seeds),
    )


def compare(
    widths: Float[np.ndarray, " w"],
    measured: Float[np.ndarray, "w s"],
    predicted: float,
    tests: int = 1,
) -> Comparison:
    """Check a prediction for infinite width against measurements at finite widths."""
    extrapolation = extrapolate(widths, measured)
    student = stats.t(extrapolation.degrees_of_freedom)
    threshold = float(student.isf(FALSE_ALARM / (2 * tests)))
    deviation = (extrapolation.limit - predicted) / extrapolation.standard_error
    refuted = abs(deviation) > threshold
    misfit = extrapolation.misfit_p_value < FALSE_ALARM / tests
    return Comparison(
        outcome="undecided" if misfit else "refuted" if refuted else "held",
        predicted=predicted,
        extrapolation=extrapolation,
        deviation=float(deviation),
        threshold=threshold,
        detectable=float((threshold + student.isf(MISSED)) * extrapolation.standard_error / abs(predicted)),
    )


def _misfit(
    mean: Float[np.ndarray, " w"],
    powers: Float[np.ndarray, "w p"],
    variance: Float[np.ndarray, " w"],
    seeds: int,
) -> float:
    """Test whether the part of the means that no choice of coefficients explains has expectation zero."""
    unexplained = null_space(powers.T)
    free = unexplained.shape[1]
    if free < 1:
        return float("nan")
    z = unexplained.T @ mean
    covariance = (unexplained.T * variance) @ unexplained
    statistic = float(z @ np.linalg.solve(covariance, z)) / free
    return float(stats.f(free, (seeds - 1) * len(mean)).sf(statistic))
