"""Two linear layers with a random readout and equal strengths, as the width grows."""

from functools import partial

import numpy as np

from nfa_theory.verify.instruments.random_readout import WIDTHS, mean_and_variance
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate

EQUAL = "linear.equal_strengths"


def _equal(trial: Trial, c: int) -> Judge:
    """Measure ``k (1 - mean)`` as the width grows."""
    means = [k * (1 - mean_and_variance(np.eye(c), k)[0]) for k in WIDTHS]

    def predict(closed_form: ClosedForm, x: float) -> ClosedForm:
        return {"mean": (1 - evaluate(closed_form, {"k": 1 / x, "c": c})["mean"]) / x}

    return order(trial, [1 / k for k in WIDTHS], {"mean": means}, predict, {"mean": 2})


def _spread(trial: Trial, c: int) -> Judge:
    """Measure ``k^2`` times the variance at larger widths: its first correction is large."""
    widths = [16 * k for k in WIDTHS]
    variances = [k**2 * mean_and_variance(np.eye(c), k)[1] for k in widths]

    def predict(closed_form: ClosedForm, x: float) -> ClosedForm:
        return {"variance": evaluate(closed_form, {"k": 1 / x, "c": c})["variance"] / x**2}

    return order(trial, [1 / k for k in widths], {"variance": variances}, predict, {"variance": 1})


CHECKS = (
    *(Check(EQUAL, f"mean with {c} outputs, growing width", "order", partial(_equal, c=c)) for c in (2, 3)),
    *(Check(EQUAL, f"variance with {c} outputs, growing width", "order", partial(_spread, c=c)) for c in (2, 3)),
)
