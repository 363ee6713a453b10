"""Two linear layers with a random readout and equal strengths, as the width grows."""

from nfa_theory.verify.instruments.random_readout import WIDTHS, of_equal_strengths
from nfa_theory.verify.rules.check import ClosedForm, Judge, Trial, at_sizes, grid
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate

EQUAL = "linear.equal_strengths"


def _equal(trial: Trial, c: int) -> Judge:
    """Measure ``k (1 - mean)`` as the width grows."""
    means = [k * (1 - of_equal_strengths(c, k)[0]) for k in WIDTHS]

    def predict(closed_form: ClosedForm, x: float) -> ClosedForm:
        return {"mean": (1 - evaluate({"mean": closed_form["mean"]}, {"k": 1 / x, "c": c})["mean"]) / x}

    return order(trial, [1 / k for k in WIDTHS], {"mean": means}, predict, {"mean": 2})


def _spread(trial: Trial, c: int) -> Judge:
    """Measure ``k^2`` times the variance at larger widths: its first correction is large."""
    widths = [16 * k for k in WIDTHS]
    variances = [k**2 * of_equal_strengths(c, k)[1] for k in widths]

    def predict(closed_form: ClosedForm, x: float) -> ClosedForm:
        found = evaluate({"variance": closed_form["variance"]}, {"k": 1 / x, "c": c})
        return {"variance": found["variance"] / x**2}

    return order(trial, [1 / k for k in widths], {"variance": variances}, predict, {"variance": 1})


CHECKS = (
    *at_sizes(EQUAL, "mean at growing width", "order", _equal, grid(c=(2, 3, 4, 5, 6))),
    *at_sizes(EQUAL, "variance at growing width", "order", _spread, grid(c=(2, 3, 4))),
)
