"""Means of independent replicates, and how far from its expectation a mean may be.

The mean of ``N`` replicates over its estimated standard error (the Studentized mean) is nearly normal, and what is
missing to leading order is known: the Edgeworth expansion
``P(T <= x) = Phi(x) + gamma (2 x^2 + 1) phi(x) / (6 sqrt(N)) + O(1/N)`` with the skewness ``gamma`` moves the quantile
``x`` by at most ``|gamma| (2 x^2 + 1) / (6 sqrt(N))``. Thresholds are Student's quantiles plus that shift. An average
is not held before the shift is small beside the quantile, unless the replicates run out; terms of order ``1/N`` are
left out.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Shaped
from scipy import stats

SMALL_SHIFT = 0.25
"""The shift counts as small up to this share of the quantile."""


@dataclass
class Moments:
    """Sums over replicates of the powers of each entry, about the mean of the first replicates.

    Parameters
    ----------
    count : int
        Replicates so far.
    pivot : array or None
        Subtracted before powers are taken, so that sums do not cancel.
    sums : array (3, entries)
        First, second and third powers.
    """

    count: int = 0
    pivot: Any = None
    sums: Any = field(default=None)

    def add(self, sample: Shaped[Any, "count entries"]) -> None:
        """Take in replicates."""
        if self.pivot is None:
            self.pivot = sample.mean(axis=0)
            self.sums = np.zeros((3, sample.shape[1]))
        x = sample - self.pivot
        square = x * x
        self.sums += np.stack([x.sum(axis=0), square.sum(axis=0), (square * x).sum(axis=0)])
        self.count += len(sample)

    @property
    def mean(self) -> Any:
        """Mean of each entry."""
        return self.pivot + self.sums[0] / self.count

    @property
    def standard_error(self) -> Any:
        """Standard error of each mean."""
        shift = self.sums[0] / self.count
        return np.sqrt(np.maximum(self.sums[1] / self.count - shift**2, 0) / (self.count - 1))

    @property
    def skewness(self) -> Any:
        """Skewness of each entry; 0 for one that never varies."""
        one, two, three = self.sums / self.count
        variance = np.maximum(two - one**2, 0)
        third = three - 3 * one * two + 2 * one**3
        return np.divide(third, variance**1.5, out=np.zeros_like(third), where=variance > 0)


def quantile(error_rate: float, count: int) -> float:
    """Return Student's two-sided quantile."""
    return float(stats.t.isf(error_rate / 2, count - 1))


def quantile_shift(x: float, skewness: Any, count: int) -> Any:
    """Bound how far skewness moves a quantile of the Studentized mean, to leading order."""
    return np.abs(skewness) * (2 * x**2 + 1) / (6 * np.sqrt(count))


def share_of_look(look: int) -> float:
    """Return the share of the error rate that look number 0, 1, ... may spend: ``1 / ((look + 1)(look + 2))``.

    The shares sum to 1, so that the chance that any look refuses a true claim is at most the error rate, whatever rule
    ends the looking.
    """
    return 1.0 / ((look + 1) * (look + 2))
