"""The claims of the theory: derived and judged, one process for each core."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from nfa_theory.reproduce.plan import Plan
from nfa_theory.reproduce.progress import Progress

if TYPE_CHECKING:
    from derivations.rendering import Document


@dataclass(frozen=True)
class Judged:
    """A claim with everything that the report says of it.

    Parameters
    ----------
    document : Document
        Its derivation in strings.
    verdict : dict
        The entry of ``results.json``.
    """

    document: Document
    verdict: dict[str, Any]


def judge_claims(plan: Plan, progress: Progress | None = None) -> tuple[dict[str, Any], list[Judged]]:
    """Derive and judge the claims of a plan."""
    from nfa_theory.verify.judge_each import judge_each
    from nfa_theory.verify.results import court_results

    start = time.perf_counter()
    names = plan.claim_names()
    work = partial(_judge, seed=plan.seed, profile=plan.court_profile)
    judged = judge_each(work, names, progress=progress)
    content = court_results((), plan.seed, plan.court_profile, time.perf_counter() - start)
    return content | {"claims": [each.verdict for each in judged]}, judged


def _judge(name: str, seed: int, profile: str) -> Judged:
    """Judge first: then the derivation is at hand when it is written out."""
    from nfa_theory.derivation_cache import cached_document
    from nfa_theory.verify.court import PROFILES, verify
    from nfa_theory.verify.results import verdict_content

    verdict = verdict_content(verify(name, seed, profile=PROFILES[profile]))
    return Judged(cached_document(name), verdict)
