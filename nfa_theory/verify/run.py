"""Claims by name on all cores: each claim is a job of its own, with random numbers of its own."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from derivations.registry import all_derivations
from nfa_theory.verify.court import PROFILES, Verdict, verify
from nfa_theory.verify.refutation import Refutation, refute
from nfa_theory.workers import Job, Progress, Workers
from numerics.errors import InputError, unknown


def verify_claims(
    names: Sequence[str] = (),
    seed: int = 0,
    profile: str = "default",
    processes: int | None = None,
    progress: Progress | None = None,
    workers: Workers | None = None,
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
    workers : Workers, optional
        Use these instead, such as those of a scheduler (`nfa_theory.sweeps.cluster.ClusterWorkers`).

    Returns
    -------
    list of Verdict
        In the order of the names.

    Raises
    ------
    InputError
        A name is unknown, or a number is out of range.
    """
    chosen = _checked(names, seed, profile)
    return _each(partial(verify, seed=seed, profile=PROFILES[profile]), chosen, processes, progress, workers)


def refute_claims(
    names: Sequence[str] = (),
    seed: int = 0,
    profile: str = "default",
    processes: int | None = None,
    progress: Progress | None = None,
    workers: Workers | None = None,
) -> list[Refutation]:
    """Let the measurements of several claims judge wrong versions of them.

    Parameters
    ----------
    names, seed, profile, processes, progress, workers
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
    chosen = _checked(names, seed, profile)
    return _each(partial(refute, seed=seed, profile=PROFILES[profile]), chosen, processes, progress, workers)


def _each(
    judge: Callable[[str], Any],
    names: Sequence[str],
    processes: int | None,
    progress: Progress | None,
    workers: Workers | None,
) -> list[Any]:
    with workers or Workers(processes) as chosen:
        return chosen.run([Job(f"judged {name}", partial(judge, name)) for name in names], progress)


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
