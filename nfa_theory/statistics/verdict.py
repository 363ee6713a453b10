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
from scipy.stats import t as student

from nfa_theory.statistics.error_rates import CLAIM_LEVEL
from nfa_theory.statistics.seeds import finite_or_none

SCHEMA: Final = "nfa-theory verdict 1"
Outcome = Literal["held", "refuted", "undecided"]
_NUMBERS: Final = ("above", "below", "mean", "standard_error", "p_value")
T_TEST: Final = (
    "one-sided t-bounds of the mean over seeds; held: every part's null hypothesis (the mean is not within the bounds) "
    "is rejected at the level; refuted: some mean is outside at level / parts"
)


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

    def bounds(self, level: float = CLAIM_LEVEL) -> tuple[float, float]:
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

    def outcome(self, level: float = CLAIM_LEVEL, refuting_level: float | None = None) -> Outcome:
        """Decide."""
        lower, upper = self.bounds(level)
        if lower > self.above and upper < self.below:
            return "held"
        lower, upper = self.bounds(level if refuting_level is None else refuting_level)
        return "refuted" if upper <= self.above or lower >= self.below else "undecided"

    def numbers(self) -> dict[str, float | int | None]:
        """Give what the decision rests on."""
        found = {name: finite_or_none(getattr(self, name)) for name in _NUMBERS}
        return {**found, "seeds": len(self.values)}


@dataclass(frozen=True)
class Decided:
    """One statement that another test than that of a mean has decided.

    Parameters
    ----------
    statement : str
        In words.
    decision : {"held", "refuted", "undecided"}
        By a test whose rate is that of the verdict.
    mean, below : float
        The statistic, and what it may be.
    seeds : int
        Independent values that it rests on.
    p_value : float
        If the test has one.
    """

    statement: str
    decision: Outcome
    mean: float
    below: float = math.inf
    seeds: int = 1
    p_value: float = math.nan

    def outcome(self, level: float = CLAIM_LEVEL, refuting_level: float | None = None) -> Outcome:
        """Say what was decided; the levels are those of the test that did."""
        del level, refuting_level
        return self.decision

    def numbers(self) -> dict[str, float | int | None]:
        """Give what the decision rests on."""
        found = {name: finite_or_none(getattr(self, name, math.nan)) for name in _NUMBERS}
        return {**found, "seeds": self.seeds}


@dataclass(frozen=True)
class Verdict:
    """What an experiment says about its claim.

    Parameters
    ----------
    parts : sequence of Part or Decided
        All of them must hold.
    facts : mapping
        What a reader or a figure wants to know besides, as JSON knows it.
    level : float
        False-alarm rate.
    missing : str
        What the run lacks of that which the claim speaks of; then it is undecided, whatever was measured.
    test : str
        How the parts were decided.

    Examples
    --------
    >>> Verdict([Part("the loss is below 0.1", (0.3, 0.3), below=0.1)]).outcome
    'refuted'
    >>> Verdict([Part("the loss is below 0.1", (0.3, 0.3), below=0.1)], missing="only 5 steps of 100").outcome
    'undecided'
    """

    parts: Sequence[Part | Decided]
    facts: Mapping[str, Any] = field(default_factory=dict)
    level: float = CLAIM_LEVEL
    missing: str = ""
    test: str = T_TEST

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
            "test": self.test,
            "parts": [
                {"statement": part.statement, "outcome": outcome, **part.numbers()}
                for part, outcome in zip(self.parts, self.outcomes, strict=True)
            ],
            "facts": dict(self.facts),
        }

    def to_json(self) -> str:
        """Return `as_dict` as text, its keys in order."""
        return json.dumps(self.as_dict(), sort_keys=True, allow_nan=False)


@cache
def _quantile(level: float, degrees: int) -> float:
    return float(student.ppf(1 - level, degrees))
