"""Optimizers side by side: how figures name them, which plain SGD is the best, and the numbers as a table."""

from __future__ import annotations

import json
from collections.abc import Mapping

import xarray as xr


def title_of(optimizer: str) -> str:
    """Return the name of an optimizer of a record as a figure shows it.

    Examples
    --------
    >>> title_of("sgd 0.5"), title_of("slo 1")
    ('SGD, rate 0.5', 'SLO, layer 1')
    """
    kind, number = optimizer.split()
    return f"SGD, rate {number}" if kind == "sgd" else f"SLO, layer {number}"


def best_sgd(record: xr.Dataset) -> str:
    """Return the plain SGD that the verdict of a record compares with."""
    return str(json.loads(record.attrs["verdict"])["facts"]["best_sgd"])


def table(
    variables: Mapping[str, xr.DataArray], dimensions: list[str]
) -> tuple[list[str], list[list[float | int | str]]]:
    """List variables as columns, a row for each point of their dimensions."""
    frame = xr.Dataset({name: values.drop_vars("step", errors="ignore") for name, values in variables.items()})
    flat = frame.to_dataframe(dim_order=dimensions).reset_index()[[*dimensions, *variables]]
    return list(flat.columns), [list(row) for row in flat.itertuples(index=False, name=None)]
