"""Exact identities: a closed form equals a measurement up to rounding."""

from typing import Any

import numpy as np

from derivations.errors import MissingValueError
from derivations.evaluation import numeric_function
from nfa_theory.verify.check import ClosedForm, Finding, Judge

TOLERANCE = 1e-10
"""Relative to the largest entry; float64 leaves about 1e-13 at the sizes used."""


def identity(check: str, measured: ClosedForm, values: ClosedForm) -> Judge:
    """Compare quantities of a closed form with measurements.

    Parameters
    ----------
    check : str
        Name of the check.
    measured : mapping from str
        Measurement of each quantity that is compared.
    values : mapping from str
        Values of the symbols of the closed form.

    Returns
    -------
    callable
        Judges a closed form: the statistic is the largest difference over the largest measured entry. A closed form
        that gives no value, or one of another shape, differs infinitely.
    """

    def judge(closed_form: ClosedForm) -> tuple[Finding, ...]:
        try:
            predicted = numeric_function(closed_form)(**values)
        except MissingValueError:
            predicted = {}
        return tuple(
            Finding(check, name, _distance(predicted.get(name), value), TOLERANCE, predicted.get(name), value)
            for name, value in measured.items()
        )

    return judge


def _distance(predicted: Any, measured: Any) -> float:
    if predicted is None or np.shape(predicted) != np.shape(measured):
        return float("inf")
    return float(np.max(np.abs(np.subtract(predicted, measured))) / np.max(np.abs(measured)))
