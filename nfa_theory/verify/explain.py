"""What a person needs to see of a refuted claim: predicted, measured, the interval, and how to see it again."""

from typing import Any

import numpy as np

from nfa_theory.verify.check import Finding
from nfa_theory.verify.court import Verdict
from nfa_theory.verify.results import command


def explanation(verdict: Verdict) -> str:
    """Say why a claim was refuted.

    Parameters
    ----------
    verdict : Verdict
        Of a refuted claim.

    Returns
    -------
    str
        One line for each obligation that is broken and each quantity that was refused, and the command.
    """
    broken = [f"  obligation not met: {name}" for name in verdict.broken_obligations]
    refused = [f"  {_line(finding)}" for finding in verdict.findings if not finding.held]
    again = f"  to see it again: {command(verdict.claim, verdict.seed, verdict.profile)}"
    return "\n".join([f"{verdict.claim} is refuted:", *broken, *refused, again])


def _line(finding: Finding) -> str:
    head = f"{finding.quantity} ({finding.kind}, {finding.check}):"
    if finding.kind == "order":
        claimed = finding.curve["order"]
        return f"{head} the error falls at order {claimed - finding.statistic:.2f}, claimed {claimed}"
    predicted, measured = _worst(finding)
    return f"{head} predicted {predicted}, measured {measured} +- {finding.interval:.3g}"


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
