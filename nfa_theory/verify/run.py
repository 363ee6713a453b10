"""All claims on all cores: each claim is a job of its own, with random numbers of its own."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TypeVar

from derivations.registry import all_derivations
from nfa_theory.verify.court import PROFILES, Refutation, Verdict, refute, verify
from numerics.errors import InputError, unknown

T = TypeVar("T", Verdict, Refutation)
Progress = Callable[[float, str], None]


def verify_claims(
    names: Sequence[str] = (),
    seed: int = 0,
    profile: str = "default",
    processes: int | None = None,
    progress: Progress | None = None,
) -> list[Verdict]:
    """Judge several claims.

    Parameters
    ----------
    names : sequence of str
        Names of claims; none means all of them.
    seed : int
        Of all measurements. The verdict on a claim does not depend on which other claims are judged.
    profile : {"default", "quick"}
        How hard to look.
    processes : int, optional
        By default one for each usable core.
    progress : callable, optional
        Called as ``progress(share, what)``.

    Returns
    -------
    list of Verdict
        In the order of the names.

    Raises
    ------
    InputError
        A name is unknown, or a number is out of range.
    """
    return _each(_verify_one, names, seed, profile, processes, progress)


def refute_claims(
    names: Sequence[str] = (),
    seed: int = 0,
    profile: str = "default",
    processes: int | None = None,
    progress: Progress | None = None,
) -> list[Refutation]:
    """Let the measurements of several claims judge wrong versions of them.

    Parameters
    ----------
    names, seed, profile, processes, progress
        As for `verify_claims`.

    Returns
    -------
    list of Refutation
        In the order of the names.

    Raises
    ------
    InputError
        As for `verify_claims`.
    """
    return _each(_refute_one, names, seed, profile, processes, progress)


def _each(
    work: Callable[[str, int, str], T],
    names: Sequence[str],
    seed: int,
    profile: str,
    processes: int | None,
    progress: Progress | None,
) -> list[T]:
    chosen = _checked(names, seed, profile)
    count = min(processes or len(os.sched_getaffinity(0)), len(chosen))
    if count <= 1:
        results = []
        for done, name in enumerate(chosen):
            results.append(work(name, seed, profile))
            _tell(progress, done + 1, len(chosen), name)
        return results
    found: dict[str, T] = {}
    with ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_one_thread) as pool:
        jobs = {pool.submit(work, name, seed, profile): name for name in chosen}
        try:
            for done, job in enumerate(as_completed(jobs), start=1):
                found[jobs[job]] = job.result()
                _tell(progress, done, len(chosen), jobs[job])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [found[name] for name in chosen]


def _checked(names: Sequence[str], seed: int, profile: str) -> list[str]:
    known = all_derivations()
    for name in names:
        if name not in known:
            raise InputError(unknown("claim", name, known))
    if profile not in PROFILES:
        raise InputError(unknown("profile", profile, PROFILES))
    if seed < 0:
        raise InputError(f"seed must be at least 0, got {seed}")
    return list(dict.fromkeys(names)) or list(known)


def _one_thread() -> None:
    """Leave the cores to the other processes; small matrices gain nothing from threads."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)


def _verify_one(name: str, seed: int, profile: str) -> Verdict:
    return verify(name, seed, profile=PROFILES[profile])


def _refute_one(name: str, seed: int, profile: str) -> Refutation:
    return refute(name, seed, PROFILES[profile])


def _tell(progress: Progress | None, done: int, total: int, name: str) -> None:
    if progress is not None:
        progress(done / total, f"judged {name}")
