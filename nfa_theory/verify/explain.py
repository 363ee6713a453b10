"""What a person needs to see of a claim that is not held: predicted, measured, interval, and how to see it again."""

from typing import Any

import numpy as np

from nfa_theory.verify.court import Verdict
from nfa_theory.verify.results import command
from nfa_theory.verify.rules.check import Finding


def explanation(verdict: Verdict) -> str:
    """Say why a claim was refuted, or could not be judged."""
    outcome = "is refuted" if verdict.status == "refuted" else "could not be judged"
    broken = [f"  obligation not met: {name}" for name in verdict.broken_obligations]
    refused = [f"  {_line(finding)}" for finding in verdict.findings if not finding.held]
    crashed = [f"  crashed: {error}" for error in verdict.errors]
    again = f"  to see it again: {command(verdict.claim, verdict.seed, verdict.profile)}"
    return "\n".join([f"{verdict.claim} {outcome}:", *broken, *refused, *crashed, again])


def _line(finding: Finding) -> str:
    head = f"{finding.quantity} ({finding.kind}, {finding.check}):"
    predicted, measured = _worst(finding)
    values = f"{head} predicted {predicted}, measured {measured}"
    if finding.kind == "order":
        order = finding.curve["order"]
        return f"{values}; a term of order {order - 1} is left, {finding.statistic:.3g} times what is allowed"
    return f"{values} +- {finding.interval:.3g}"


def _worst(finding: Finding) -> tuple[str, str]:
    """Choose the entry that is farthest off."""
    measured = np.asarray(finding.measured, dtype=np.float64)
    if finding.predicted is None:
        return "nothing", f"{_number(measured)}"
    predicted: Any = np.asarray(finding.predicted, dtype=np.float64)
    if predicted.shape != measured.shape:
        return f"an array of shape {predicted.shape}", f"one of shape {measured.shape}"
    at = int(np.argmax(np.abs(np.nan_to_num(predicted - measured, nan=np.inf))))
    return f"{predicted.flat[at]:.8g}", f"{measured.flat[at]:.8g}"


def _number(values: Any) -> str:
    return f"{float(values):.8g}" if values.ndim == 0 else f"an array of shape {values.shape}"
