"""The claims of the theory: derived and judged, one process for each core."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from nfa_theory.reproduce.plan import Plan
from nfa_theory.workers import Job, Progress, Workers

if TYPE_CHECKING:
    from derivations.rendering import Document


def judge_claims(plan: Plan, workers: Workers, progress: Progress) -> tuple[dict[str, Any], dict[str, Document]]:
    """Derive and judge the claims of a plan: the court's part of ``results.json``, and every derivation in strings."""
    from nfa_theory.verify.results import court_results

    start = time.perf_counter()
    jobs = [Job(f"judging {name}", partial(_judge, name, plan.seed, plan.court_profile)) for name in plan.claim_names()]
    judged = workers.run(jobs, progress)
    content = court_results((), plan.seed, plan.court_profile, time.perf_counter() - start)
    return content | {"claims": [verdict for verdict, _ in judged]}, {each["name"]: each for _, each in judged}


def _judge(name: str, seed: int, profile: str) -> tuple[dict[str, Any], Document]:
    """Judge first: then the derivation is at hand when it is written out."""
    from nfa_theory.derivation_cache import cached_document
    from nfa_theory.verify.court import PROFILES, verify
    from nfa_theory.verify.results import verdict_content

    verdict = verdict_content(verify(name, seed, profile=PROFILES[profile]))
    return verdict, cached_document(name)
