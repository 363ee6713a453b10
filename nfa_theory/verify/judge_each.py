"""One job for each claim, one process for each core."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TypeVar

Result = TypeVar("Result")
Progress = Callable[[float, str], None]


def judge_each(
    judge: Callable[[str], Result],
    names: Sequence[str],
    processes: int | None = None,
    progress: Progress | None = None,
) -> list[Result]:
    """Judge each claim, on all cores."""
    count = min(processes or len(os.sched_getaffinity(0)), len(names))
    found: dict[str, Result] = {}

    def tell(name: str, result: Result) -> None:
        found[name] = result
        if progress is not None:
            progress(len(found) / len(names), f"judged {name}")

    if count <= 1:
        for name in names:
            tell(name, judge(name))
        return list(found.values())
    with ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_one_thread) as pool:
        jobs = {pool.submit(judge, name): name for name in names}
        try:
            for job in as_completed(jobs):
                tell(jobs[job], job.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [found[name] for name in names]


def _one_thread() -> None:
    """Leave the cores to the other processes; small matrices gain nothing from threads."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
