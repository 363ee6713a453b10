"""What a verdict is worth, in words: how a claim was looked at, and what would have been seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nfa_theory.figures.verdict import found_order

Verdict = Mapping[str, Any]

SENTENCES = {
    "held": "Held: every measured quantity agrees with the closed form.",
    "refuted": "Refuted.",
    "error": "Not judged: a check crashed.",
    "undecided": "Undecided: nothing disagrees, but some slight errors would not have been seen.",
    "unchecked": "Not measured: the derivation holds to its definitions, but no network was run for this claim.",
}
"""What each status means."""

_LEFT_OUT = 3


def kinds(verdict: Verdict) -> list[str]:
    """List the kinds of checks, in the order in which they were made."""
    return list(dict.fromkeys(each["kind"] for each in verdict["findings"]))


def short_strength(verdict: Verdict, court: Mapping[str, Any]) -> str:
    """Say in a few words what would have been refused."""
    findings = verdict["findings"]
    parts = [_SHORT[kind]([each for each in findings if each["kind"] == kind], court) for kind in kinds(verdict)]
    if verdict["unseen"]:
        parts.append(f"{len(verdict['unseen'])} slight errors unseen")
    return "; ".join(parts) or "derived only"


def strength(verdict: Verdict, court: Mapping[str, Any]) -> list[str]:
    """Say in sentences how the claim was measured and what would have been refused."""
    sentences = [SENTENCES[verdict["status"]]]
    sentences += [f"Refused: {each['quantity']} ({each['check']})." for each in verdict["findings"] if not each["held"]]
    sentences += [f"Broken obligation: {each}." for each in verdict["broken_obligations"]]
    sentences += [f"Crashed: {each}." for each in verdict["errors"]]
    for kind in kinds(verdict):
        sentences.append(_LONG[kind]([each for each in verdict["findings"] if each["kind"] == kind], court))
    if verdict["unseen"]:
        sentences.append(f"Errors that would not have been seen: {_some(verdict['unseen'])}.")
    return sentences


def _short_identity(findings: list[Verdict], court: Mapping[str, Any]) -> str:
    del court
    return f"exact to {_power(findings[0]['threshold'])}"


def _short_draws(findings: list[Verdict], court: Mapping[str, Any]) -> str:
    return f"{_replicates(findings):,} draws: finds {court['detectable']:.0%}"


def _short_order(findings: list[Verdict], court: Mapping[str, Any]) -> str:
    del court
    return "error of order " + ", ".join(
        f"{order:g}" for order in sorted({each["curve"]["order"] for each in findings})
    )


def _identity(findings: list[Verdict], court: Mapping[str, Any]) -> str:
    del court
    worst = max((each["statistic"] for each in findings if each["statistic"] is not None), default=None)
    found = "no value" if worst is None else _power(worst)
    exact = "averages over every case that can occur" if findings[0]["kind"] == "exact average" else "random instances"
    what = "quantity" if len(findings) == 1 else "quantities"
    return (
        f"{len(findings)} {what} on {exact}: the largest relative difference is {found}; "
        f"more than {_power(findings[0]['threshold'])} is refused."
    )


def _draws(findings: list[Verdict], court: Mapping[str, Any]) -> str:
    how = "averages over" if findings[0]["kind"] == "average" else "limits of averages over"
    return (
        f"{len(findings)} {how} {_replicates(findings):,} independent draws: an error of {court['detectable']:.0%} in "
        f"any single coefficient is refused with probability {court['power']:g}, and all true claims together are "
        f"spared with probability 1 - {_power(court['error_rate'])}."
    )


def _order(findings: list[Verdict], court: Mapping[str, Any]) -> str:
    del court
    told = [f"{each['quantity']} at order {_found(each)} (claimed {each['curve']['order']:g})" for each in findings]
    return (
        f"The error of the expansion falls with time: {_some(told)}; "
        "a term of lower order beside the first ones that are left out is refused."
    )


def _found(finding: Verdict) -> str:
    order = found_order(finding)
    return f"{order:.2f}" if order < 100 else "too high to tell from rounding"


def _replicates(findings: list[Verdict]) -> int:
    return max(int(each["replicates"]) for each in findings)


def _power(value: float) -> str:
    """Write a small number as a physicist does."""
    if value == 0:
        return "0"
    digits, exponent = f"{value:.0e}".split("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{raised}" if digits == "1" else f"{digits}·10{raised}"


def _some(texts: list[str]) -> str:
    more = len(texts) - _LEFT_OUT
    return "; ".join(texts) if more <= 0 else f"{'; '.join(texts[:_LEFT_OUT])}; and {more} more"


_SHORT = {
    "identity": _short_identity,
    "exact average": _short_identity,
    "average": _short_draws,
    "limit": _short_draws,
    "order": _short_order,
}
_LONG = {"identity": _identity, "exact average": _identity, "average": _draws, "limit": _draws, "order": _order}
