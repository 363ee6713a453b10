"""Predicted and measured means at finite width, case by case and layer by layer, as one table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float

from nfa_theory.predict import predict_alignment
from nfa_theory.reproduce.width_grid import Case, Grid, measure
from numerics.data import DataSet

NETWORKS = 64
"""Random networks of a prediction, twice as many as are measured."""
TABLE_SCHEMA = "nfa-theory finite width 1"
WORDS = ("data", "activation")
COUNTS = ("depth", "width", "layer", "samples", "seeds")
NUMBERS = ("limit", "predicted", "predicted_error", "predicted_std", "measured", "measured_error", "measured_std")


def rows_of(case: Case, images: DataSet, measured: Float[np.ndarray, "s l"], networks: int, seed: int = 1) -> list[Any]:
    """Predict a case and put it beside its measurement."""
    X, Y = images.X.astype(np.float64), images.Y.astype(np.float64)
    net = case.network(X.shape[1], Y.shape[1])
    p = predict_alignment(X, Y, net, networks=networks, seed=int(case.seeds(1, seed)[0]))
    count = len(measured)
    std = measured.std(axis=0, ddof=1)
    columns = (p.limit, p.mean, p.mean_error, p.std, measured.mean(axis=0), std / np.sqrt(count), std)
    return [
        {
            "data": case.data,
            "activation": case.activation,
            "depth": case.depth,
            "width": case.width,
            "layer": layer,
            "samples": len(X),
            "seeds": count,
            **{name: float(column[layer - 1]) for name, column in zip(NUMBERS, columns, strict=True)},
        }
        for layer in p.layers
    ]


def compare_on(grid: Grid, seed: int, after_case: Callable[[int, int], None]) -> xr.Dataset:
    """Measure and predict all cases of a grid."""
    images = {name: grid.images(name) for name in grid.data}
    cases, rows = list(grid.cases()), []
    for done, case in enumerate(cases, start=1):
        measured = measure(case, images[case.data], grid.seeds, seed)
        rows += rows_of(case, images[case.data], measured, NETWORKS, seed + 1)
        after_case(done, len(cases))
    return as_table(rows)


def as_table(rows: Iterable[dict[str, Any]]) -> xr.Dataset:
    """Collect rows."""
    listed = list(rows)
    kinds: dict[str, Any] = {
        **dict.fromkeys(WORDS, str),
        **dict.fromkeys(COUNTS, np.int32),
        **dict.fromkeys(NUMBERS, np.float64),
    }
    variables: dict[str, Any] = {
        name: ("comparison", np.array([row[name] for row in listed]).astype(k)) for name, k in kinds.items()
    }
    return xr.Dataset(variables, attrs={"schema": TABLE_SCHEMA})
