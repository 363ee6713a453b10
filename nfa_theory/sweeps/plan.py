"""A plan: what to train, in a TOML file that is checked whole before anything starts."""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nfa_theory.sweeps.fields import DEFAULTS, FIELDS, TOGETHER
from nfa_theory.sweeps.grid import Axis, Grid, canonical
from nfa_theory.sweeps.toml_lines import Path as KeyPath
from nfa_theory.sweeps.toml_lines import key_lines, line_of
from nfa_theory.sweeps.training import TrainingWork, file_digest, mistakes
from numerics.checks import one_of, require_integer
from numerics.errors import InputError, unknown

_TOP: Final = ("name", "device", "seeds", *FIELDS, "grid")
_LONGEST = 2**20
MOST_RUNS: Final = 10**6
"""A plan has at most so many runs."""


class PlanError(InputError):
    """A plan with mistakes; `problems` has a line of the file and a message for each."""

    def __init__(self, path: str, problems: list[tuple[int, str]]) -> None:
        self.problems = [f"{path}:{line}: {message}" for line, message in sorted(problems)]
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class Plan:
    """Training runs, read from a file by `read_plan`.

    Parameters
    ----------
    title : str
        What the file calls itself, or the stem of its name.
    grid : Grid
        All runs.
    work : TrainingWork
        How they are computed.
    """

    title: str
    grid: Grid
    work: TrainingWork


