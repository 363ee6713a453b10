"""What happens where the runs are computed: compute, write, report; the same in this process and on a worker."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import xarray as xr
from threadpoolctl import ThreadpoolController

from nfa_theory.sweeps.grid import Run
from nfa_theory.sweeps.store import Store
from nfa_theory.sweeps.work import Made, Work
from nfa_theory.sweeps.zarr_format import encode
from numerics.errors import InputError


@dataclass
class Report:
    """What came of the runs of a task.

    Parameters
    ----------
    written : list of str
        Names of the runs that were computed here.
    failed : dict
        Messages of those that failed, by name.
    size : int
        Bytes written.
    seconds : float
        Time that all took, without what a worker does once: data that are read, libraries that are loaded.
    """

    written: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    size: int = 0
    seconds: float = 0.0


def perform(work: Work, address: str, runs: Sequence[Run], threads: int) -> Report:
    """Compute the runs that are not there yet, and write each as soon as it is done.

    A run that fails is recorded and does not stop the others. What cannot be written does: it raises `InputError`.
    """
    store, report = Store(address), Report()
    missing = [run for run in runs if not store.has(run.name)]  # another client may have been faster
    if not missing:
        return report
    with libraries().limit(limits=threads):
        work.prepare(missing[0].settings)
        start = time.perf_counter()
        for i, made in work.compute([run.settings for run in missing]):
            _write(store, missing[i], made, report)
        report.seconds = time.perf_counter() - start
    return report


@cache
def libraries() -> ThreadpoolController:
    """Find the libraries of linear algebra, once a process."""
    xr.Dataset({"first": ("of", [0])})  # xarray's first data set loads what it can be made of: no run's time
    return ThreadpoolController()


def _write(store: Store, run: Run, made: Made, report: Report) -> None:
    if not isinstance(made, Exception):
        try:
            files = encode(made, store.marks(run))
        except InputError as error:
            made = error
    if isinstance(made, Exception):
        report.failed[run.name] = message_of(made)
        store.fail(run, report.failed[run.name])
        return
    store.add(run, files)
    report.written.append(run.name)
    report.size += sum(map(len, files.values()))


def message_of(error: BaseException) -> str:
    """Say in one line what went wrong."""
    text = " ".join(str(error).split())
    kind = type(error).__name__
    return text if isinstance(error, InputError) and text else f"{kind}: {text}" if text else kind
