"""Records of several settings side by side, and what a claim states of them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import xarray as xr

from nfa_theory.statistics.verdict import Part


def side_by_side(values: Sequence[Any], records: Sequence[xr.Dataset], dimension: str) -> xr.Dataset:
    """Join the records of the values of a setting along a new dimension."""
    joined = _joined([record.drop_attrs() for record in records], xr.Variable(dimension, list(values)))
    configs = json.dumps([json.loads(record.attrs["config"]) for record in records], sort_keys=True)
    return joined.assign_attrs(configs=configs, **{key: records[0].attrs[key] for key in ("version", "machine")})


def along_seeds(records: list[xr.Dataset]) -> xr.Dataset:
    """Join records of one setting, each with seeds of its own; the attributes are those of the first."""
    if len(records) == 1:
        return records[0]
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


def in_every_layer(
    statement: str, variable: xr.DataArray, above: float = -math.inf, below: float = math.inf, **setting: Any
) -> list[Part]:
    """State the same of every layer; ``{layer}`` in the statement becomes its number."""
    return [
        Part(statement.format(layer=layer), by_seed(variable, layer=layer, **setting), above, below)
        for layer in variable.layer.values.tolist()
    ]


def too_short(record: xr.Dataset, steps: int) -> str:
    """Say that a run is shorter than a claim asks for; nothing if it is not."""
    last = int(record.step.values[-1])
    return f"the claim is on training for {steps} steps, this run has {last}" if last < steps else ""
