"""Independent jobs in processes of one linear-algebra thread each, the longest first."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import active_children, get_context
from types import TracebackType
from typing import Any, Self

Progress = Callable[[float, str], None]
"""Called with the share of the work that is done (0 to 1) and what is being done."""


def part(progress: Progress | None, start: float, end: float) -> Progress:
    """Let a part of the work count as a part of the whole."""
    if progress is None:
        return lambda share, what: None
    return lambda share, what: progress(start + share * (end - start), what)


def usable_cores() -> int:
    """Count the cores that this process may use, which a container or `taskset` can make fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Job:
    """Something to compute: a picklable call, and how long it takes beside the others."""

    label: str
    call: Callable[[], Any]
    cost: float = 1.0


class Workers:
    """Processes that start with the first jobs and serve all later ones; one process is this one.

    Parameters
    ----------
    count : int, optional
        How many; by default one for each usable core.

    Examples
    --------
    >>> with Workers(1) as workers:
    ...     workers.run([Job("a", int), Job("b", str, cost=2.0)])
    [0, '']
    """

    def __init__(self, count: int | None = None) -> None:
        self.count = count or usable_cores()
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._pool is None:
            return
        self._pool.shutdown(wait=kind is None, cancel_futures=True)
        if kind is not None:  # nobody waits for what they are doing
            for child in set(active_children()) - self._others:
                child.terminate()

    def run(self, jobs: Sequence[Job], progress: Progress | None = None) -> list[Any]:
        """Do all jobs, and return their results in the order of the jobs."""
        results: dict[int, Any] = {}
        total, done = sum(job.cost for job in jobs), 0.0
        for i, result in self.finished(jobs):
            results[i] = result
            done += jobs[i].cost
            if progress is not None:
                progress(min(done / total, 1.0), jobs[i].label)
        return [results[i] for i in range(len(jobs))]

    def finished(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Any]]:
        """Yield the number of a job and its result as soon as it is done."""
        order = sorted(range(len(jobs)), key=lambda i: -jobs[i].cost)
        if self.count == 1 or len(jobs) == 1:
            for i in order:
                yield i, jobs[i].call()
            return
        if self._pool is None:
            self._others = set(active_children())
            context = get_context("spawn")  # a fork would copy threads in any state
            self._pool = ProcessPoolExecutor(self.count, mp_context=context, initializer=_prepare)
        futures = {self._pool.submit(jobs[i].call): i for i in order}
        for future in as_completed(futures):
            yield futures[future], future.result()


def _prepare() -> None:
    """Leave the cores to the other processes, and Ctrl-C to the parent, which ends this one."""
    import signal

    import numpy  # noqa: F401 - a limit holds for the libraries that are loaded
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_limits

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threadpool_limits(1)
