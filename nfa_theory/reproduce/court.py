"""The claims of the theory: derived and judged, one process for each core."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from nfa_theory.reproduce.plan import Plan
from nfa_theory.workers import Job, Progress, Workers

if TYPE_CHECKING:
    from derivations.rendering import Document


_LONGEST = (
    "linear.random_function",
    "quadratic.finite_width_mean",
    "linear.four_layers",
    "quadratic.finite_sample_bias",
    "early.epoch",
    "wide.random_function_traces",
    "quadratic.random_labels",
    "sgd.quadratic_moments",
    "wide.tangent_kernel",
)
"""These claims go first, so that no process still works on one when the others are done."""


def judge_claims(
    plan: Plan, workers: Workers, progress: Progress, *, cache: bool = True
) -> tuple[dict[str, Any], dict[str, Document]]:
    """Derive and judge the claims of a plan: the court's part of ``results.json``, and every derivation in strings."""
    from nfa_theory.verify.results import court_results

    start = time.perf_counter()
    jobs = [
        Job(
            f"judging {name}",
            partial(_judge, name, plan.seed, plan.court_profile, cache),
            cost=3.0 if name in _LONGEST else 1.0,
        )
        for name in plan.claim_names()
    ]
    judged = workers.run(jobs, progress)
    content = court_results((), plan.seed, plan.court_profile, time.perf_counter() - start)
    return content | {"claims": [verdict for verdict, _ in judged]}, {each["name"]: each for _, each in judged}


def _judge(name: str, seed: int, profile: str, cache: bool) -> tuple[dict[str, Any], Document]:
    """Measure; whether the obligations are met depends on no seed, and the written derivation tells it."""
    from nfa_theory.derivation_cache import cached_document
    from nfa_theory.verify.court import PROFILES, verify
    from nfa_theory.verify.results import verdict_content

    document = cached_document(name, anew=not cache)
    broken = [obligation for obligation, holds in document["obligations"].items() if not holds]
    known = (
        broken if document["obligations"] else None
    )  # a claim without obligations is refused where they are computed
    return verdict_content(verify(name, seed, profile=PROFILES[profile], broken=known)), document
