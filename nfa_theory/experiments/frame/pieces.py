"""A long experiment in pieces: each setting's record is kept as soon as it is done, and a stopped run goes on there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

import xarray as xr

from nfa_theory.files import write_atomically
from nfa_theory.workers import Job, Progress, Workers
from numerics.errors import DivergenceError, InputError

SCHEMA: Final = "nfa-theory piece 1"


class Make(Protocol):
    """Makes a record, and reports ``progress(done, total)`` on the way; `numerics.simulate` with its data is one."""

    def __call__(self, *, progress: Callable[[int, int], None]) -> xr.Dataset:
        """Return the record."""
        ...


class Pieces:
    """The settings of one run of an experiment, in their order.

    Parameters
    ----------
    folder : path, optional
        Where finished records are kept; without it none is.
    identity : mapping, optional
        What the run was asked for, as JSON knows it; a folder of another run is refused.
    progress : callable, optional
        Called as ``progress(share, what)``.
    workers : Workers, optional
        Processes that make several records at once; by default they are made here, one after another.

    Raises
    ------
    InputError
        On the first record, if the folder holds pieces of another run.
    """

    def __init__(
        self,
        folder: Path | None = None,
        identity: Mapping[str, Any] | None = None,
        progress: Progress | None = None,
        workers: Workers | None = None,
    ) -> None:
        self.folder = folder
        self.identity = json.dumps(identity or {}, sort_keys=True)
        self.progress = progress or (lambda share, what: None)
        self.workers = workers

    @property
    def apart(self) -> bool:
        """Whether several settings are measured at once."""
        return self.workers is not None and self.workers.count > 1

    def records(self, makes: Mapping[str, Make], costs: Sequence[float] = ()) -> list[xr.Dataset]:
        """Return the record of each setting, by its label: the one that was kept, or a new one."""
        labels = list(makes)
        paths = {} if self.folder is None else {label: self.folder / f"{i}.nc" for i, label in enumerate(labels)}
        found = {label: self._kept(path, label) for label, path in paths.items() if path.exists()}
        missing = [label for label in labels if label not in found]
        weights = dict(zip(labels, costs or [1.0] * len(labels), strict=True))
        here = not self.apart or len(missing) == 1
        jobs = []
        for label in missing:
            tell = partial(self._tell_now, label, found, len(labels)) if here else None
            jobs.append(Job(label, partial(_made, makes[label], label, self.identity, tell), weights[label]))
        for i, content in (self.workers or Workers(1)).finished(jobs):
            found[missing[i]] = content
            if paths:
                paths[missing[i]].parent.mkdir(parents=True, exist_ok=True)
                write_atomically(paths[missing[i]], content)
            self._tell(missing[i], len(found), len(labels), 0, 1)
        return [_without_marks(_read(found[label])) for label in labels]

    def record(self, label: str, make: Make) -> xr.Dataset:
        """Return the only record."""
        return self.records({label: make})[0]

    def _tell_now(self, label: str, found: Mapping[str, bytes], total: int, done: int, of: int) -> None:
        """Tell how far a piece is, beside those that are finished by now: the longest comes first."""
        self._tell(label, len(found), total, done, of)

    def _tell(self, label: str, before: int, total: int, done: int, of: int) -> None:
        self.progress(min((before + done / of) / total, 1.0), label)

    def _kept(self, path: Path, label: str) -> bytes:
        content = path.read_bytes()
        try:
            attributes = _read(content).attrs
        except Exception as error:  # a damaged file can fail anywhere in the reader
            raise InputError(f"{path} must be a piece of an experiment, got a file that cannot be read") from error
        if attributes.get("piece_schema") != SCHEMA:
            raise InputError(f"{path} must be a piece of an experiment, got {attributes.get('piece_schema')!r}")
        if attributes["piece_of"] != self.identity or attributes["piece"] != label:
            difference = _difference(json.loads(attributes["piece_of"]), json.loads(self.identity))
            raise InputError(
                f"{path.parent} must hold pieces of the same run, got {difference}; remove the folder or choose another"
            )
        return content


def or_diverged(make: Make, *, progress: Callable[[int, int], None]) -> xr.Dataset:
    """Make a record, or one that says that its run diverged."""
    try:
        return make(progress=progress)
    except DivergenceError as error:
        return xr.Dataset(attrs={"diverged": str(error)})


def _made(make: Make, label: str, identity: str, progress: Callable[[int, int], None] | None) -> bytes:
    made = make(progress=progress or (lambda done, total: None))
    marked = made.assign_attrs(piece_schema=SCHEMA, piece_of=identity, piece=label)
    return bytes(marked.to_netcdf(None, engine="scipy"))


def _without_marks(record: xr.Dataset) -> xr.Dataset:
    for name in ("piece_schema", "piece_of", "piece"):
        del record.attrs[name]
    return record


def forget(folder: Path) -> None:
    """Delete the pieces of an experiment that is done, and the folder around them if it holds no others."""
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        folder.parent.rmdir()


def _read(content: bytes) -> xr.Dataset:
    with xr.open_dataset(content, engine="scipy") as file:
        return file.load()


def _difference(kept: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """Name the first thing in which two runs differ."""
    pairs = _flat(kept), _flat(asked)
    for name in sorted({*pairs[0], *pairs[1]}):
        values = [json.dumps(each.get(name)) for each in pairs]
        if values[0] != values[1]:
            return f"{name} {values[0]} instead of {values[1]}"
    return "another order of settings"


def _flat(identity: Mapping[str, Any]) -> dict[str, Any]:
    options = identity.get("options", {})
    return {name: value for name, value in identity.items() if name != "options"} | dict(options)
