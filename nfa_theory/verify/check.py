"""A check: a measurement made once, and the rule by which it judges any closed form handed in."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

ClosedForm: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """What a check found of one quantity.

    Parameters
    ----------
    check, quantity : str
        Which check, and what it compared.
    statistic, threshold : float
        The quantity is refuted unless the statistic is at most the threshold.
    predicted, measured : array or float
        By the closed form (None where it gives no value), and by the simulation.
    """

    check: str
    quantity: str
    statistic: float
    threshold: float
    predicted: Any
    measured: Any

    @property
    def held(self) -> bool:
        """Whether the statistic is within the threshold; NaN is not."""
        return self.statistic <= self.threshold


Judge: TypeAlias = Callable[[ClosedForm], tuple[Finding, ...]]


@dataclass(frozen=True)
class Check:
    """A way to refute a claim.

    Parameters
    ----------
    claim, name : str
        The claim, and the check in a few words.
    kind : str
        One of the kinds of check: ``"exact identity"``, ``"exact expectation"``.
    measure : callable
        From a generator to a judge. It measures without the closed form; the judge then compares any closed form,
        a true or a changed one, with this same measurement.
    """

    claim: str
    name: str
    kind: str
    measure: Callable[[np.random.Generator], Judge]

    def judge(self, seed: int) -> Judge:
        """Measure with the random stream of this check, which depends only on the seed and on its names."""
        digest = hashlib.sha256(f"{self.claim}/{self.name}".encode()).digest()
        return self.measure(np.random.default_rng([seed, int.from_bytes(digest[:8], "big")]))
