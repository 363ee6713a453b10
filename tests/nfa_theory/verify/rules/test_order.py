"""The order of an error that passes through zero at the times taken, and of one that only seems to."""

from types import SimpleNamespace

import numpy as np
import pytest

from nfa_theory.verify import verify
from nfa_theory.verify.rules.order import order

TIMES = [0.08, 0.04, 0.02, 0.01]


def judged(error):
    """Judge ``1``, to which ``error(t)`` is missing, as an expansion up to the first order."""
    measured = {"q": [np.asarray(1 + error(t)) for t in TIMES]}
    judge = order(SimpleNamespace(check="here"), TIMES, measured, lambda form, t: form, {"q": 2})
    (finding,) = judge({"q": np.ones(measured["q"][0].shape)})
    return finding


def crossing(t):
    return 0.3 * t**2 - 20 * t**3  # zero at t = 0.015


def slopes(error):
    errors = abs(np.array([error(t) for t in TIMES]))
    return np.log2(errors[:-1] / errors[1:])


def test_an_error_that_passes_through_zero_is_no_reason_to_refuse():
    assert judged(crossing).held
    assert crossing(TIMES[-2]) < 0 < crossing(TIMES[-1])
    assert slopes(crossing)[-2] > 4  # and no order can be read off


def test_a_wrong_claim_whose_error_passes_through_zero_is_refused():
    """The wrong term and the first true one cancel at some time, and the error falls as fast as it should."""

    def wrong(t):
        return 0.02 * t - 6.5 * t**2  # zero at t = 0.003, behind the last time

    assert all(abs(slopes(wrong) - 2) < 0.5)
    assert not judged(wrong).held
    assert not judged(lambda t: crossing(t) - 0.02 * t).held
    assert not judged(lambda t: 0.02 * t - 1.2 * t**2).held
    assert not judged(lambda t: 1e-4 + 0 * t).held


def test_a_claim_of_lowest_order_is_refused_for_an_offset():
    """An offset of 2 % is small beside the first order at these times; it is not small beside the measurement."""
    measured = {"q": [np.asarray(1 + 40 * t - 0.02) for t in TIMES]}
    (finding,) = order(SimpleNamespace(check="here"), TIMES, measured, lambda form, t: form, {"q": 1})(
        {"q": np.ones(())}
    )
    assert not finding.held


def test_an_order_that_rounding_would_decide_is_no_order():
    with pytest.raises(ValueError, match="an order needs 3 times with errors a thousand times above rounding, got 2"):
        judged(lambda t: 4e-9 * t**2)
    assert judged(lambda t: 1e-13 + 0 * t).held  # equal to rounding at all times


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
    assert verify(claim, seed=seed, broken=()).status == "held"  # whether obligations are met depends on no seed
