"""``results.json`` of the court: every verdict with what is needed to get it again.

Schema ``"nfa-theory court 2"``: ``version``, ``seed``, ``profile``, ``error_rate`` (of the whole run), ``detectable``
(a relative error of this size in any one coefficient is seen) and ``power`` (with this probability), ``machine``,
``seconds`` and ``claims``, a list. Each claim has ``claim``, ``status`` (held, refuted, error, undecided, unchecked),
``broken_obligations``, ``errors`` (what crashed), ``unseen``, ``replicates`` (the largest number that a check needed),
``seconds``, ``command`` and ``findings``. Each finding has
``check``, ``kind``, ``quantity``, ``held``, ``statistic``, ``threshold``, ``predicted`` and ``measured`` (numbers or
nested lists, null where there is no value; of arrays with more than `MOST` entries the first ones), ``interval``,
``replicates``, ``unseen`` and ``curve`` (``x``, ``error``, ``order``; empty unless the kind is order or limit).
Schema 1 had neither ``detectable``, ``power`` nor ``errors``; `read_settings` reads both.
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nfa_theory.verify.court import ERROR_RATE, PROFILES, Verdict
from nfa_theory.verify.rules.check import Finding
from numerics.backend.version import package_version
from numerics.errors import InputError
from numerics.training.records import machine

SCHEMA = "nfa-theory court 2"
READABLE = (SCHEMA, "nfa-theory court 1")
MOST = 64
"""Entries of an array that are written, at most."""


def court_results(verdicts: Sequence[Verdict], seed: int, profile: str, seconds: float) -> dict[str, Any]:
    """Collect what ``results.json`` holds."""
    return {
        "schema": SCHEMA,
        "version": package_version(),
        "seed": seed,
        "profile": profile,
        "error_rate": ERROR_RATE,
        "detectable": PROFILES[profile].detectable,
        "power": PROFILES[profile].power,
        "machine": machine(),
        "seconds": round(seconds, 3),
        "claims": [verdict_content(verdict) for verdict in verdicts],
    }


def verdict_content(verdict: Verdict) -> dict[str, Any]:
    """Write a verdict as JSON holds it."""
    return {
        "claim": verdict.claim,
        "status": verdict.status,
        "broken_obligations": list(verdict.broken_obligations),
        "errors": list(verdict.errors),
        "unseen": list(verdict.unseen),
        "replicates": verdict.replicates,
        "seconds": round(verdict.seconds, 3),
        "command": command(verdict.claim, verdict.seed, verdict.profile),
        "findings": [_finding(each) for each in verdict.findings],
    }


def command(claim: str, seed: int, profile: str) -> str:
    """Say how to reproduce a verdict.

    Examples
    --------
    >>> command("identities.fact", 3, "quick")
    'nfa verify identities.fact --seed 3 --profile quick'
    """
    option = "" if profile == "default" else f" --profile {profile}"
    return f"nfa verify {claim} --seed {seed}{option}"


def read_settings(path: Path) -> tuple[int, str, list[str]]:
    """Read from a ``results.json`` what was judged and how."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"--from must be a results.json of nfa verify, got {path}: {error}") from None
    if isinstance(content, Mapping) and isinstance(content.get("court"), Mapping):  # of nfa reproduce
        content = content["court"]
    if not isinstance(content, Mapping) or content.get("schema") not in READABLE:
        got = content.get("schema") if isinstance(content, Mapping) else type(content).__name__
        raise InputError(f'--from must be a file with schema "{SCHEMA}", got {got!r} in {path}')
    seed, profile = content.get("seed"), content.get("profile")
    claims = [each.get("claim") for each in content.get("claims", ()) if isinstance(each, Mapping)]
    if not isinstance(seed, int) or profile not in PROFILES or not all(isinstance(each, str) for each in claims):
        raise InputError(f"--from must hold a seed, a profile and claims, got a damaged {path}")
    return seed, str(profile), [str(each) for each in claims]


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "kind": finding.kind,
        "quantity": finding.quantity,
        "held": finding.held,
        "statistic": _plain(finding.statistic),
        "threshold": _plain(finding.threshold),
        "predicted": _plain(finding.predicted),
        "measured": _plain(finding.measured),
        "interval": _plain(finding.interval),
        "replicates": finding.replicates,
        "unseen": list(finding.unseen),
        "curve": {name: _plain(value) for name, value in finding.curve.items()},
    }


def _plain(value: Any) -> Any:
    """Turn arrays and NumPy's numbers into what JSON holds; what is not finite becomes null."""
    if value is None:
        return None
    array = np.asarray(value, dtype=np.float64)
    if array.ndim == 0:
        return float(array) if math.isfinite(float(array)) else None
    shown = array if array.size <= MOST else array.ravel()[:MOST]
    return json.loads(json.dumps(shown.tolist()), parse_constant=lambda _: None)
