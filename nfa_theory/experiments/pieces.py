"""A long experiment in pieces: each setting's record is kept as soon as it is done, and a stopped run goes on there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol

import xarray as xr

from nfa_theory.files import write_atomically
from numerics.errors import DivergenceError, InputError

SCHEMA: Final = "nfa-theory piece 1"
Progress = Callable[[float, str], None]


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

    Raises
    ------
    InputError
        On the first record, if the folder holds pieces of another run.
    """

    def __init__(
        self, folder: Path | None = None, identity: Mapping[str, Any] | None = None, progress: Progress | None = None
    ) -> None:
        self.folder = folder
        self.identity = json.dumps(identity or {}, sort_keys=True)
        self.progress = progress or (lambda share, what: None)
        self.done = 0
        self.total = 1

    def expect(self, total: int) -> None:
        """Say how many records there will be, for the progress."""
        self.total = total

    def record(self, label: str, make: Make) -> xr.Dataset:
        """Return the record of a setting: the one that was kept, or a new one."""
        path = None if self.folder is None else self.folder / f"{self.done}.nc"
        content = self._kept(path, label) if path is not None and path.exists() else None
        if content is None:
            content = self._made(label, make)
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(path, content)
        self.done += 1
        self._show(label, 0.0)
        record = _read(content)
        for name in ("piece_schema", "piece_of", "piece"):
            del record.attrs[name]
        return record

    def record_unless_diverged(self, label: str, make: Make) -> xr.Dataset | None:
        """Return the record of a setting as `record` does, and None if a run of it diverges."""

        def make_or_mark(*, progress: Callable[[int, int], None]) -> xr.Dataset:
            try:
                return make(progress=progress)
            except DivergenceError as error:
                return xr.Dataset(attrs={"diverged": str(error)})

        found = self.record(label, make_or_mark)
        return None if "diverged" in found.attrs else found

    def _made(self, label: str, make: Make) -> bytes:
        made = make(progress=lambda done, total: self._show(label, done / total))
        marked = made.assign_attrs(piece_schema=SCHEMA, piece_of=self.identity, piece=label)
        return bytes(marked.to_netcdf(None, engine="scipy"))

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

    def _show(self, label: str, share: float) -> None:
        self.progress(min((self.done + share) / self.total, 1.0), label)


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
