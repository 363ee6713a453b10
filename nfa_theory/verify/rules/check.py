"""A check: a measurement made once, and the rule by which it judges any closed form handed in."""

import hashlib
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import numpy as np

ClosedForm: TypeAlias = Mapping[str, Any]

KINDS = ("identity", "exact average", "order", "average", "limit")
"""Exact identity; average over every case; order of an expansion; Monte Carlo average; limit of infinite size."""
STATISTICAL = ("average", "limit")
"""Kinds that can reject a true claim by chance, and share the error rate."""


@dataclass(frozen=True)
class Finding:
    """What a check found of one quantity.

    Parameters
    ----------
    check, kind, quantity : str
        Which check, of which kind, and what it compared.
    statistic, threshold : float
        The quantity is refuted unless the statistic is at most the threshold.
    predicted, measured : array or float
        By the closed form (None where it gives no value), and by the simulation.
    interval : float
        Half the width of the interval around `measured` outside of which a prediction is refuted, at the worst entry.
    replicates : int
        Independent replicates that were averaged; 0 where nothing is random.
    unseen : tuple of str
        Slightly wrong closed forms that this check would not see with the power asked for.
    curve : mapping
        Of orders and limits: ``x`` (time or size), ``error`` at each, and the claimed ``order``.
    """

    check: str
    kind: str
    quantity: str
    statistic: float
    threshold: float
    predicted: Any
    measured: Any
    interval: float = 0.0
    replicates: int = 0
    unseen: tuple[str, ...] = ()
    curve: Mapping[str, Any] = field(default_factory=dict)

    @property
    def held(self) -> bool:
        """Whether the statistic is within the threshold; NaN is not."""
        return self.statistic <= self.threshold


Judge: TypeAlias = Callable[[ClosedForm], tuple[Finding, ...]]


@dataclass(frozen=True)
class Trial:
    """What a measurement is told.

    Parameters
    ----------
    check : str
        The check's name, for its findings.
    rng : numpy.random.Generator
        Source of randomness.
    closed_form : mapping
        The form on trial. It decides how many replicates are needed, never what is measured.
    error_rate : float
        Chance at most of refusing a true closed form.
    detectable, power : float
        A relative error of this size in any one coefficient is to be refused with this probability.
    """

    check: str
    rng: np.random.Generator
    closed_form: ClosedForm
    error_rate: float = 1e-8
    detectable: float = 0.02
    power: float = 0.99


@dataclass(frozen=True)
class Check:
    """A way to refute a claim.

    Parameters
    ----------
    claim, name : str
        The claim, and the check in a few words.
    kind : str
        One of `KINDS`.
    measure : callable
        From a `Trial` to a judge. It measures without the closed form; the judge then compares any closed form, a
        true or a changed one, with this same measurement.
    """

    claim: str
    name: str
    kind: str
    measure: Callable[[Trial], Judge]

    def stream(self, seed: int) -> np.random.Generator:
        """Make the random stream of this check, which depends only on the seed and on its names."""
        digest = hashlib.sha256(f"{self.claim}/{self.name}".encode()).digest()
        return np.random.default_rng([seed, int.from_bytes(digest[:8], "big")])


def at_sizes(
    claim: str, what: str, kind: str, measure: Callable[..., Judge], sizes: Sequence[Mapping[str, int]]
) -> tuple[Check, ...]:
    """Make one check for each set of sizes, named by them; the closed form is judged at all of them."""
    return tuple(
        Check(
            claim,
            f"{what}, {', '.join(f'{name} = {size}' for name, size in each.items())}",
            kind,
            partial(measure, **each),
        )
        for each in sizes
    )


def grid(**sizes: Sequence[int]) -> list[dict[str, int]]:
    """Combine every size of one name with every size of the others.

    Examples
    --------
    >>> grid(n=(2, 3), k=(5,))
    [{'n': 2, 'k': 5}, {'n': 3, 'k': 5}]
    """
    return [dict(zip(sizes, each, strict=True)) for each in itertools.product(*sizes.values())]
