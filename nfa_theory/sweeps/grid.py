"""The runs of a sweep: every combination of the values along its axes, each named by the content of its settings."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from numerics.errors import InputError

Settings = dict[str, Any]
"""What decides a run, as JSON knows it; keys with a dot belong to a table of the plan."""


@dataclass(frozen=True)
class Axis:
    """Values of one setting, or of several that change together.

    Parameters
    ----------
    keys : tuple of str
        The settings.
    values : tuple of tuple
        For each point along the axis, the value of every setting.

    Raises
    ------
    InputError
        If there are no values, or a point has not one for each setting, or two points are the same.
    """

    keys: tuple[str, ...]
    values: tuple[tuple[Any, ...], ...]

    def __post_init__(self) -> None:
        name = ", ".join(self.keys)
        if not self.values:
            raise InputError(f"{name} must have at least one value, got none")
        for point in self.values:
            if len(point) != len(self.keys):
                raise InputError(f"{name} must have {len(self.keys)} values at each point, got {len(point)}")
        seen: set[str] = set()
        for point in self.values:
            text = canonical(point)
            if text in seen:
                raise InputError(f"{name} must have different values, got {_shown(point)} twice")
            seen.add(text)


@dataclass(frozen=True)
class Run:
    """One run: its name, what decides it, and its place on every axis."""

    name: str
    settings: Settings
    at: tuple[int, ...]


@dataclass(frozen=True)
class Grid:
    """All runs of a sweep.

    Parameters
    ----------
    base : mapping
        Settings that all runs share.
    axes : tuple of Axis
        The others.
    """

    base: Mapping[str, Any]
    axes: tuple[Axis, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of points along every axis."""
        return tuple(len(axis.values) for axis in self.axes)

    def __len__(self) -> int:
        return math.prod(self.shape)

    def __iter__(self) -> Iterator[Run]:
        """Go through all runs, the last axis fastest."""
        for at in itertools.product(*map(range, self.shape)):
            settings = dict(self.base)
            for axis, i in zip(self.axes, at, strict=True):
                settings |= dict(zip(axis.keys, axis.values[i], strict=True))
            yield Run(run_name(settings), settings, at)

    @cached_property
    def content(self) -> dict[str, Any]:
        """What defines the sweep, as JSON knows it."""
        axes = [{"keys": list(axis.keys), "values": [list(point) for point in axis.values]} for axis in self.axes]
        content: dict[str, Any] = json.loads(canonical({"base": dict(self.base), "axes": axes}))
        return content


def grid_of(content: Mapping[str, Any]) -> Grid:
    """Read the sweep that `Grid.content` describes; what does not describe one is refused."""
    try:
        axes = tuple(
            Axis(tuple(map(str, axis["keys"])), tuple(tuple(point) for point in axis["values"]))
            for axis in content["axes"]
        )
        return Grid(dict(content["base"]), axes)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"a plan in a store must have base and axes, got a damaged one ({error})") from None


def axes_of(grid: Mapping[Any, Sequence[Any]]) -> tuple[Axis, ...]:
    """Read axes from a mapping: a name and its values, or several names in a tuple and tuples of their values.

    Examples
    --------
    >>> [axis.keys for axis in axes_of({"width": [8, 16], ("depth", "steps"): [(1, 100), (2, 200)]})]
    [('width',), ('depth', 'steps')]
    """
    axes = []
    for name, values in grid.items():
        if isinstance(name, tuple):
            axes.append(Axis(tuple(map(str, name)), tuple(tuple(map(plain, point)) for point in values)))
        else:
            axes.append(Axis((str(name),), tuple((plain(value),) for value in values)))
    keys = [key for axis in axes for key in axis.keys]
    if double := [key for key in keys if keys.count(key) > 1]:
        raise InputError(f"a setting must be on one axis, got {double[0]} on {keys.count(double[0])}")
    return tuple(axes)


def plain(value: Any) -> Any:
    """Return a value as JSON gives it back; what JSON does not know is refused."""
    value = value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError):
        raise InputError(
            f"the values of a grid must be finite numbers, text, truth values or lists of them, got {value!r}"
        ) from None


def canonical(content: Any) -> str:
    """Write content in the one way that names are made from."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def run_name(settings: Mapping[str, Any]) -> str:
    """Name a run by its settings.

    Examples
    --------
    >>> run_name({"b": 1, "a": 2}) == run_name({"a": 2, "b": 1})
    True
    """
    return hashlib.sha256(canonical(settings).encode()).hexdigest()[:20]


def _shown(point: tuple[Any, ...]) -> str:
    return ", ".join(map(json.dumps, point))
