"""Limits of infinite size: systems of three sizes, extrapolated at the rate that is claimed.

If the mean at size ``k`` is ``limit + a/k + b/k^2 + ...``, then ``m(k)/3 - 2 m(2k) + 8 m(4k)/3`` is the limit up to the
third order, and ``2 m(4k) - m(2k)`` up to the second. Their difference is what the second order left; the third is
taken to be at most a quarter of it, as it is where the expansion has begun to converge. A limit approached at another
rate is missed by this extrapolation, so it refuses a wrong rate as well as a wrong limit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from nfa_theory.verify.rules.average import Layout, owner, shifts
from nfa_theory.verify.rules.check import ClosedForm, Finding, Judge, Trial
from nfa_theory.verify.rules.quantities import evaluate
from nfa_theory.verify.rules.replicates import Moments, quantile, quantile_shift, share_of_look

WEIGHTS = np.array([1 / 3, -2.0, 8 / 3])
LOWER = np.array([0.0, -1.0, 2.0])
ROUNDING = 1e-10
NEXT = 0.25
"""What the third order is at most, as a share of the second."""

SampleOfSize = Callable[[np.random.Generator, int, int], Mapping[str, Any]]
"""From a generator, a size and a count to replicates by quantity, each (count, ...)."""


def limit(
    trial: Trial,
    sample: SampleOfSize,
    values: ClosedForm,
    *,
    size: int,
    block: int = 256,
    most: int = 2**17,
) -> Judge:
    """Compare quantities of a closed form with the limit of averages over larger and larger systems."""
    sizes = (size, 2 * size, 4 * size)
    layout = Layout({name: np.shape(each)[1:] for name, each in sample(trial.rng, size, 2).items()})
    claimed = layout.vector(evaluate(trial.closed_form, values))
    slight = shifts(trial, layout, claimed, values)
    moments, look = tuple(Moments() for _ in sizes), 0
    _draw(moments, layout, sample, trial.rng, sizes, block, block)
    while True:
        found = Extrapolation.of(moments, trial.error_rate * share_of_look(look))
        unseen = tuple(name for name, shift in slight.items() if not found.would_see(shift, trial.power))
        refused = not bool(np.all(found.away(claimed) <= found.half_width))
        if refused or not unseen or moments[0].count >= most:
            return _judge(trial, layout, values, found, unseen, sizes)
        _draw(moments, layout, sample, trial.rng, sizes, block, moments[0].count)
        look += 1


@dataclass(frozen=True)
class Extrapolation:
    """The limit of means at three sizes, and how far it may be from the closed form.

    Parameters
    ----------
    means : (3, entries) array
        At each size.
    estimate, error, half_width, skewness : (entries,) array
        The extrapolated limit, its standard error, what noise and the third order allow, and the largest skewness.
    count : int
        Replicates at each size.
    """

    means: Any
    estimate: Any
    error: Any
    half_width: Any
    skewness: Any
    count: int

    @classmethod
    def of(cls, moments: tuple[Moments, ...], error_rate: float) -> "Extrapolation":
        """Divide an error rate among the entries."""
        means = np.array([each.mean for each in moments])
        errors = np.array([each.standard_error for each in moments])
        skewness = np.max([np.abs(each.skewness) for each in moments], axis=0)
        estimate, lower = WEIGHTS @ means, LOWER @ means
        error = np.sqrt(WEIGHTS**2 @ errors**2)
        count = moments[0].count
        x = quantile(error_rate / len(estimate), count)
        width = (x + quantile_shift(x, skewness, count)) * error + NEXT * np.abs(estimate - lower)
        width = np.maximum(width, ROUNDING * np.max(np.abs(estimate)))
        return cls(means, estimate, error, width, skewness, count)

    def away(self, predicted: Any) -> Any:
        """Return the distance of each prediction from the limit; infinite for NaN."""
        return np.where(np.isfinite(predicted), np.abs(predicted - self.estimate), np.inf)

    def least_visible(self, power: float) -> Any:
        """Return the least shift of each prediction that would be refused with this probability."""
        x = float(stats.norm.ppf(power))
        return self.half_width + (x + quantile_shift(x, self.skewness, self.count)) * self.error

    def would_see(self, shift: Any, power: float) -> bool:
        """Tell whether an error that shifts the predictions so would be refused with this probability."""
        return bool(np.any(np.abs(shift) >= self.least_visible(power)))


def _judge(
    trial: Trial,
    layout: Layout,
    values: ClosedForm,
    limits: Extrapolation,
    unseen: tuple[str, ...],
    sizes: tuple[int, ...],
) -> Judge:
    def judge(closed_form: ClosedForm) -> tuple[Finding, ...]:
        found = evaluate(closed_form, values)
        away = limits.away(layout.vector(found))
        findings = []
        for name, entries in layout.slices().items():
            worst = entries.start + int(np.argmax(away[entries] / limits.half_width[entries]))
            unit = float(limits.error[worst]) or float(limits.half_width[worst])
            findings.append(
                Finding(
                    trial.check,
                    "limit",
                    name,
                    float(away[worst]) / unit,
                    float(limits.half_width[worst]) / unit,
                    found.get(name),
                    limits.estimate[entries].reshape(layout.shapes[name]),
                    interval=float(limits.half_width[worst]),
                    replicates=limits.count,
                    unseen=tuple(each for each in unseen if each.startswith(owner(name))),
                    curve={"x": list(sizes), "error": _distances(limits, entries), "order": -1},
                )
            )
        return tuple(findings)

    return judge


def _distances(limits: Extrapolation, entries: slice) -> list[float]:
    """Take the largest distance of each mean from the extrapolated limit."""
    return [float(np.max(np.abs(mean[entries] - limits.estimate[entries]))) for mean in limits.means]


def _draw(
    moments: tuple[Moments, ...],
    layout: Layout,
    sample: SampleOfSize,
    rng: np.random.Generator,
    sizes: tuple[int, ...],
    block: int,
    more: int,
) -> None:
    for _ in range(more // block):
        for each, size in zip(moments, sizes, strict=True):
            each.add(layout.flat(sample(rng, size, block)))
