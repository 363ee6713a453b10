"""Orders of expansions: what is left out must vanish as fast as the claim says, not merely be small."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Shaped

from nfa_theory.verify.rules.check import ClosedForm, Finding, Judge, Trial
from nfa_theory.verify.rules.quantities import predictions

FLOOR = 2e-12
"""Differences below this share of the measurement are rounding."""
HALF = 0.5
"""A wrong coefficient lowers the order by one at least; half way to that is the threshold."""

Predict = Callable[[ClosedForm, float], Mapping[str, Any]]
"""From a closed form and a time (or another small parameter) to values by quantity."""


def order(
    trial: Trial,
    times: Sequence[float],
    measured: Mapping[str, Any],
    predict: Predict,
    expected: Mapping[str, int],
    *,
    floor: float = FLOOR,
) -> Judge:
    """Compare the order at which the error of an expansion falls with the one that is claimed."""
    t = np.asarray(times, dtype=np.float64)
    if len(t) < 3 or not np.allclose(t[:-1] / t[1:], 2):
        raise ValueError(f"times must be 3 or more, each half the one before, got {times}")

    def judge(closed_form: ClosedForm) -> tuple[Finding, ...]:
        found = [predictions(_at(predict, float(time)), closed_form) for time in t]
        return tuple(
            _finding(trial, name, t, values, found, expected[name], floor) for name, values in measured.items()
        )

    return judge


def observed_order(errors: Shaped[Any, "times"], floor: float = FLOOR) -> float:
    """Extrapolate the orders between successive halvings to zero; infinite if only rounding is left at the last."""
    return np.inf if errors[-1] <= floor else _slope(np.maximum(errors, floor))


def _slope(errors: Any) -> float:
    local = np.log2(errors[:-1] / errors[1:])
    return float(2 * local[-1] - local[-2]) if len(local) > 1 else float(local[-1])


def _at(predict: Predict, time: float) -> Callable[[ClosedForm], Mapping[str, Any]]:
    return lambda closed_form: predict(closed_form, time)


def _finding(
    trial: Trial, name: str, t: Any, values: Any, predicted: Sequence[Any], expected: int, floor: float
) -> Finding:
    values = [np.asarray(each, dtype=np.float64) for each in values]
    signed = [_relative(each.get(name), value) for each, value in zip(predicted, values, strict=True)]
    errors = np.array([np.max(abs(each)) for each in signed])
    lacking = expected - observed_order(errors, floor) if np.isfinite(errors).all() else np.inf
    if HALF < lacking < np.inf:
        lacking = min(lacking, _lacking_despite_cancellation(t, np.array(signed), expected))
    return Finding(
        trial.check,
        "order",
        name,
        lacking,
        HALF,
        predicted[-1].get(name),
        values[-1],
        curve={"x": t.tolist(), "error": errors.tolist(), "order": expected},
    )


def _lacking_despite_cancellation(t: Any, errors: Any, expected: int) -> float:
    """Separate the terms of an error that passes through zero at the times taken, where it has no order.

    Terms of the expected and the next order cancel there, in a true claim too. They and those of order
    ``expected - 1``, which only a wrong claim has, are solved for from the last times; what the order lacks is that
    between the last two times of the wrong and the first true term alone, and with one sign. Infinite where entries
    whose errors are the largest keep their signs, or where the terms found do not cancel.
    """
    errors, count = errors.reshape(len(t), -1), min(len(t), 4)
    last = errors[-count:]
    largest = last[:, np.unique(np.argmax(abs(last), axis=1))]
    if not np.any(largest[1:] * largest[:-1] < 0):
        return np.inf
    powers = (t[-count:, None] / t[-1]) ** np.arange(expected - 1, expected - 1 + count)
    terms = np.linalg.solve(powers, last)
    wrong, first = np.max(abs(terms[:2]), axis=1)
    parts = np.max(abs(powers[:, 1:3, None] * terms[1:3]), axis=(1, 2))
    if not np.any(np.max(abs(last), axis=1) < HALF * parts):
        return np.inf
    return float(np.log2((wrong + first) / (wrong / 2 + first)))


def _relative(predicted: Any, measured: Any) -> Any:
    if predicted is None or np.shape(predicted) != measured.shape:
        return np.full(measured.shape, np.inf)
    return (predicted - measured) / (np.max(np.abs(measured)) or 1.0)
