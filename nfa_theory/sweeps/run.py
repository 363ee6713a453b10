"""A sweep from its plan to its store: what is missing is computed, and nothing twice."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import xarray as xr

from nfa_theory.sweeps.clients import has_dask, local_client, require_dask
from nfa_theory.sweeps.estimate import Estimate
from nfa_theory.sweeps.grid import Grid, axes_of
from nfa_theory.sweeps.job import Job
from nfa_theory.sweeps.plan import Plan, read_plan
from nfa_theory.sweeps.store import Failure, Store
from nfa_theory.sweeps.work import FunctionWork, Work
from nfa_theory.workers import Progress, usable_cores
from numerics.checks import require_integer
from numerics.errors import InputError

if TYPE_CHECKING:
    from distributed import Client


SECONDS_OF_A_START = 10.0
"""Workers of this machine are started for sweeps that would take longer than this in one process."""


@dataclass(frozen=True)
class Summary:
    """What came of a sweep.

    Parameters
    ----------
    store : str
        Where the runs are.
    total, before, computed : int
        Runs of the sweep, those that were there before, and those that came since.
    failures : tuple of Failure
        All runs of the sweep that failed, now or before.
    seconds : float
        How long it took.
    """

    store: str
    total: int
    before: int
    computed: int
    failures: tuple[Failure, ...]
    seconds: float

    def open(self) -> xr.Dataset:
        """Open all runs as one data set, see `nfa_theory.sweeps.open`."""
        from nfa_theory.sweeps.dataset import open as open_sweep

        return open_sweep(self.store)


def run(
    function_or_plan: Callable[..., Any] | Plan | str | os.PathLike[str],
    grid: Mapping[Any, Sequence[Any]] | None = None,
    *,
    store: str | os.PathLike[str],
    client: Client | None = None,
    workers: int | None = None,
    threads: int = 1,
    memory: int | None = None,
    retry_failed: bool = False,
    progress: bool | Progress = True,
    told: Callable[[Estimate], None] | None = None,
    watch: Callable[[str], None] | None = None,
) -> Summary:
    """Compute all runs of a sweep that its store has not yet; stopped anywhere, the same call goes on.

    Parameters
    ----------
    function_or_plan : callable, Plan or path
        A plan (`read_plan`) or its file; or a function with a name, called with the settings of a run as keywords,
        which returns an `xarray.Dataset` or a mapping of names to numbers and arrays.
    grid : mapping, for a function
        Values by setting, ``{"width": [64, 128], "seed": range(4)}``: all combinations. Settings that change together
        are one key: ``{("depth", "steps"): [(1, 100), (2, 200)]}``.
    store : path-like or str
        A folder, or an address of fsspec (``"s3://bucket/sweep.zarr"``); new, or a store of this or another sweep.
    client : distributed.Client, optional
        Whose workers compute. They need this package, and access to the store and the data.
    workers : int, optional
        Processes on this machine, where there is no client: by default one for each core if Dask is installed and the
        sweep takes more than seconds. With 1 the runs are computed in this process. A script that starts processes
        needs ``if __name__ == "__main__":``.
    threads : int
        Threads of linear algebra for each worker. Another number can change the last bits of large products.
    memory : int, optional
        Bytes that each worker may take, one that exceeds them is ended; by default an equal share of nine tenths.
    retry_failed : bool
        Compute again what failed before.
    progress : bool or callable
        Show a bar on a terminal; or a function, called as ``progress(share, what)``.
    told : callable, optional
        Called once with an `Estimate`, after one run.
    watch : callable, optional
        Called with the address of Dask's dashboard, if workers are started.

    Returns
    -------
    Summary
        Its method ``open()`` opens the sweep.

    Raises
    ------
    InputError
        If an argument does not meet its requirement, the plan has mistakes, the store cannot be written to, or the
        scheduler is lost; what is finished is kept.

    Notes
    -----
    A function is known by its module and name: if it computes something else than before, use a new store.

    Examples
    --------
    >>> import tempfile
    >>> def area(width, height):
    ...     return {"area": width * height}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     done = run(area, {"width": [1, 2], "height": [3, 5]}, store=f"{folder}/areas", workers=1)
    ...     done.open().area.sel(width=2, height=5).item()
    10
    """
    start = time.perf_counter()
    runs, work, more = _asked(function_or_plan, grid)
    count = require_integer("workers", usable_cores() if workers is None else workers, 1)
    require_integer("threads", threads, 1)
    if workers is not None and workers > 1 and client is None:
        require_dask("more than one worker")
    place = Store(os.fspath(store))
    place.create()
    place.keep_plan(runs, more)
    with _shown(progress) as show:
        job = Job(runs, work, place, threads, show, retry_failed=retry_failed)
        alone = client is None and (count == 1 or not has_dask() or len(job.missing) <= 1)
        job.probe(client)
        # Unless they were asked for, workers must be worth their start.
        alone = alone or (client is None and workers is None and job.seconds_left() < SECONDS_OF_A_START)
        if told is not None and (found := job.estimate(client, 1 if alone else count)):
            told(found)
        if job.missing:
            chosen: AbstractContextManager[Client | None] = nullcontext(client)
            if client is None and not alone:
                chosen = local_client(count, threads, memory, work.device)
            with chosen as one:
                if watch is not None and one is not None:
                    watch(one.dashboard_link)
                job.compute(one, count)
    seconds = time.perf_counter() - start
    return Summary(place.address, job.total, job.before, job.computed, job.failures(), seconds)


def _asked(what: Any, grid: Mapping[Any, Sequence[Any]] | None) -> tuple[Grid, Work, dict[str, Any]]:
    if isinstance(what, str | os.PathLike):
        what = read_plan(what)
    if isinstance(what, Plan):
        if grid is not None:
            raise InputError("a plan has its own grid, got another one beside it")
        return what.grid, what.work, {"title": what.title}
    work = FunctionWork(what)
    if not grid:
        raise InputError(f"a function needs a grid of settings, got {grid!r}")
    axes = axes_of(grid)
    if any("function" in axis.keys for axis in axes):
        raise InputError("a setting must not be called 'function', which names what is computed")
    return Grid({"function": work.name}, axes), work, {"title": work.name.rpartition(":")[2]}


def _shown(progress: bool | Progress) -> AbstractContextManager[Progress]:
    from nfa_theory.cli.progress_bar import progress_bar

    return nullcontext(progress) if callable(progress) else progress_bar(quiet=not progress)