def read_plan(path: str | os.PathLike[str]) -> Plan:
    """Read a plan, check all of it, and load its data.

    Parameters
    ----------
    path : path-like
        A TOML file; ``docs/sweeps.md`` describes it.

    Returns
    -------
    Plan

    Raises
    ------
    PlanError
        With a line for every mistake.
    InputError
        If there is no such file.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"a plan is a TOML file, got {path}: {error.strerror}") from None
    return _Reader(str(path), content).plan()


class _Reader:
    """Reads one plan, and gathers what is wrong with it."""

    def __init__(self, path: str, content: bytes) -> None:
        self.path = path
        self.problems: list[tuple[int, str]] = []
        self.wrong: set[str] = set()
        self.lines: dict[KeyPath, int] = {}
        self.content = self._parsed(content)

    def plan(self) -> Plan:
        for key in self.content:
            if key not in _TOP:
                self._note((key,), unknown("key", key, _TOP))
        base = self._base()
        axes = [*self._axes(base), *self._seeds()]
        device = self._value("device", lambda key, value: one_of(key, str(value), ("cpu", "gpu")), "cpu")
        self._check_together({*base, *(key for axis in axes for key in axis.keys)})
        if (count := math.prod(len(axis.values) for axis in axes)) > MOST_RUNS:
            self._note(("grid",), f"the grid must have at most {MOST_RUNS} runs, got {count}")
        else:
            self._check_runs(Grid(base, tuple(axis for axis in axes if axis.keys != ("seed",))))
        if self.problems:
            raise PlanError(self.path, list(dict.fromkeys(self.problems)))
        title = self.content.get("name", Path(self.path).stem)
        return Plan(str(title), self._with_digests(base, axes), TrainingWork(device))

    def _parsed(self, content: bytes) -> dict[str, Any]:
        if len(content) > _LONGEST:
            raise PlanError(self.path, [(1, f"a plan must have at most {_LONGEST} bytes, got {len(content)}")])
        try:
            text = content.decode().replace("\r\n", "\n")
            parsed = tomllib.loads(text)
        except UnicodeDecodeError:
            raise PlanError(self.path, [(1, "a plan must be text in UTF-8, got another format")]) from None
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            message, found = str(error), re.search(r"at line (\d+)", str(error))
            line = int(found[1]) if found else text.count("\n") + 1
            raise PlanError(self.path, [(line, f"this is not TOML: {message}")]) from None
        self.lines = key_lines(text)
        return parsed

    def _note(self, where: KeyPath, message: str) -> None:
        self.problems.append((line_of(where, self.lines), message))
        self.wrong.add(str(where[0]))

    def _value(self, key: str, check: Any, default: Any) -> Any:
        try:
            return check(key, self.content[key]) if key in self.content else default
        except InputError as error:
            self._note((key,), str(error))
            return default

    def _table(self, key: str, inside: Mapping[str, Any], where: KeyPath) -> dict[str, Any]:
        found = inside.get(key, {})
        if isinstance(found, dict):
            return found
        self._note((*where, key), f"{key} must be a table, [{key}], got {found!r}")
        return {}

    def _base(self) -> dict[str, Any]:
        """Check the settings that all runs share."""
        found = {}
        for table in FIELDS:
            for key, value in self._table(table, self.content, ()).items():
                if (checked := self._checked(table, key, value, (table, key))) is not None:
                    found[f"{table}.{key}"] = checked
        return {name: value for name, value in found.items() if DEFAULTS.get(name) != value or name not in DEFAULTS}

    def _checked(self, table: str, key: str, value: Any, where: KeyPath) -> Any:
        if key not in FIELDS[table]:
            self._note(where, unknown(f"key of [{table}]", key, FIELDS[table]))
            self.wrong.add(table)
            return None
        try:
            return FIELDS[table][key](f"{table}.{key}", value)
        except InputError as error:
            self._note(where, str(error))
            self.wrong.add(table)
            return None

    def _axes(self, base: Mapping[str, Any]) -> list[Axis]:
        grid = self._table("grid", self.content, ())
        for key in grid:
            if key not in ("product", "zip"):
                self._note(("grid", key), f"unknown key of [grid] {key!r}; expected [grid.product] or [[grid.zip]]")
        axes = []
        for table, key, values in _flat(self._table("product", grid, ("grid",))):
            where: KeyPath = ("grid", "product", *((table, key) if key else (table,)))
            if (checked := self._points(table, key, values, where)) is not None:
                axes += self._axis((f"{table}.{key}",), [(value,) for value in checked], where)
        zips = grid.get("zip", [])
        if not isinstance(zips, list):
            self._note(("grid", "zip"), f"grid.zip must be tables, [[grid.zip]], got {type(zips).__name__}")
            zips = []
        for i, each in enumerate(zips):
            axes += self._zip(each, ("grid", "zip", i))
        self._check_once(base, axes)
        return axes

    def _zip(self, content: Any, where: KeyPath) -> list[Axis]:
        columns: dict[str, list[Any]] = {}
        for table, key, values in _flat(content if isinstance(content, dict) else {}):
            checked = self._points(table, key, values, (*where, *((table, key) if key else (table,))))
            if checked is None:
                return []
            columns[f"{table}.{key}"] = checked
        lengths = {name: len(values) for name, values in columns.items()}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{count} of {name}" for name, count in lengths.items())
            self._note(where, f"a zip must have as many values of each setting, got {told}")
            return []
        return self._axis(tuple(columns), list(zip(*columns.values(), strict=True)), where) if columns else []

    def _points(self, table: str, key: str, values: Any, where: KeyPath) -> list[Any] | None:
        if table not in FIELDS or not key:
            name = f"{table}.{key}" if key else table
            self._note(where, f"a grid is over settings such as network.width, got {name!r}")
            return None
        if not isinstance(values, list):
            self._note(where, f"{table}.{key} must be a list of values in a grid, got {values!r}")
            return None
        checked = [self._checked(table, key, value, where) for value in values]
        return None if any(value is None for value in checked) else checked

    def _axis(self, keys: tuple[str, ...], points: list[tuple[Any, ...]], where: KeyPath) -> list[Axis]:
        try:
            return [Axis(keys, tuple(points))]
        except InputError as error:
            self._note(where, str(error))
            return []

    def _check_once(self, base: Mapping[str, Any], axes: list[Axis]) -> None:
        given = {(table, key) for table in FIELDS for key in self._table(table, self.content, ())}
        seen: set[str] = set()
        for name in [key for axis in axes for key in axis.keys]:
            table, _, key = name.partition(".")
            if (table, key) in given:
                self._note((table, key), f"{name} must be given once, got it in [{table}] and in the grid")
            if name in seen:
                self._note(("grid",), f"{name} must be on one axis of the grid, got it on several")
            seen.add(name)

    def _seeds(self) -> list[Axis]:
        seeds = self.content.get("seeds", 1)
        if isinstance(seeds, int) and not isinstance(seeds, bool):
            seeds = range(min(seeds, MOST_RUNS + 1))
        if not isinstance(seeds, list | range) or not seeds:
            self._note(("seeds",), f"seeds must be their number or a list of them, got {self.content.get('seeds')!r}")
            return []
        if len(seeds) > MOST_RUNS:
            self._note(("seeds",), f"there must be at most {MOST_RUNS} seeds, got more")
            return []
        try:
            return [Axis(("seed",), tuple((require_integer("seed", seed, 0, 2**31 - 1),) for seed in seeds))]
        except InputError as error:
            self._note(("seeds",), str(error))
            return []

    def _check_together(self, names: set[str]) -> None:
        for one, other in TOGETHER:
            if {one, other} <= names:
                self._note(tuple(other.split(".")), f"give {one} or {other}, not both")
        for one, other in (("data.name", "data.file"), ("optimizer.steps", "optimizer.epochs")):
            table = one.partition(".")[0]
            written = self.content.get(table)
            if not {one, other} & names and not (
                isinstance(written, dict) and {one.partition(".")[2], other.partition(".")[2]} & set(written)
            ):
                self._note((table,), f"give {one} or {other}, got neither")

    def _check_runs(self, grid: Grid) -> None:
        """Check what no value shows alone: data that can be read, a network that fits them, a rule that fits both."""
        seen: set[tuple[str, str]] = set()
        for run in grid:
            for table, error in mistakes(run.settings, self.wrong):
                if (table, str(error)) in seen:
                    continue
                seen.add((table, str(error)))
                varied = [key for axis in grid.axes for key in axis.keys if key.startswith(f"{table}.")]
                at = ", ".join(f"{key} = {canonical(run.settings[key])}" for key in varied)
                told = f"{error} (at {at})" if at else str(error)
                self.problems.append((line_of((table,), self.lines), told))

    def _with_digests(self, base: dict[str, Any], axes: list[Axis]) -> Grid:
        """Add the content of files to the settings: other data are another run."""
        if "data.file" in base:
            digest = file_digest(base["data.file"], base.get("data.labels"))
            return Grid(base | {"data.sha256": digest}, tuple(axes))
        return Grid(base, tuple(_with_digest(axis) for axis in axes))


def _with_digest(axis: Axis) -> Axis:
    if "data.file" not in axis.keys:
        return axis
    at = axis.keys.index("data.file")
    labels = axis.keys.index("data.labels") if "data.labels" in axis.keys else None
    points = [(*point, file_digest(point[at], None if labels is None else point[labels])) for point in axis.values]
    return Axis((*axis.keys, "data.sha256"), tuple(points))


def _flat(content: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Go through settings however they are written: ``a.b = c``, ``"a.b" = c`` or in a table."""
    for table, inside in content.items():
        if isinstance(inside, dict):
            yield from ((table, key, values) for key, values in inside.items())
        elif "." in table:
            before, _, key = table.partition(".")
            yield before, key, inside
        else:
            yield table, "", inside
