"""Whether measured means at finite width follow the predicted ones, as a family, and how fast they tend to the limit.

One comparison among hundreds is beyond three standard errors by chance. So all of them are judged together: by the
greatest, with a bound shared among all (Bonferroni), and by the distribution of those that are independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float, Int64
from scipy import stats

from nfa_theory.statistics.error_rates import FALSE_ALARM

EXPONENTS = np.linspace(0.1, 3.0, 2901)
"""Among which that of a rate is sought."""
RESAMPLES = 1000
NETWORK = ("data", "activation", "depth")


@dataclass(frozen=True)
class Family:
    """All comparisons of predicted and measured means.

    Parameters
    ----------
    comparisons : int
        Their number.
    beyond_three : int
        How many deviate by more than three standard errors.
    expected_beyond_three : float
        How many of them chance would give: Student's t with the degrees of freedom of a measured mean.
    greatest, bound : float
        The greatest deviation, and what it may be, in standard errors, at a false-alarm rate for all together.
    independent : int
        Number of cases; the layers of one network are not independent of each other.
    p_value : float
        Kolmogorov-Smirnov test of the deviations of their last layers against Student's t.
    """

    comparisons: int
    beyond_three: int
    expected_beyond_three: float
    greatest: float
    bound: float
    independent: int
    p_value: float

    @property
    def held(self) -> bool:
        """Whether no deviation is beyond the bound and the distribution is as it must be."""
        return self.greatest <= self.bound and self.p_value >= FALSE_ALARM


@dataclass(frozen=True)
class Rate:
    """The exponent p in ``mean - limit = a / width^p``, one for all curves, with an amplitude for each.

    Parameters
    ----------
    exponent, low, high : float
        The best fit, and the ends of its interval of confidence 0.95.
    curves : int
        Fitted curves: a network at several widths, each layer by itself.
    """

    exponent: float
    low: float
    high: float
    curves: int


def deviations(table: xr.Dataset) -> Float[np.ndarray, " m"]:
    """Compare predicted and measured means."""
    error = np.hypot(table["measured_error"], table["predicted_error"])
    return np.asarray(((table["measured"] - table["predicted"]) / error).values)


def family(table: xr.Dataset) -> Family:
    """Judge all comparisons together."""
    z = deviations(table)
    student = stats.t(int(table["seeds"].min()) - 1)
    last = z[(table["layer"] == table["depth"]).values]
    return Family(
        comparisons=len(z),
        beyond_three=int((abs(z) > 3).sum()),
        expected_beyond_three=float(len(z) * 2 * student.sf(3)),
        greatest=float(abs(z).max()),
        bound=float(student.isf(FALSE_ALARM / (2 * len(z)))),
        independent=len(last),
        p_value=float(stats.kstest(last, student.cdf).pvalue),
    )


def rate(table: xr.Dataset, column: str = "measured") -> Rate | None:
    """Fit how fast means tend to their limits."""
    networks = _networks(table, column)
    if len(networks) < 2:
        return None
    best, drawn = _exponents(networks)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Rate(best, float(low), float(high), sum(map(len, networks)))


def rate_difference(table: xr.Dataset) -> Rate:
    """Subtract the exponent of the predicted means from that of the measured ones."""
    measured, predicted = (_networks(table, column) for column in ("measured", "predicted"))
    (one, of_one), (other, of_other) = _exponents(measured), _exponents(predicted)
    low, high = np.quantile(of_one - of_other, [0.025, 0.975])
    return Rate(one - other, float(low), float(high), sum(map(len, measured)))


def _exponents(networks: list[list[tuple[Any, Any, Any]]]) -> tuple[float, Float[np.ndarray, " r"]]:
    """Find the exponent of all networks, and those of networks drawn with replacement."""
    misfits = np.array([sum(_misfit(*curve) for curve in curves) for curves in networks])
    drawn = _resampled(len(networks)) @ misfits
    return float(EXPONENTS[misfits.sum(axis=0).argmin()]), EXPONENTS[drawn.argmin(axis=1)]


def away_from_limit(table: xr.Dataset) -> tuple[float, float]:
    """Average the deviations with the sign of predicted distances from the limit, which no single comparison shows."""
    signed = deviations(table) * np.sign((table["predicted"] - table["limit"]).values)
    each = np.array([signed[rows].mean() for _, rows in _groups(table, (*NETWORK, "width"))])
    return float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each)))


def distance_ratio(table: xr.Dataset) -> tuple[float, float]:
    """Compare how far means are from their limits with how far they are predicted to be."""
    measured, predicted = ((table[name] - table["limit"]).values for name in ("measured", "predicted"))
    own = table["predicted_error"].values ** 2
    weight = 1 / (own + table["predicted_std"].values ** 2 / table["seeds"].values)
    terms = np.array([weight * measured * predicted, weight * (predicted**2 - own)])
    sums = np.array([terms[:, rows].sum(axis=1) for _, rows in _groups(table, (*NETWORK, "width"))])
    drawn = _resampled(len(sums)) @ sums
    ratio, below = sums.sum(axis=0)
    return float(ratio / below), float(np.std(drawn[:, 0] / drawn[:, 1], ddof=1))


def _networks(table: xr.Dataset, column: str) -> list[list[tuple[Any, Any, Any]]]:
    """Collect widths, distances from the limit and their errors, layer by layer of each network."""
    found: dict[Any, list[tuple[Any, Any, Any]]] = {}
    for key, rows in _groups(table, (*NETWORK, "layer")):
        if rows.sum() > 1:
            part = table.isel(comparison=rows)
            distance = (part[column] - part["limit"]).values
            curve = part["width"].values.astype(float), distance, part[f"{column}_error"].values
            found.setdefault(key[:-1], []).append(curve)
    return list(found.values())


def _groups(table: xr.Dataset, names: Sequence[str]) -> list[tuple[Any, Bool[np.ndarray, " m"]]]:
    """Find the comparisons that agree in these columns: their values, and which rows have them."""
    keys = list(zip(*(table[name].values.tolist() for name in names), strict=True))
    return [(key, np.array([each == key for each in keys])) for key in sorted(set(keys))]


def _resampled(count: int) -> Int64[np.ndarray, "r c"]:
    """Draw with replacement, always in the same way: how often each of `count` comes in each resample."""
    return np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), RESAMPLES)


def _misfit(widths: Any, distance: Any, error: Any) -> Any:
    """Weighted sum of squares at the best amplitude, for every exponent."""
    shape = (widths / widths.min()) ** -EXPONENTS[:, None]
    amplitude = np.sum(distance * shape / error**2, axis=1) / np.sum((shape / error) ** 2, axis=1)
    return np.sum(((distance - amplitude[:, None] * shape) / error) ** 2, axis=1)
