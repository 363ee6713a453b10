"""The outcome, said first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from nfa_theory.report.claims import badge
from nfa_theory.report.markup import Markup, join, tag

Results = Mapping[str, Any]

_NETWORKS = {
    "held": "The prediction for real images held in every layer.",
    "refuted": "The prediction for real images was refuted in at least one layer.",
    "undecided": "No layer refutes the prediction for real images, but not every layer could decide.",
}


def lead(results: Results) -> Markup:
    """Say the outcome first: of the claims, then of the networks on real images."""
    return join(_claims(results["court"]), _networks(results["early_alignment"]) if _has_networks(results) else "")


def _has_networks(results: Results) -> bool:
    return "early_alignment" in results


def _claims(court: Mapping[str, Any]) -> Markup:
    counts = Counter(each["status"] for each in court["claims"])
    order = ("refuted", "error", "undecided", "held", "unchecked")
    told = [join(f"{counts[status]} ", badge(status)) for status in order if counts[status]]
    total = len(court["claims"])
    noun = "claim" if total == 1 else "claims"
    return tag(
        "p",
        f"{total} {noun} of the theory, derived from the definitions by the machine. What networks that share no code "
        "with the derivation say of them: ",
        *(join(", " if i else "", each) for i, each in enumerate(told)),
        ".",
        class_="lead",
    )


def _networks(early: Mapping[str, Any]) -> Markup:
    verdicts = {layer["verdict"] for layer in early["layers"]}
    verdict = next(each for each in ("refuted", "undecided", "held") if each in verdicts)
    worst = max(layer["detectable_relative_error"] for layer in early["layers"])
    return tag(
        "p",
        tag("span", _NETWORKS[verdict], class_=f"verdict {verdict}"),
        f" Theory predicts the early centered alignment of {len(early['layers'])} hidden layers from "
        f"{early['samples']:,} images alone. Networks of {len(early['widths'])} widths with {len(early['seeds'])} "
        f"random initializations each were trained for one small step and measured; a prediction wrong by {worst:.1%} "
        "would have been found in any layer with probability 0.95.",
        class_="lead",
    )
