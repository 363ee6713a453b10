"""Verdicts that can fail: a claim is a conjunction of statements on means over seeds, each put to a test.

Every statement says that a mean lies in an interval. Its null hypothesis is that the mean lies outside, and a
one-sided t-bound on each side decides. A claim is held only if *every* null is rejected at the level, so that a false
claim is held with at most this probability, however its parts depend on each other (intersection-union test). It is
refuted if some mean is outside beyond doubt, at the level divided by the number of parts (Bonferroni). Else the seeds
do not decide. Means of seeds are taken to be normal. Where a claim speaks of long training, a short run says nothing of
it, for or against.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Literal

import numpy as np
import xarray as xr
from scipy.stats import t as student

LEVEL: Final = 0.01
"""Greatest probability of holding a claim that is false, and of refuting one that is true."""

SCHEMA: Final = "nfa-theory verdict 1"
Outcome = Literal["held", "refuted", "undecided"]


@dataclass(frozen=True)
class Part:
    """One statement: the mean of a quantity over seeds lies strictly between two bounds.

    Parameters
    ----------
    statement : str
        In words.
    values : sequence of float
        The quantity, one value for each seed; for a comparison, the differences seed by seed.
    above, below : float
        The bounds.

    Examples
    --------
    >>> Part("alignment is at least 0.9", (0.95, 0.96, 0.94), above=0.9).outcome()
    'held'
    >>> Part("alignment is at least 0.9", (0.95,), above=0.9).outcome()  # one seed says nothing about spread
    'undecided'
    """

    statement: str
    values: Sequence[float]
    above: float = -math.inf
    below: float = math.inf

    @property
    def mean(self) -> float:
        """Mean over seeds."""
        return float(np.mean(self.values))

    @property
    def standard_error(self) -> float:
        """Standard error of the mean; NaN for one seed."""
        n = len(self.values)
        return float(np.std(self.values, ddof=1)) / math.sqrt(n) if n > 1 else math.nan

    def bounds(self, level: float = LEVEL) -> tuple[float, float]:
        """Return the lower and the upper bound of the mean, each exceeded with probability `level`."""
        reach = _quantile(level, max(len(self.values) - 1, 1)) * self.standard_error
        return self.mean - reach, self.mean + reach

    @property
    def p_value(self) -> float:
        """The level at which the null hypothesis would just be rejected; NaN for one seed."""
        degrees = max(len(self.values) - 1, 1)
        distance = min(self.mean - self.above, self.below - self.mean)
        if self.standard_error == 0:
            return 0.0 if distance > 0 else 1.0
        return float(student.sf(distance / self.standard_error, degrees))

    def outcome(self, level: float = LEVEL, refuting_level: float | None = None) -> Outcome:
        """Decide."""
        lower, upper = self.bounds(level)
        if lower > self.above and upper < self.below:
            return "held"
        lower, upper = self.bounds(level if refuting_level is None else refuting_level)
        return "refuted" if upper <= self.above or lower >= self.below else "undecided"


@dataclass(frozen=True)
class Verdict:
    """What an experiment says about its claim.

    Parameters
    ----------
    parts : sequence of Part
        All of them must hold.
    facts : mapping
        What a reader or a figure wants to know besides, as JSON knows it.
    level : float
        False-alarm rate.
    missing : str
        What the run lacks of that which the claim speaks of; then it is undecided, whatever was measured.

    Examples
    --------
    >>> Verdict([Part("the loss is below 0.1", (0.3, 0.3), below=0.1)]).outcome
    'refuted'
    >>> Verdict([Part("the loss is below 0.1", (0.3, 0.3), below=0.1)], missing="only 5 steps of 100").outcome
    'undecided'
    """

    parts: Sequence[Part]
    facts: Mapping[str, Any] = field(default_factory=dict)
    level: float = LEVEL
    missing: str = ""

    @property
    def outcomes(self) -> list[Outcome]:
        """Outcome of each part."""
        return [part.outcome(self.level, self.level / len(self.parts)) for part in self.parts]

    @property
    def outcome(self) -> Outcome:
        """``"held"`` if all parts are, ``"refuted"`` if one is; else, or if something is missing, ``"undecided"``."""
        if self.missing:
            return "undecided"
        found = set(self.outcomes)
        if "refuted" in found:
            return "refuted"
        return "held" if found == {"held"} else "undecided"

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON knows it; what is infinite or not defined is null."""
        return {
            "schema": SCHEMA,
            "outcome": self.outcome,
            "missing": self.missing,
            "level": self.level,
            "test": "one-sided t-bounds of the mean over seeds; held: every part's null hypothesis (the mean is not "
            "within the bounds) is rejected at the level; refuted: some mean is outside at level / parts",
            "parts": [
                {
                    "statement": part.statement,
                    "outcome": outcome,
                    "above": _number(part.above),
                    "below": _number(part.below),
                    "mean": _number(part.mean),
                    "standard_error": _number(part.standard_error),
                    "seeds": len(part.values),
                    "p_value": _number(part.p_value),
                }
                for part, outcome in zip(self.parts, self.outcomes, strict=True)
            ],
            "facts": dict(self.facts),
        }

    def to_json(self) -> str:
        """Return `as_dict` as text, its keys in order."""
        return json.dumps(self.as_dict(), sort_keys=True, allow_nan=False)


def too_short(record: xr.Dataset, steps: int) -> str:
    """Say that a run is shorter than a claim asks for; nothing if it is not."""
    last = int(record.step.values[-1])
    return f"the claim is on training for {steps} steps, this run has {last}" if last < steps else ""


@cache
def _quantile(level: float, degrees: int) -> float:
    return float(student.ppf(1 - level, degrees))


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
