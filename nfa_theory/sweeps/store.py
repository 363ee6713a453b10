"""The store of a sweep: a zarr hierarchy with one group a run, which many processes fill at once.

``runs/NAME`` holds a record, ``failed/NAME`` the message of a run that failed, ``plans/NAME`` what was asked for. NAME
is a digest of the settings or of the plan. No file has two writers, unless they write the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from nfa_theory.sweeps.files import Files, files_at
from nfa_theory.sweeps.grid import Grid, Run, grid_of, run_name
from nfa_theory.sweeps.zarr_format import GROUP, checksum, chunk_key, decode_group, group, layout
from numerics.errors import InputError

SCHEMA: Final = "nfa-theory sweep 1"
RUNS, FAILED, PLANS = "runs", "failed", "plans"


@dataclass(frozen=True)
class Failure:
    """A run that failed: what was tried, and what came of it."""

    name: str
    settings: Mapping[str, Any]
    message: str


class Store:
    """The groups of a sweep at an address.

    Parameters
    ----------
    address : str
        A folder, or an address of fsspec.
    """

    def __init__(self, address: str) -> None:
        self.address = address

    @cached_property
    def files(self) -> Files:
        """Where the groups lie."""
        return files_at(self.address)

    def create(self) -> None:
        """Begin a store, unless it is there; a folder with anything else in it is refused."""
        if self._schema() is None:
            self._refuse_another_folder()
            # The parts come first: a store whose creation was killed is begun again.
            for part in (RUNS, FAILED, PLANS):
                self.files.put(f"{part}/{GROUP}", group({}))
            self.files.put(GROUP, group({"schema": SCHEMA}))

    def _refuse_another_folder(self) -> None:
        root = getattr(self.files, "root", None)
        if not isinstance(root, Path) or not root.exists():
            return
        if not root.is_dir() or any(
            each.name not in (RUNS, FAILED, PLANS) and not each.name.startswith(".") for each in root.iterdir()
        ):
            raise InputError(f"the store must be a new folder or one of a sweep, got {self.address}")

    def check(self) -> None:
        """Refuse an address without a store."""
        if self._schema() is None:
            raise InputError(f"no such store: {self.address}")

    def finished(self) -> set[str]:
        """Return the names of all runs that are there."""
        return set(self.files.names(RUNS))

    def has(self, name: str) -> bool:
        """Tell whether a run is there."""
        return self.files.has(RUNS, name)

    @staticmethod
    def marks(run: Run) -> dict[str, Any]:
        """Return the attributes that tell of which run a record is."""
        return {"sweep_schema": SCHEMA, "sweep_settings": run.settings}

    def add(self, run: Run, files: Mapping[str, bytes]) -> None:
        """Write a run, wholly or not at all; that it failed before is forgotten."""
        self.files.add(RUNS, run.name, files)
        if self.files.has(FAILED, run.name):
            self.files.remove(FAILED, run.name)

    def fail(self, run: Run, message: str) -> None:
        """Record that a run failed."""
        content = group({"schema": SCHEMA, "settings": run.settings, "message": message})
        self.files.put(f"{FAILED}/{run.name}/{GROUP}", content)

    def failed(self) -> set[str]:
        """Return the names of the runs that failed."""
        return set(self.files.names(FAILED))

    def failures(self) -> Iterator[Failure]:
        """Go through the runs that failed."""
        for name in self.files.names(FAILED):
            read = self._attributes(f"{FAILED}/{name}")
            yield Failure(name, dict(read.get("settings", {})), str(read.get("message")))

    def keep_plan(self, grid: Grid, more: Mapping[str, Any]) -> str:
        """Record what is asked for, and return its name."""
        content = {**more, **grid.content}
        name = run_name(content)
        if not self.files.has(PLANS, name):
            self.files.put(f"{PLANS}/{name}/{GROUP}", group({"schema": SCHEMA, "plan": content}))
        return name

    def plans(self) -> dict[str, tuple[Grid, dict[str, Any]]]:
        """Return what was asked for so far: by its name the grid, and what else defines it."""
        found = {}
        for name in self.files.names(PLANS):
            content = self._attributes(f"{PLANS}/{name}").get("plan")
            if not isinstance(content, dict):
                raise InputError(f"{self.address}/{PLANS}/{name} must hold a plan, got a damaged one")
            more = {key: value for key, value in content.items() if key not in ("base", "axes")}
            found[name] = (grid_of(content), more)
        return found

    def described(self, name: str) -> dict[str, Any]:
        """Return the description of a run: its attributes and arrays."""
        where = f"{RUNS}/{name}"
        return decode_group(self.files.read(f"{where}/{GROUP}"), f"{self.address}/{where}")

    def damaged(self, name: str) -> str:
        """Say what is wrong with a run that is there, after reading all of it; nothing if it is whole."""
        try:
            found = self.described(name)
            files = {f"{key}/{GROUP}": self.files.read(f"{RUNS}/{name}/{key}/{GROUP}") for key in found["arrays"]}
            for key, description in found["arrays"].items():
                shape, _ = layout(description, key)
                if 0 not in shape:
                    path = f"{key}/{chunk_key(len(shape))}"
                    files[path] = self.files.read(f"{RUNS}/{name}/{path}")
        except (InputError, OSError) as error:
            return str(error)
        return "" if checksum(files) == found["attributes"].get("sweep_sha256") else "its bytes are not those written"

    def _attributes(self, where: str) -> dict[str, Any]:
        attributes: dict[str, Any] = decode_group(self.files.read(f"{where}/{GROUP}"), f"{self.address}/{where}")[
            "attributes"
        ]
        return attributes

    def _schema(self) -> str | None:
        try:
            content = self.files.read(GROUP)
        except (FileNotFoundError, NotADirectoryError):
            return None
        found = decode_group(content, self.address)["attributes"].get("schema")
        if found != SCHEMA:
            raise InputError(f"{self.address} must be a store of a sweep with schema {SCHEMA!r}, got {found!r}")
        return str(found)
