"""Averages over random draws: as many replicates as it takes to see a slight error, and not one look too many.

After 1, 2, 4, ... blocks of replicates the mean of each entry is compared with the closed form (`replicates` says how
far it may be). Looking ends when the closed form is refused, or when every slight error would be: when the least shift
that an error makes exceeds the threshold by what the power asks for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from nfa_theory.verify.rules.check import ClosedForm, Finding, Judge, Trial
from nfa_theory.verify.rules.quantities import evaluate
from nfa_theory.verify.rules.replicates import SMALL_SHIFT, Moments, quantile, quantile_shift, share_of_look
from nfa_theory.verify.rules.slight_errors import slight_errors

Sample = Callable[[np.random.Generator, int], Mapping[str, Any]]
"""From a generator and a count to replicates by quantity, each (count, ...)."""

ROUNDING = 1e-10
"""An entry that never varies must agree to this share of the largest entry."""


@dataclass(frozen=True)
class Layout:
    """Where each quantity stands among the entries of a replicate.

    Parameters
    ----------
    shapes : mapping of str to tuple of int
        Shape of each quantity.
    """

    shapes: Mapping[str, tuple[int, ...]]

    def flat(self, sample: Mapping[str, Any]) -> Any:
        """Put replicates into rows, (count, entries)."""
        return np.concatenate(
            [np.asarray(sample[name], dtype=np.float64).reshape(len(sample[name]), -1) for name in self.shapes], axis=1
        )

    def vector(self, values: Mapping[str, Any]) -> Any:
        """Put values into one vector; NaN where a value is missing or of another shape."""
        parts = []
        for name, shape in self.shapes.items():
            fits = name in values and np.shape(values[name]) == shape
            size = int(np.prod(shape, dtype=int))
            parts.append(np.ravel(values[name]).astype(np.float64) if fits else np.full(size, np.nan))
        return np.concatenate(parts)

    def slices(self) -> dict[str, slice]:
        """Tell the entries of each quantity."""
        ends = np.cumsum([int(np.prod(shape, dtype=int)) for shape in self.shapes.values()]).tolist()
        return {name: slice(a, b) for name, a, b in zip(self.shapes, [0, *ends[:-1]], ends, strict=True)}


def average(
    trial: Trial,
    sample: Sample,
    values: ClosedForm,
    *,
    block: int = 4096,
    most: int = 2**19,
) -> Judge:
    """Compare quantities of a closed form with averages over random draws."""
    first = sample(trial.rng, block)
    layout = Layout({name: np.shape(each)[1:] for name, each in first.items()})
    claimed = layout.vector(evaluate(trial.closed_form, values))
    slight = shifts(trial, layout, claimed, values)
    moments, look = Moments(), 0
    moments.add(layout.flat(first))
    while True:
        bounds = Bounds.of(moments, trial.error_rate * share_of_look(look), claimed)
        unseen = [name for name, shift in slight.items() if not bounds.would_see(shift, trial.power)]
        refused = not bool(np.all(bounds.excess(claimed) <= 1))
        if refused or (bounds.trusted and not unseen) or moments.count >= most:
            break
        _double(moments, layout, sample, trial.rng, block)
        look += 1
    return _judge(trial, layout, values, bounds, tuple(unseen))


@dataclass(frozen=True)
class Bounds:
    """How far each mean may be from the closed form.

    Parameters
    ----------
    mean, error : (entries,) array
        Means, and their standard errors.
    half_width : (entries,) array
        Half the width of the interval around each mean.
    skewness : (entries,) array
        Of the replicates.
    trusted : bool
        Whether skewness moves the quantiles little.
    count : int
        Number of replicates.
    """

    mean: Any
    error: Any
    half_width: Any
    skewness: Any
    trusted: bool
    count: int

    @classmethod
    def of(cls, moments: Moments, error_rate: float, claimed: Any) -> "Bounds":
        """Divide an error rate among the entries that vary."""
        error = moments.standard_error
        scale = max(float(np.max(np.abs(moments.mean))), float(np.nanmax(np.abs(claimed), initial=0.0)))
        varies = error > ROUNDING * scale / np.sqrt(moments.count)
        x = quantile(error_rate / max(int(varies.sum()), 1), moments.count)
        shift = quantile_shift(x, moments.skewness, moments.count)
        width = np.where(varies, (x + shift) * error, ROUNDING * scale)
        trusted = bool(np.all(shift[varies] <= SMALL_SHIFT * x))
        return cls(moments.mean, error, width, moments.skewness, trusted, moments.count)

    def excess(self, predicted: Any) -> Any:
        """Return the distance of each prediction from the mean, over the half width; infinite for NaN."""
        return np.where(np.isfinite(predicted), np.abs(predicted - self.mean) / self.half_width, np.inf)

    def least_visible(self, power: float) -> Any:
        """Return the least shift of each prediction that would be refused with this probability."""
        x = float(stats.norm.ppf(power))
        return self.half_width + (x + quantile_shift(x, self.skewness, self.count)) * self.error

    def would_see(self, shift: Any, power: float) -> bool:
        """Tell whether an error that shifts the predictions so would be refused with this probability."""
        return bool(np.any(np.abs(shift) >= self.least_visible(power)))


def shifts(trial: Trial, layout: Layout, claimed: Any, values: ClosedForm) -> dict[str, Any]:
    """Compute what each slight error changes; one that changes nothing here is for another check to see."""
    found = {}
    scale = float(np.nanmax(np.abs(claimed), initial=0.0))
    for mutant in slight_errors(trial.closed_form, trial.detectable):
        shift = layout.vector(evaluate(mutant.closed_form, values)) - claimed
        if np.nanmax(np.abs(shift), initial=0.0) > ROUNDING * scale:
            found[mutant.description] = np.nan_to_num(shift)
    return found


def _double(moments: Moments, layout: Layout, sample: Sample, rng: np.random.Generator, block: int) -> None:
    for _ in range(moments.count // block):
        moments.add(layout.flat(sample(rng, block)))


def _judge(trial: Trial, layout: Layout, values: ClosedForm, bounds: Bounds, unseen: tuple[str, ...]) -> Judge:
    def judge(closed_form: ClosedForm) -> tuple[Finding, ...]:
        found = evaluate(closed_form, values)
        predicted = layout.vector(found)
        excess = bounds.excess(predicted)
        findings = []
        for name, entries in layout.slices().items():
            worst = entries.start + int(np.argmax(excess[entries]))
            error = float(bounds.error[worst]) or float(bounds.half_width[worst])
            threshold = float(bounds.half_width[worst]) / error
            findings.append(
                Finding(
                    trial.check,
                    "average",
                    name,
                    float(excess[worst]) * threshold,
                    threshold,
                    found.get(name),
                    bounds.mean[entries].reshape(layout.shapes[name]),
                    interval=float(bounds.half_width[worst]),
                    replicates=bounds.count,
                    unseen=tuple(each for each in unseen if each.startswith(owner(name))),
                )
            )
        return tuple(findings)

    return judge


def owner(name: str) -> str:
    """Name the quantity of the closed form that a part of an alignment belongs to."""
    for part in (" numerator", " first", " second"):
        if name.endswith(part):
            return f"{name.removesuffix(part)}: {part.strip()}"
    return f"{name}: "
