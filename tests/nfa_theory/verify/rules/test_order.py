"""The order of an error that passes through zero at the times taken, and of one that only seems to."""

from types import SimpleNamespace

import numpy as np
import pytest

from nfa_theory.verify import verify
from nfa_theory.verify.rules.order import HALF, observed_order, order

TIMES = [0.08, 0.04, 0.02, 0.01]


def judged(error):
    """Judge ``1``, to which ``error(t)`` is missing, as an expansion up to the first order."""
    measured = {"q": [np.asarray(1 + error(t)) for t in TIMES]}
    judge = order(SimpleNamespace(check="here"), TIMES, measured, lambda form, t: form, {"q": 2})
    (finding,) = judge({"q": np.ones(measured["q"][0].shape)})
    return finding


def crossing(t):
    return 0.3 * t**2 - 20 * t**3  # zero at t = 0.015


def test_an_error_that_passes_through_zero_is_no_reason_to_refuse():
    assert judged(crossing).held
    errors = abs(np.array([crossing(t) for t in TIMES]))
    assert 2 - observed_order(errors) > HALF  # successive halvings alone would refuse it


def test_a_wrong_claim_is_refused_there_too():
    assert not judged(lambda t: crossing(t) - 0.02 * t).held
    assert not judged(lambda t: 0.02 * t - 1.2 * t**2).held  # the wrong term is one of those that cancel
    assert not judged(lambda t: 1e-4 + 0 * t).held


def test_a_matrix_is_judged_by_the_entries_with_the_largest_errors():
    assert judged(lambda t: np.array([crossing(t), 0.01 * t**2])).held
    assert not judged(lambda t: np.array([crossing(t), 0.02 * t])).held


@pytest.mark.parametrize(
    ("claim", "seed"),
    [
        ("wide.width_correction", 15),
        ("quadratic.finite_width_mean", 32),
        ("quadratic.finite_width_mean", 41),
        ("wide.lazy_course_any_loss", 36),  # rounding at the last time, when times were half as long
    ],
)
def test_instances_that_were_refused_are_held(claim, seed):
    assert verify(claim, seed=seed).status == "held"
