"""Checkpoints: a stopped run goes on from its last measurement as if it had never been stopped.

One ``.npz`` file without pickled objects, written whole or not at all. It keeps the weights, the optimizer's state and
what was measured, of finished networks too, so that a run can be extended. The order of samples is not kept: it follows
from the seed.
"""

import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from numerics.backend.arrays import to_host
from numerics.backend.files import check_target, write_atomically
from numerics.errors import InputError
from numerics.feature_matrices.network_alignments import Row
from numerics.training.loop import Progress

SCHEMA = "nfa-theory checkpoint 2"


@dataclass
class Checkpoint:
    """The state of a run in a file.

    Parameters
    ----------
    path : path-like
        The file.
    config : mapping
        What the run was asked for, as JSON knows it. A file of another run is refused; one of the same run with fewer
        steps is gone on from.
    groups : list of Progress
        Where every group of networks stands that was begun.

    Raises
    ------
    InputError
        If the file is not a checkpoint, or one of another run.
    """

    path: str | os.PathLike[str]
    config: Mapping[str, Any]
    groups: list[Progress] = field(default_factory=list)

    def __post_init__(self) -> None:
        if check_target(self.path, replace=True).exists():
            self._load()

    def keep(self, number: int, progress: Progress) -> None:
        """Write the file, with this progress of a group."""
        self.groups[number:] = [progress]
        arrays: dict[str, Any] = {"schema": np.asarray(SCHEMA), "config": np.asarray(_canonical(self.config))}
        for g, group in enumerate(self.groups):
            arrays |= {f"{g}/step": np.asarray(group.step), f"{g}/first": group.first}
            arrays |= {f"{g}/array/{i}": to_host(A) for i, A in enumerate(group.arrays)}
            for m, rows in enumerate(group.rows):
                arrays |= {
                    f"{g}/row/{m}/{i}/{name}": value for i, row in enumerate(rows) for name, value in row.items()
                }
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)
        write_atomically(self.path, buffer.getvalue())

    def _load(self) -> None:
        try:
            content = Path(self.path).read_bytes()  # a file of ours is closed even where NumPy fails
            if not content.startswith(b"PK"):
                raise InputError(f"{self.path} must be a checkpoint of a run, got another file")
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except InputError:
            raise
        except Exception as error:  # a damaged file can fail anywhere in the reader
            reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
            raise InputError(f"{self.path} is not a checkpoint that can be read ({reason})") from None
        if str(arrays.get("schema")) != SCHEMA:
            raise InputError(f"{self.path} must be a checkpoint with schema {SCHEMA!r}, got {arrays.get('schema')}")
        saved = json.loads(str(arrays["config"]))
        self._refuse_other_run(saved)
        count = sum(name.endswith("/step") for name in arrays)
        self.groups = [self._for_this_run(_group(arrays, g), saved["measured"]) for g in range(count)]

    def _for_this_run(self, group: Progress, measured: list[int]) -> Progress:
        """Keep what was measured at the steps that are asked for now; the last step of a shorter run is often not."""
        if group.step > self.config["steps"]:
            raise InputError(
                f"the checkpoint {self.path} has {group.step} steps, so steps must be at least that, "
                f"got {self.config['steps']}"
            )
        rows = dict(zip(measured, group.rows, strict=False))
        wanted = [step for step in self.config["measured"] if step <= group.step]
        if missing := [step for step in wanted if step not in rows]:
            raise InputError(
                f"the checkpoint {self.path} must have been measured where this run is, got no measurement at step "
                f"{missing[0]}"
            )
        return Progress(group.step, group.first, group.arrays, [rows[step] for step in wanted])

    def _refuse_other_run(self, saved: Mapping[str, Any]) -> None:
        asked = json.loads(_canonical(self.config))
        rates = _first_rates(saved, asked)
        for name in sorted({*saved, *asked} - {"steps", "measured"}):
            pair = rates if name == "learning_rate" else (saved.get(name), asked.get(name))
            if pair[0] != pair[1]:
                raise InputError(
                    f"the checkpoint {self.path} must be of the same run, got {name} {_short(pair[0])} "
                    f"instead of {_short(pair[1])}"
                )


def _group(arrays: Mapping[str, Any], number: int) -> Progress:
    rows: dict[int, dict[int, Row]] = {}
    states: dict[int, Any] = {}
    for key, value in arrays.items():
        group, kind, *place = key.split("/") if "/" in key else (key, "")
        if group != str(number):
            continue
        if kind == "array":
            states[int(place[0])] = value
        elif kind == "row":
            rows.setdefault(int(place[0]), {}).setdefault(int(place[1]), {})[place[2]] = value
    measured = [[rows[m][i] for i in sorted(rows[m])] for m in sorted(rows)]
    state = [states[i] for i in sorted(states)]
    return Progress(int(arrays[f"{number}/step"]), arrays[f"{number}/first"], state, measured)


def _first_rates(saved: Mapping[str, Any], asked: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return the learning rates of the steps that both runs have: only these must agree."""
    steps = min(saved["steps"], asked["steps"])
    rates = [config["learning_rate"] for config in (saved, asked)]
    if not any(isinstance(rate, list) for rate in rates):
        return rates[0], rates[1]
    first, second = (rate[:steps] if isinstance(rate, list) else [rate] * steps for rate in rates)
    return first, second


def _canonical(config: Mapping[str, Any]) -> str:
    return json.dumps(config, sort_keys=True)


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."
