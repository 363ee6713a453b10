"""Orders of expansions: what is left out must vanish as fast as the claim says, not merely be small."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Shaped

from nfa_theory.verify.rules.check import ClosedForm, Finding, Judge, Trial
from nfa_theory.verify.rules.quantities import predictions

FLOOR = 2e-12
"""Differences below this share of the measurement may be rounding, of which this is a thousandfold."""
SHARE = 0.25
"""What the term one order below the claimed one may be of the larger of the two terms after it, at the last time."""
OFFSET = 5e-3
"""What that term may be of a measurement that is claimed to lowest order; true claims reach 6e-5."""
LEAST = 3
"""Times that an order needs."""

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


def _at(predict: Predict, time: float) -> Callable[[ClosedForm], Mapping[str, Any]]:
    return lambda closed_form: predict(closed_form, time)


def _finding(
    trial: Trial, name: str, t: Any, values: Any, predicted: Sequence[Any], expected: int, floor: float
) -> Finding:
    values = [np.asarray(each, dtype=np.float64) for each in values]
    errors = np.array([_relative(each.get(name), value).ravel() for each, value in zip(predicted, values, strict=True)])
    largest = np.max(abs(errors), axis=1)
    return Finding(
        trial.check,
        "order",
        name,
        _excess(t, errors, expected, floor) if np.isfinite(largest).all() else np.inf,
        1.0,
        predicted[-1].get(name),
        values[-1],
        curve={"x": t.tolist(), "error": largest.tolist(), "order": expected},
    )


def _excess(t: Shaped[Any, "times"], errors: Shaped[Any, "times entries"], expected: int, floor: float) -> float:
    """Return the term one order below the expected one over what is allowed; zero where errors are rounding throughout.

    That term and those of the following orders are solved for from the last times that are clear of rounding. It is
    compared with the first terms that a true claim leaves out, and, where the claim is of lowest order, with the
    measurement: the error of a wrong claim may pass through zero at the times taken, and fall as fast as it should.
    """
    clear = int(np.sum(np.max(abs(errors), axis=1) > floor))
    if clear == 0:
        return 0.0
    if clear < LEAST:
        raise ValueError(f"an order needs {LEAST} times with errors a thousand times above rounding, got {clear}")
    count = min(clear, 4)
    times, last = t[clear - count : clear], errors[clear - count : clear]
    powers = (times[:, None] / times[-1]) ** np.arange(expected - 1, expected - 1 + count)
    wrong, *left_out = np.max(abs(np.linalg.solve(powers, last)[:3]), axis=1)
    share = wrong / max(left_out) if max(left_out) > 0 else np.inf
    return float(max(share / SHARE, wrong / OFFSET if expected == 1 else 0.0))


def _relative(predicted: Any, measured: Any) -> Any:
    if predicted is None or np.shape(predicted) != measured.shape:
        return np.full(measured.shape, np.inf)
    return (predicted - measured) / (np.max(np.abs(measured)) or 1.0)
