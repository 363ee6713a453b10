"""Where the groups of a store lie: in a folder, or at an address of fsspec; a group is there wholly or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from nfa_theory.sweeps.zarr_format import GROUP
from numerics.backend.files import disk_errors, staging, write_atomically
from numerics.errors import InputError

_STAGES = ".unfinished"
_MARKS = ".finished"


class Files(Protocol):
    """What a store asks of the place where it lies; paths have ``/`` between their parts."""

    def names(self, folder: str) -> list[str]:
        """Return the names of the groups in a folder."""

    def has(self, folder: str, name: str) -> bool:
        """Tell whether a group is there."""

    def read(self, path: str) -> bytes:
        """Return the content of a file; `FileNotFoundError` if there is none."""

    def add(self, folder: str, name: str, files: Mapping[str, bytes]) -> bool:
        """Write a new group; False, and nothing is changed, if it is there already."""

    def put(self, path: str, content: bytes) -> None:
        """Write one file, which may replace an old one."""

    def remove(self, folder: str, name: str) -> None:
        """Delete a group, its description first."""

    def changed(self, path: str) -> float | None:
        """Return when a file was written, in seconds since 1970, where that is known."""


def files_at(address: str) -> Files:
    """Choose the kind of place by its address."""
    kind, mark, rest = address.partition("://")
    if not mark:
        return Folder(Path(address))
    return Folder(Path(rest)) if kind in ("file", "local") else Remote(address)


class Folder:
    """A local folder: a group is written beside its place, and moved there in one step.

    What is unfinished has a lock that ends with its process, so that it is swept by the next one that writes.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def names(self, folder: str) -> list[str]:
        """Return the names of the groups in a folder."""
        if not (self.root / folder).is_dir():
            return []
        return sorted(each.name for each in (self.root / folder).iterdir() if (each / GROUP).is_file())

    def has(self, folder: str, name: str) -> bool:
        """Tell whether a group is there."""
        return (self.root / folder / name / GROUP).is_file()

    def read(self, path: str) -> bytes:
        """Return the content of a file."""
        return (self.root / path).read_bytes()

    def add(self, folder: str, name: str, files: Mapping[str, bytes]) -> bool:
        """Write a new group, unless it is there."""
        target, stages = self.root / folder / name, self.root / _STAGES
        with disk_errors(target):
            stages.mkdir(exist_ok=True)
        with staging(stages, target, alone=False) as staged, disk_errors(target):
            made = staged / name
            for path, content in files.items():
                (made / path).parent.mkdir(parents=True, exist_ok=True)
                (made / path).write_bytes(content)
            try:
                made.rename(target)
            except OSError:
                if not self.has(folder, name):  # else another process was faster: its run is as good
                    raise
                return False
        return True

    def put(self, path: str, content: bytes) -> None:
        """Write one file."""
        with disk_errors(self.root / path):
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self.root / path, content)

    def remove(self, folder: str, name: str) -> None:
        """Delete a group."""
        (self.root / folder / name / GROUP).unlink(missing_ok=True)
        shutil.rmtree(self.root / folder / name, ignore_errors=True)

    def changed(self, path: str) -> float | None:
        """Return when a file was written."""
        return (self.root / path).stat().st_mtime


class Remote:
    """An object store, which cannot move folders: the description of a group is its last object but a mark.

    The marks lie side by side, so that one short listing tells what is finished.
    """

    def __init__(self, address: str) -> None:
        try:
            from fsspec.core import url_to_fs
        except ImportError:
            raise InputError(
                f"the store {address} needs fsspec: pip install 'nfa-theory[sweeps]'; a local folder does not"
            ) from None
        try:
            self.system, self.root = url_to_fs(address)
        except (ImportError, ValueError) as error:  # an unknown protocol, or one whose library is missing
            raise InputError(f"the store must be a folder or an address of fsspec, got {address}: {error}") from None

    def names(self, folder: str) -> list[str]:
        """Return the names of the groups in a folder."""
        self.system.invalidate_cache()
        try:
            found = self.system.ls(f"{self.root}/{folder}/{_MARKS}", detail=False)
        except FileNotFoundError:
            return []
        return sorted(str(path).rstrip("/").rpartition("/")[2] for path in found)

    def has(self, folder: str, name: str) -> bool:
        """Tell whether a group is there."""
        self.system.invalidate_cache()
        return bool(self.system.exists(f"{self.root}/{folder}/{_MARKS}/{name}"))

    def read(self, path: str) -> bytes:
        """Return the content of a file."""
        return bytes(self.system.cat_file(f"{self.root}/{path}"))

    def add(self, folder: str, name: str, files: Mapping[str, bytes]) -> bool:
        """Write a new group, unless it is there."""
        if self.has(folder, name):
            return False
        place = f"{self.root}/{folder}/{name}"
        self.system.pipe({f"{place}/{path}": content for path, content in files.items() if path != GROUP})
        self.system.pipe_file(f"{place}/{GROUP}", files[GROUP])
        self.system.pipe_file(f"{self.root}/{folder}/{_MARKS}/{name}", b"finished")
        return True

    def put(self, path: str, content: bytes) -> None:
        """Write one file, and its mark if it describes a group."""
        self.system.pipe_file(f"{self.root}/{path}", content)
        folder, _, rest = path.partition("/")
        name, _, file = rest.partition("/")
        if file == GROUP:
            self.system.pipe_file(f"{self.root}/{folder}/{_MARKS}/{name}", b"finished")

    def remove(self, folder: str, name: str) -> None:
        """Delete a group."""
        for path in (f"{folder}/{_MARKS}/{name}", f"{folder}/{name}"):
            if self.system.exists(f"{self.root}/{path}"):
                self.system.rm(f"{self.root}/{path}", recursive=True)

    def changed(self, path: str) -> float | None:
        """Return when a file was written, where the store tells."""
        told: Any = self.system.info(f"{self.root}/{path}")
        when = told.get("LastModified", told.get("mtime", told.get("created")))
        return float(when.timestamp() if hasattr(when, "timestamp") else when) if when is not None else None
