"""Records of several settings side by side."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import xarray as xr


def side_by_side(records: Mapping[Any, xr.Dataset], dimension: str) -> xr.Dataset:
    """Join records along a new dimension."""
    joined = _joined([record.drop_attrs() for record in records.values()], xr.Variable(dimension, list(records)))
    first = next(iter(records.values())).attrs
    configs = [json.loads(record.attrs["config"]) for record in records.values()]
    joined.attrs = {"configs": json.dumps(configs, sort_keys=True)} | {
        key: first[key] for key in ("version", "machine")
    }
    return joined


def along_seeds(records: list[xr.Dataset]) -> xr.Dataset:
    """Join records of one setting, each with seeds of its own; the attributes are those of the first."""
    joined = _joined(records, "seed")
    joined.attrs = records[0].attrs | {"seed": json.dumps(joined["seed"].values.tolist())}
    return joined


def seed_by_seed(
    makers: Sequence[Callable[..., xr.Dataset]], *, progress: Callable[[int, int], None], **options: Any
) -> xr.Dataset:
    """Make the record of each seed with the same options, one after another, and join them."""
    records = []
    for done, make in enumerate(makers, start=1):
        records.append(make(**options))
        progress(done, len(makers))
    return along_seeds(records)


def _joined(records: list[xr.Dataset], dimension: Any) -> xr.Dataset:
    return xr.concat(
        records,
        dim=dimension,
        data_vars="all",
        coords="minimal",
        compat="override",
        join="override",
        combine_attrs="drop",
    )


def last_step(record: xr.Dataset) -> xr.Dataset:
    """Return what was measured after training."""
    return record.isel(step=-1)


def by_seed(variable: xr.DataArray, **setting: Any) -> list[float]:
    """Return the values of a variable at a setting, one for each seed."""
    chosen = variable.sel(setting)
    values: list[float] = chosen.values.tolist()
    return values
