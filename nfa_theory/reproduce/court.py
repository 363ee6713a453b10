"""The claims of the theory: derived, judged, and written for the report, one process for each core."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from nfa_theory.reproduce.plan import Plan
from nfa_theory.reproduce.progress import Progress

if TYPE_CHECKING:
    from derivations.rendering import Document
    from nfa_theory.report.markup import Markup


@dataclass(frozen=True)
class Judged:
    """A claim with everything that the report says of it.

    Parameters
    ----------
    document : Document
        Its derivation in strings.
    verdict : dict
        The entry of ``results.json``.
    section : Markup
        The section of the report.
    """

    document: Document
    verdict: dict[str, Any]
    section: Markup


def judge_claims(plan: Plan, progress: Progress | None = None) -> tuple[dict[str, Any], list[Judged]]:
    """Derive and judge the claims of a plan.

    Parameters
    ----------
    plan : Plan
        Which claims, how hard the court looks, and the seed.
    progress : callable, optional
        Called as ``progress(share, what)``.

    Returns
    -------
    content : dict
        The court's part of ``results.json``.
    judged : list of Judged
        In the same order.

    Raises
    ------
    InputError
        If a claim is unknown.
    """
    start = time.perf_counter()
    names = plan.claim_names()
    work = partial(_judge, seed=plan.seed, profile=plan.court_profile, names=frozenset(names))
    judged = _on_all_cores(work, names, progress)
    content = _settings(plan.seed, plan.court_profile)
    content["seconds"] = round(time.perf_counter() - start, 3)
    return content | {"claims": [each.verdict for each in judged]}, judged


def _judge(name: str, seed: int, profile: str, names: frozenset[str]) -> Judged:
    """Judge first: then the derivation is at hand when it is written out."""
    from nfa_theory.derivation_cache import cached_document
    from nfa_theory.report import claim_section
    from nfa_theory.verify.court import PROFILES, verify
    from nfa_theory.verify.results import verdict_content

    verdict = verdict_content(verify(name, seed, profile=PROFILES[profile]))
    document = cached_document(name)
    return Judged(document, verdict, claim_section(document, verdict, _settings(seed, profile), names))


def _settings(seed: int, profile: str) -> dict[str, Any]:
    from nfa_theory.verify.court import PROFILES
    from nfa_theory.verify.results import court_results

    chosen = PROFILES[profile]
    return court_results((), seed, profile, 0.0) | {"detectable": chosen.detectable, "power": chosen.power}


def _on_all_cores(work: partial[Judged], names: Sequence[str], progress: Progress | None) -> list[Judged]:
    count = min(len(os.sched_getaffinity(0)), len(names))
    if count == 1:
        return [work(name) for name in names]
    found: dict[str, Judged] = {}
    with ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_one_thread) as pool:
        jobs = {pool.submit(work, name): name for name in names}
        try:
            for done, job in enumerate(as_completed(jobs), start=1):
                found[jobs[job]] = job.result()
                if progress is not None:
                    progress(done / len(names), f"judged {jobs[job]}")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [found[name] for name in names]


def _one_thread() -> None:
    """Leave the other cores to the other claims."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
