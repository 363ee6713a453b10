"""One variable of all runs as one array, whose numbers are read run by run when they are asked for."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from xarray.backends import BackendArray
from xarray.core import indexing

from nfa_theory.sweeps.grid import canonical
from nfa_theory.sweeps.store import RUNS, Store
from nfa_theory.sweeps.zarr_format import chunk_key, decode_array, dimensions, layout
from numerics.errors import InputError


class Kind:
    """What the description of a run tells of its arrays; of many runs it is the same.

    Parameters
    ----------
    described : mapping
        As `Store.described` returns it.
    outer : sequence of str
        Dimensions of the grid; a run may have one of them, of size 1.
    where : str
        Of the run, for messages.
    """

    def __init__(self, described: Mapping[str, Any], outer: Sequence[str], where: str) -> None:
        attributes = described["attributes"]
        self.arrays: dict[str, Any] = described["arrays"]
        self.labels: dict[str, list[Any]] = {
            name: values for name, values in attributes.get("sweep_labels", {}).items() if name not in outer
        }
        self.apart: list[str] = str(attributes.get("coordinates", "")).split()
        self.text = canonical([self.arrays, self.labels, self.apart])
        self.outer = set(outer)
        self.sizes: dict[str, int] = {}
        for name, array in self.arrays.items():
            shape, _ = layout(array, f"{where}: {name}")
            for dimension, size in zip(dimensions(array), shape, strict=True):
                if dimension in self.outer and size != 1:
                    raise InputError(
                        f"{where}: {name} must not have an axis of the grid, {dimension!r}, with size {size}"
                    )
                self.sizes[dimension] = size

    def inner(self, name: str) -> tuple[str, ...]:
        """Return the dimensions of a variable that the grid has not."""
        return tuple(dimension for dimension in dimensions(self.arrays[name]) if dimension not in self.outer)

    def labels_of(self, dimension: str) -> list[Any]:
        """Return the labels along a dimension: their numbers from 0 where it has none."""
        return self.labels.get(dimension, list(range(self.sizes[dimension])))


def common_labels(kinds: Iterable[Kind]) -> dict[str, np.ndarray[Any, Any]]:
    """Join the labels of all runs along every inner dimension: numbers in order, text as it comes."""
    found: dict[str, dict[Any, None]] = {}
    for kind in kinds:
        for dimension in (*kind.sizes, *kind.labels):
            if dimension not in kind.outer:
                found.setdefault(dimension, {}).update(dict.fromkeys(kind.labels_of(dimension)))
    return {
        name: np.asarray(list(labels) if any(isinstance(each, str) for each in labels) else sorted(labels))
        for name, labels in found.items()
    }


class LazyVariable(BackendArray):
    """A variable over the grid and its own dimensions, for xarray's lazy indexing.

    Parameters
    ----------
    store : Store
        Where the runs are.
    name : str
        The variable.
    grid : tuple
        Dimensions and shape of the grid.
    runs : mapping
        Names of the runs that are there, by their place.
    kinds : mapping
        The description of each run, by its name.
    labels : mapping
        All labels of the inner dimensions.
    """

    def __init__(
        self,
        store: Store,
        name: str,
        grid: tuple[tuple[str, ...], tuple[int, ...]],
        runs: Mapping[tuple[int, ...], str],
        kinds: Mapping[str, Kind],
        labels: Mapping[str, np.ndarray[Any, Any]],
    ) -> None:
        self.store, self.name, self.runs, self.kinds = store, name, runs, kinds
        having = list({kind.text: kind for kind in kinds.values() if name in kind.arrays}.values())
        inner = {kind.inner(name) for kind in having}
        if len(inner) > 1:
            raise InputError(f"{name} must have the same dimensions in all runs, got {sorted(inner)}")
        self.inner = inner.pop()
        self.dims = (*grid[0], *self.inner)
        self.shape = (*grid[1], *(len(labels[dimension]) for dimension in self.inner))
        self.attributes = having[0].arrays[name].get("attributes", {})
        kinds_of_numbers = {layout(kind.arrays[name], name)[1].newbyteorder("=") for kind in having}
        self.dtype = np.result_type(*kinds_of_numbers)
        self._places = {kind.text: self._place(kind, labels) for kind in having}

    def _place(self, kind: Kind, labels: Mapping[str, np.ndarray[Any, Any]]) -> tuple[Any, ...]:
        """Say where the entries of a run stand among those of all runs."""
        where = []
        for dimension in self.inner:
            numbers = {label: i for i, label in enumerate(labels[dimension].tolist())}
            where.append([numbers[label] for label in kind.labels_of(dimension)])
        return np.ix_(*where) if where else ()

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        """Read what is asked for."""
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> Any:
        ndim = len(self.shape) - len(self.inner)
        chosen = [np.atleast_1d(np.arange(size)[part]) for size, part in zip(self.shape, key, strict=True)]
        result = self._empty(tuple(map(len, chosen[:ndim])) + self.shape[ndim:])
        for place in itertools.product(*(enumerate(each.tolist()) for each in chosen[:ndim])):
            name = self.runs.get(tuple(number for _, number in place))
            if name is not None and self.name in self.kinds[name].arrays:
                result[tuple(i for i, _ in place)] = self._run(name)
        result = self._inner_part(result, chosen[ndim:]) if self.inner else result
        return result[tuple(0 if isinstance(part, int | np.integer) else slice(None) for part in key)]

    @staticmethod
    def _inner_part(result: np.ndarray[Any, Any], chosen: Sequence[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
        for axis, numbers in enumerate(chosen, start=result.ndim - len(chosen)):
            result = np.take(result, numbers, axis)
        return result

    def _run(self, name: str) -> np.ndarray[Any, Any]:
        """Read the variable of one run, at the places of its labels."""
        kind, where = self.kinds[name], f"{self.store.address}/{RUNS}/{name}/{self.name}"
        array = kind.arrays[self.name]
        shape, _ = layout(array, where)
        content = b"" if 0 in shape else self.store.files.read(f"{RUNS}/{name}/{self.name}/{chunk_key(len(shape))}")
        kept = [size for size, dimension in zip(shape, dimensions(array), strict=True) if dimension not in kind.outer]
        result = self._empty(self.shape[len(self.shape) - len(self.inner) :])
        result[self._places[kind.text]] = decode_array(array, content, where).reshape(kept)
        return result

    def _empty(self, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        fill = np.nan if self.dtype.kind in "fc" else 0
        return np.full(shape, fill, self.dtype)
