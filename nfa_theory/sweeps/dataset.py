"""A whole sweep as one labelled data set, of which only what is used is read."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from xarray.core import indexing

from nfa_theory.sweeps.grid import Axis, Grid, canonical
from nfa_theory.sweeps.lazy import Kind, LazyVariable, common_labels
from nfa_theory.sweeps.store import RUNS, Store
from numerics.errors import InputError


def open(store: str | os.PathLike[str], plan: str | None = None) -> xr.Dataset:  # noqa: A001 - `nfa.sweeps.open`
    """Open all runs of a sweep as one data set; numbers are read when they are used.

    Parameters
    ----------
    store : path-like or str
        A folder or an address of fsspec that `run` has written to.
    plan : str, optional
        Name or title of a plan, for a store of several sweeps that differ in more than their values.

    Returns
    -------
    xarray.Dataset
        The axes of the grid come before the dimensions of a run: ``ds.uc_nfa.sel(width=64, layer=1).mean("seed")``. A
        setting is called by its last word (``width`` for ``network.width``) unless two end alike. Of settings that
        change together the first is the dimension. Runs that are missing, and steps or layers that a run has not, are
        NaN (0 for whole numbers, false, empty text); the variable ``finished`` says which runs are there.

    Raises
    ------
    InputError
        If there is no such store, it holds several sweeps and none is named, or it is damaged.
    """
    place = Store(os.fspath(store))
    place.check()
    return _joined(place, *_chosen(place, plan))


def _chosen(store: Store, wanted: str | None) -> tuple[Grid, dict[str, Any]]:
    plans = store.plans()
    if wanted is not None:
        found = [pair for name, pair in plans.items() if wanted in (name, pair[1].get("title"))]
        if not found:
            titles = ", ".join(sorted({str(more.get("title")) for _, more in plans.values()}))
            raise InputError(f"the plan must be one of {store.address} ({titles}), got {wanted!r}")
    else:
        found = list(plans.values())
    if not found:
        raise InputError(f"{store.address} must hold a sweep, got an empty store")
    grids = [grid for grid, _ in found]
    kinds = {canonical([grid.base, [axis.keys for axis in grid.axes]]) for grid in grids}
    if len(kinds) > 1:
        names = ", ".join(f"{name} ({more.get('title')})" for name, (_, more) in sorted(plans.items()))
        raise InputError(f"{store.address} holds sweeps of several kinds; name a plan: {names}")
    return _union(grids), found[0][1]


def _union(grids: Sequence[Grid]) -> Grid:
    """Join grids over the same settings: along every axis all values that occur."""
    axes = []
    for several in zip(*(grid.axes for grid in grids), strict=True):
        points = {canonical(point): point for axis in several for point in axis.values}
        axes.append(Axis(several[0].keys, tuple(points.values())))
    return Grid(grids[0].base, tuple(axes))


def _joined(store: Store, grid: Grid, more: Mapping[str, Any]) -> xr.Dataset:
    there = store.finished()
    runs = {run.at: run.name for run in grid if run.name in there}
    names = _short_names([key for axis in grid.axes for key in axis.keys])
    outer = tuple(names[axis.keys[0]] for axis in grid.axes)
    coordinates: dict[str, Any] = {}
    for dimension, axis in zip(outer, grid.axes, strict=True):
        for key, values in zip(axis.keys, zip(*axis.values, strict=True), strict=True):
            coordinates[names[key]] = (dimension, _labels(values), {"setting": key})
    shared: dict[str, Kind] = {}
    kinds = {name: _kind(store, name, outer, shared) for name in runs.values()}
    inner = {name: labels for name, labels in common_labels(shared.values()).items() if name not in coordinates}
    finished = np.zeros(grid.shape, bool)
    for at in runs:
        finished[at] = True
    data: dict[str, Any] = {"finished": (outer, finished)}
    variables = {name for kind in shared.values() for name in kind.arrays}
    for name in sorted(variables - {*data, *inner, *coordinates}):
        backend = LazyVariable(store, name, (outer, grid.shape), runs, kinds, inner)
        data[name] = xr.Variable(backend.dims, indexing.LazilyIndexedArray(backend), backend.attributes)
    title = {"title": str(more.get("title")), "settings": canonical(dict(grid.base))}
    joined = xr.Dataset(data, coordinates | {name: (name, values) for name, values in inner.items()}, title)
    return joined.set_coords(sorted({name for kind in shared.values() for name in kind.apart} & set(data)))


def _kind(store: Store, name: str, outer: Sequence[str], shared: dict[str, Kind]) -> Kind:
    """Describe the arrays of a run; runs of the same kind share one description."""
    kind = Kind(store.described(name), outer, f"{store.address}/{RUNS}/{name}")
    return shared.setdefault(kind.text, kind)


def _short_names(keys: Sequence[str]) -> dict[str, str]:
    """Call settings by their last word, unless two end alike.

    Examples
    --------
    >>> _short_names(["network.width", "data.name", "optimizer.name"])
    {'network.width': 'width', 'data.name': 'data.name', 'optimizer.name': 'optimizer.name'}
    """
    last = [key.rpartition(".")[2] for key in keys]
    return {key: short if last.count(short) == 1 else key for key, short in zip(keys, last, strict=True)}


def _labels(values: Sequence[Any]) -> np.ndarray[Any, Any]:
    """Make a coordinate of values: numbers where all are, text otherwise."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return np.asarray(values)
    return np.asarray([value if isinstance(value, str) else canonical(value) for value in values])
