"""Whether measured means at finite width follow the predicted ones, as a family, and how fast they tend to the limit.

One comparison among hundreds is beyond three standard errors by chance. So all of them are judged together: by the
greatest, with a bound shared among all (Bonferroni), and by the distribution of those that are independent.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float
from scipy import stats
from scipy.optimize import brentq, minimize_scalar

from nfa_theory.reproduce.convergence import FALSE_ALARM_RATE


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
        return self.greatest <= self.bound and self.p_value >= FALSE_ALARM_RATE


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
    """Compare predicted and measured means.

    Parameters
    ----------
    table : xarray.Dataset
        From `nfa_theory.reproduce.width_table`.

    Returns
    -------
    (m,) array
        Measured minus predicted, over the standard error of the difference.
    """
    error = np.hypot(table["measured_error"], table["predicted_error"])
    return np.asarray(((table["measured"] - table["predicted"]) / error).values)


def family(table: xr.Dataset) -> Family:
    """Judge all comparisons together.

    Parameters
    ----------
    table : xarray.Dataset
        From `nfa_theory.reproduce.width_table`.

    Returns
    -------
    Family
        Student's t has as many degrees of freedom as a mean over the measured networks: the prediction's own error,
        known better, makes true deviations a little smaller.
    """
    z = deviations(table)
    student = stats.t(int(table["seeds"].min()) - 1)
    last = z[(table["layer"] == table["depth"]).values]
    return Family(
        comparisons=len(z),
        beyond_three=int((abs(z) > 3).sum()),
        expected_beyond_three=float(len(z) * 2 * student.sf(3)),
        greatest=float(abs(z).max()),
        bound=float(student.isf(FALSE_ALARM_RATE / (2 * len(z)))),
        independent=len(last),
        p_value=float(stats.kstest(last, student.cdf).pvalue),
    )


def rate(table: xr.Dataset, column: str = "measured") -> Rate | None:
    """Fit how fast means tend to their limits.

    Parameters
    ----------
    table : xarray.Dataset
        From `nfa_theory.reproduce.width_table`.
    column : {"measured", "predicted"}
        Which means.

    Returns
    -------
    Rate or None
        None where no network has two widths. The amplitudes are eliminated: they enter linearly. The interval is
        that of the likelihood ratio, wider by the misfit if there is more than chance explains; layers of one network
        are treated as independent, which they are not quite.
    """
    curves = _curves(table, column)
    free = sum(len(widths) - 1 for widths, _, _ in curves) - 1
    if free < 1:
        return None

    def misfit(p: float) -> float:
        return float(sum(_misfit(p, *curve) for curve in curves))

    best = minimize_scalar(misfit, bounds=(0.1, 3.0), method="bounded", options={"xatol": 1e-6})
    allowed = best.fun + stats.chi2(1).isf(0.05) * max(best.fun / free, 1.0)

    def beyond(p: float) -> float:
        return float(misfit(p) - allowed)

    low, high = (brentq(beyond, best.x, end) if beyond(end) > 0 else end for end in (0.1, 3.0))
    return Rate(float(best.x), float(low), float(high), len(curves))


def _curves(table: xr.Dataset, column: str) -> list[tuple[Any, Any, Any]]:
    keys = list(zip(*(table[name].values.tolist() for name in ("data", "activation", "depth", "layer")), strict=True))
    found = []
    for key in sorted(set(keys)):
        rows = np.array([each == key for each in keys])
        if rows.sum() > 1:
            part = table.isel(comparison=rows)
            distance = (part[column] - part["limit"]).values
            found.append((part["width"].values.astype(float), distance, part[f"{column}_error"].values))
    return found


def _misfit(p: float, widths: Any, distance: Any, error: Any) -> float:
    """Weighted sum of squares at the best amplitude."""
    shape = (widths / widths.min()) ** -p
    amplitude = np.sum(distance * shape / error**2) / np.sum((shape / error) ** 2)
    return float(np.sum(((distance - amplitude * shape) / error) ** 2))


def as_results(table: xr.Dataset) -> dict[str, Any]:
    """Write the judgment as numbers that JSON knows.

    Parameters
    ----------
    table : xarray.Dataset
        From `nfa_theory.reproduce.width_table`.

    Returns
    -------
    dict
        ``family``, ``held`` and ``rate``.
    """
    found, fitted = family(table), rate(table)
    return {"held": found.held, "family": asdict(found), "rate": None if fitted is None else asdict(fitted)}
