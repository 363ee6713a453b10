"""Mean and spread over seeds of what a record holds: the only arithmetic that a figure does."""

from __future__ import annotations

import numpy as np
import xarray as xr


def mean_over_seeds(variable: xr.DataArray) -> xr.DataArray:
    """Average over seeds; where a value is undefined for one seed, so is the mean."""
    return variable.mean("seed", skipna=False)


def spread_over_seeds(variable: xr.DataArray) -> xr.DataArray:
    """Take the sample standard deviation over seeds (divisor n - 1); undefined for one seed."""
    if variable.sizes["seed"] < 2:
        return xr.full_like(variable.isel(seed=0, drop=True), np.nan, dtype=np.float64)
    return variable.std("seed", ddof=1, skipna=False)


def describe_band(record: xr.Dataset) -> str:
    """Say what lines and bands mean for this record, for captions."""
    seeds = record.sizes["seed"]
    if seeds == 1:
        return "Lines: one seed, so there are no bands."
    return f"Lines: mean over {seeds} seeds; bands: ± 1 standard deviation over these seeds."
