"""How far a sweep is, from its store alone: whoever computes it, and wherever."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from nfa_theory.sweeps.estimate import duration
from nfa_theory.sweeps.grid import Grid
from nfa_theory.sweeps.store import RUNS, Failure, Store
from nfa_theory.sweeps.zarr_format import GROUP

_RECENT = 50
"""The pace is that of so many runs finished last."""
_ASLEEP = 20
"""A sweep is at rest when nothing was finished for so many times the usual distance of two runs, and a minute."""


@dataclass(frozen=True)
class Status:
    """One sweep of a store.

    Parameters
    ----------
    plan, title : str
        Its name in the store, and what it is called.
    total, finished, missing : int
        Numbers of runs; those that failed are neither finished nor missing.
    failures : tuple of Failure
        What failed.
    damaged : dict
        If it was asked for: what is wrong with runs whose bytes are not those written, by name.
    seconds_since : float, optional
        Since a run was finished, where the store tells.
    seconds_left : float, optional
        At the pace of the last runs; None where there is none, or the sweep is at rest.
    """

    plan: str
    title: str
    total: int
    finished: int
    missing: int
    failures: tuple[Failure, ...]
    damaged: dict[str, str]
    seconds_since: float | None
    seconds_left: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        return json.loads(json.dumps(asdict(self)))  # type: ignore[no-any-return]

    def __str__(self) -> str:
        counts = f"{self.total} runs: {self.finished} finished, {len(self.failures)} failed, {self.missing} missing"
        parts = [f"{self.title}: {counts}"]
        if self.missing and self.seconds_since is not None:
            parts.append(f"last one {duration(self.seconds_since)} ago")
            parts.append("at rest" if self.seconds_left is None else f"about {duration(self.seconds_left)} left")
        lines = [", ".join(parts)]
        lines += [f"failed {each.name} ({shown(each.settings)}): {each.message}" for each in self.failures]
        lines += [f"damaged {name}: {reason}" for name, reason in self.damaged.items()]
        return "\n".join(lines)


def status(store: str | os.PathLike[str], *, check: bool = False) -> list[Status]:
    """Say how far the sweeps of a store are.

    Parameters
    ----------
    store : path-like or str
        A folder or an address of fsspec.
    check : bool
        Read everything, and name the runs whose bytes are not those that were written.

    Returns
    -------
    list of Status
        One for each plan that was asked for.

    Raises
    ------
    InputError
        If there is no such store.
    """
    place = Store(os.fspath(store))
    place.check()
    there, failures = place.finished(), {each.name: each for each in place.failures()}
    damaged = {name: reason for name in sorted(there) if (reason := place.damaged(name))} if check else {}
    return [
        _status(place, name, (grid, str(more.get("title"))), there, failures, damaged)
        for name, (grid, more) in sorted(place.plans().items())
    ]


def _status(
    store: Store,
    plan: str,
    asked: tuple[Grid, str],
    there: set[str],
    failures: Mapping[str, Failure],
    damaged: Mapping[str, str],
) -> Status:
    names = {run.name for run in asked[0]}
    finished, failed = names & there, (names & set(failures)) - there
    missing = len(names) - len(finished) - len(failed)
    since, left = _pace(store, finished, missing)
    return Status(
        plan,
        asked[1],
        len(names),
        len(finished),
        missing,
        tuple(failures[name] for name in sorted(failed)),
        {name: damaged[name] for name in sorted(names & set(damaged))},
        since,
        left,
    )


def _pace(store: Store, finished: set[str], missing: int) -> tuple[float | None, float | None]:
    """Return the seconds since the last run, and those that are left at the pace of the last ones."""
    if not missing or not finished:
        return None, None
    told = [store.files.changed(f"{RUNS}/{name}/{GROUP}") for name in finished]
    times = sorted(when for when in told if when is not None)[-_RECENT:]
    if not times:
        return None, None
    since = max(time.time() - times[-1], 0.0)
    distance = (times[-1] - times[0]) / max(len(times) - 1, 1)
    running = len(times) > 1 and since < 60 + _ASLEEP * distance
    return since, missing * distance if running else None


def shown(settings: Mapping[str, Any]) -> str:
    """Write the settings of a run in a line.

    Examples
    --------
    >>> shown({"network.width": 8, "seed": 0})
    'network.width = 8, seed = 0'
    """
    return ", ".join(f"{name} = {json.dumps(value)}" for name, value in settings.items())
