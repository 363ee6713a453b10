"""Exact identities: a closed form equals a measurement up to rounding."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from nfa_theory.verify.rules.check import ClosedForm, Finding, Judge, Trial
from nfa_theory.verify.rules.quantities import evaluate, predictions

Predict: TypeAlias = Callable[[ClosedForm], ClosedForm]

TOLERANCE = 1e-10
"""Relative to the largest entry; float64 leaves about 1e-13 at the sizes used."""


def identity(trial: Trial, measured: ClosedForm, values: ClosedForm | Predict, kind: str = "identity") -> Judge:
    """Compare quantities of a closed form with measurements."""

    def judge(closed_form: ClosedForm) -> tuple[Finding, ...]:
        predicted = predictions(values, closed_form) if callable(values) else evaluate(closed_form, values)
        return tuple(
            Finding(
                trial.check,
                kind,
                name,
                distance(predicted.get(name), value),
                TOLERANCE,
                predicted.get(name),
                value,
                interval=TOLERANCE * float(np.max(np.abs(value))),
            )
            for name, value in measured.items()
        )

    return judge


def distance(predicted: Any, measured: Any) -> float:
    """Take the largest difference over the largest measured entry; infinite if the shapes differ."""
    if predicted is None or np.shape(predicted) != np.shape(measured):
        return float("inf")
    scale = float(np.max(np.abs(measured)))
    largest = float(np.max(np.abs(np.subtract(predicted, measured))))
    return largest / scale if scale else (0.0 if largest == 0 else float("inf"))
