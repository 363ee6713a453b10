"""Checkpoints: a stopped run goes on from its last measurement as if it had never been stopped.

One ``.npz`` file without pickled objects, written whole or not at all. It keeps the weights, the optimizer's state and
what was measured. The order of samples is not kept: it follows from the seed.
"""

import io
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from numerics.backend.arrays import to_host
from numerics.backend.files import write_atomically
from numerics.errors import InputError
from numerics.training.loop import Progress

SCHEMA = "nfa-theory checkpoint 1"
Results = dict[str, Float64[np.ndarray, "..."]]


@dataclass
class Checkpoint:
    """The state of a run in a file.

    Parameters
    ----------
    path : path-like
        The file.
    config : mapping
        What the run was asked for, as JSON knows it; a file of another run is refused.
    finished : list of dict
        Measurements of the groups of networks that are done.
    current : Progress, optional
        Where the present group stands.

    Raises
    ------
    InputError
        If the file is not a checkpoint, or one of another run.
    """

    path: str | os.PathLike[str]
    config: Mapping[str, Any]
    finished: list[Results] = field(default_factory=list)
    current: Progress | None = None

    def __post_init__(self) -> None:
        if Path(self.path).exists():
            self._load()

    def keep(self, progress: Progress) -> None:
        """Write the file, with this progress of the present group."""
        self.current = progress
        arrays: dict[str, Any] = {
            "schema": np.asarray(SCHEMA),
            "config": np.asarray(_canonical(self.config)),
            "step": np.asarray(progress.step),
            "first": progress.first,
        }
        arrays |= {f"array/{i}": to_host(A) for i, A in enumerate(progress.arrays)}
        for m, rows in enumerate(progress.rows):
            arrays |= {f"row/{m}/{i}/{name}": value for i, row in enumerate(rows) for name, value in row.items()}
        for g, results in enumerate(self.finished):
            arrays |= {f"finished/{g}/{name}": value for name, value in results.items()}
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)
        write_atomically(self.path, buffer.getvalue())

    def _load(self) -> None:
        try:
            content = io.BytesIO(Path(self.path).read_bytes())  # a file of ours is closed even where NumPy fails
            with np.load(content, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, KeyError, AttributeError, zipfile.BadZipFile) as error:
            raise InputError(
                f"{self.path} is not a checkpoint that can be read ({type(error).__name__}: {error})"
            ) from None
        if str(arrays.get("schema")) != SCHEMA:
            raise InputError(f"{self.path} must be a checkpoint with schema {SCHEMA!r}, got {arrays.get('schema')}")
        self._refuse_other_run(json.loads(str(arrays["config"])))
        groups: dict[int, Results] = {}
        rows: dict[int, dict[int, Results]] = {}
        for key, value in arrays.items():
            kind, *place = key.split("/")
            if kind == "finished":
                groups.setdefault(int(place[0]), {})[place[1]] = value
            elif kind == "row":
                rows.setdefault(int(place[0]), {}).setdefault(int(place[1]), {})[place[2]] = value
        state = [arrays[f"array/{i}"] for i in range(sum(key.startswith("array/") for key in arrays))]
        self.finished = [groups[g] for g in sorted(groups)]
        measured = [[rows[m][i] for i in sorted(rows[m])] for m in sorted(rows)]
        self.current = Progress(int(arrays["step"]), arrays["first"], state, measured)

    def _refuse_other_run(self, saved: Mapping[str, Any]) -> None:
        asked = json.loads(_canonical(self.config))
        for name in sorted({*saved, *asked}):
            if saved.get(name) != asked.get(name):
                raise InputError(
                    f"the checkpoint {self.path} must be of the same run, got {name} {_short(saved.get(name))} "
                    f"instead of {_short(asked.get(name))}"
                )


def _canonical(config: Mapping[str, Any]) -> str:
    return json.dumps(config, sort_keys=True)


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."
