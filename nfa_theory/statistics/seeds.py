"""Mean, spread and standard error over seeds: one vocabulary for records, figures and verdicts."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr
from jaxtyping import Float


def mean_over_seeds(variable: xr.DataArray) -> xr.DataArray:
    """Average over seeds; where a value is undefined for one seed, so is the mean."""
    return variable.mean("seed", skipna=False)


def spread_over_seeds(variable: xr.DataArray) -> xr.DataArray:
    """Take the sample standard deviation over seeds (divisor n - 1); undefined for one seed."""
    if variable.sizes["seed"] < 2:
        return xr.full_like(variable.isel(seed=0, drop=True), np.nan, dtype=np.float64)
    return variable.std("seed", ddof=1, skipna=False)


def standard_error(variable: xr.DataArray) -> xr.DataArray:
    """Take the standard error of the mean over seeds."""
    return spread_over_seeds(variable) / math.sqrt(variable.sizes["seed"])


def summary(values: Float[np.ndarray, " s"]) -> dict[str, float | None]:
    """Summarize one number over seeds for JSON, where what is undefined is null."""
    deviation = float(values.std(ddof=1)) if len(values) > 1 else math.nan
    numbers = {
        "mean": float(values.mean()),
        "standard_deviation": deviation,
        "standard_error": deviation / math.sqrt(len(values)),
    }
    return {name: finite_or_none(number) for name, number in numbers.items()}


def finite_or_none(value: float) -> float | None:
    """Give a number as JSON knows it."""
    return float(value) if math.isfinite(value) else None
