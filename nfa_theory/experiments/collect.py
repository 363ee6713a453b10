"""Records of several settings side by side, and their verdict."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

SCHEMA = "nfa-theory experiment 1"


def side_by_side(
    records: Sequence[xr.Dataset], dimension: str, values: Sequence[Any], *, experiment: str, verdict: Mapping[str, Any]
) -> xr.Dataset:
    """Join records along a new dimension, with a verdict.

    Parameters
    ----------
    records : sequence of xarray.Dataset
        Of equal dimensions.
    dimension : str
        What differs between them.
    values : sequence
        Its values.
    experiment : str
        Name of the experiment.
    verdict : mapping
        What the experiment says, as JSON knows it; ``"held"`` is true or false.

    Returns
    -------
    xarray.Dataset
        With the configurations of all records in its attribute ``configs``.
    """
    bare = [record.drop_attrs() for record in records]
    joined = xr.concat(
        bare,
        dim=xr.Variable(dimension, list(values)),
        data_vars="all",
        coords="minimal",
        compat="override",
        join="override",
    )
    first = records[0].attrs
    joined.attrs = {
        "schema": SCHEMA,
        "experiment": experiment,
        "verdict": json.dumps(verdict, sort_keys=True),
        "configs": json.dumps([json.loads(record.attrs["config"]) for record in records], sort_keys=True),
        "version": first["version"],
        "machine": first["machine"],
    }
    return joined


def with_verdict(record: xr.Dataset, *, experiment: str, verdict: Mapping[str, Any]) -> xr.Dataset:
    """Return a record of `simulate` with the name of an experiment and its verdict among its attributes."""
    return record.assign_attrs(experiment=experiment, verdict=json.dumps(verdict, sort_keys=True))


def verdict_of(record: xr.Dataset) -> dict[str, Any]:
    """Return the verdict of an experiment's record."""
    verdict: dict[str, Any] = json.loads(record.attrs["verdict"])
    return verdict


def paired_p_value(smaller: Sequence[float], larger: Sequence[float]) -> float:
    """Return the one-sided p-value of a paired t-test that the first is smaller on average.

    Parameters
    ----------
    smaller, larger : sequence of float
        One value for each seed, in one order.

    Returns
    -------
    float
    """
    from scipy.stats import ttest_rel

    return float(ttest_rel(np.asarray(smaller), np.asarray(larger), alternative="less").pvalue)
