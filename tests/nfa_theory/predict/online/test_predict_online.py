"""`predict_online`: what it promises at its edges, and what it says of bad input."""

import numpy as np
import pytest

from nfa_theory.predict.online.prediction import overlaps_of, predict_online
from numerics import InputError

START = np.array([[1.0, 0.2, 0.3], [0.2, 1.0, -0.1], [0.3, -0.1, 1.0]])
GIVEN = {"overlaps": START, "readout": [1.0, -1.0], "teacher_readout": [1.0], "learning_rate": 0.5, "times": [0.0, 2.0]}


def test_gradient_flow_returns_with_the_square_of_the_step_over_the_batch():
    """At the same learning_rate * time the scatter is of first order in the rate and in 1/b: halving halves it."""
    flow = predict_online(**{**GIVEN, "learning_rate": 1e-5, "times": [1e5]}).overlaps[-1]

    def excess(rate, batch_size):
        found = predict_online(**{**GIVEN, "learning_rate": rate, "batch_size": batch_size, "times": [1.0 / rate]})
        return np.linalg.norm(found.overlaps[-1] - flow)

    assert excess(0.02, 1) / excess(0.01, 1) == pytest.approx(2, rel=0.02)
    assert excess(0.02, 1) / excess(0.02, 2) == pytest.approx(2, rel=0.02)


def test_an_input_covariance_of_one_eigenvalue_rescales_weights_and_rate():
    """``x`` twice as long with weights half as long are the same fields, at four times the rate."""
    plain = predict_online(**{**GIVEN, "learning_rate": 0.5 * 4})
    scaled = predict_online(**{**GIVEN, "overlaps": START[None] / 4}, eigenvalues=[4.0])
    assert scaled.uc_nfa == pytest.approx(plain.uc_nfa, rel=1e-6)
    assert scaled.c_nfa == pytest.approx(plain.c_nfa, rel=1e-6)
    assert scaled.loss == pytest.approx(plain.loss, rel=1e-6)
    split = predict_online(**{**GIVEN, "overlaps": np.stack([START, START]) / 8}, eigenvalues=[4.0, 4.0])
    assert split.loss == pytest.approx(plain.loss, rel=1e-6)


def test_the_initial_c_nfa_is_the_limit_of_early_times():
    early = predict_online(**{**GIVEN, "times": [0.0, 1e-3, 2e-3], "label_noise": 0.5})
    assert abs(early.c_nfa[1] - early.c_nfa[0]) < 1e-3
    assert early.c_nfa[2] - early.c_nfa[0] == pytest.approx(2 * (early.c_nfa[1] - early.c_nfa[0]), rel=0.05)


def test_overlaps_of_weights():
    W, T = np.array([[1.0, 2, 0], [0, 1, 1]]), np.array([[3.0, 0, 3]])
    assert overlaps_of(W, T) == pytest.approx(np.array([[5, 2, 3], [2, 2, 3], [3, 3, 18]]) / 3)


def test_relu_tells_its_error():
    found = predict_online(**GIVEN, activation="relu")
    assert 0 < found.errors["c_nfa"][-1] < 0.01
    assert predict_online(**GIVEN).errors["c_nfa"][-1] == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"activation": "tanh"}, "unknown activation 'tanh'"),
        ({"learning_rate": -1.0}, "learning_rate must be positive, got -1.0"),
        ({"batch_size": 0}, "batch_size must be a positive integer, got 0"),
        ({"label_noise": -0.1}, "label_noise must be at least 0, got -0.1"),
        ({"times": [1.0, 0.5]}, "times must rise from 0 or later"),
        ({"times": [-1.0]}, "times must rise from 0 or later"),
        ({"readout": [[1.0]]}, "readout must be a vector of finite numbers"),
        ({"overlaps": np.eye(2)}, r"overlaps must have shape \(1, 3, 3\)"),
        ({"overlaps": -START}, "overlaps must be a Gram matrix"),
        ({"shares": [1.0]}, "shares need eigenvalues"),
        ({"eigenvalues": [1.0], "shares": [0.5]}, "one share each must add up to 1"),
        ({"activation": "quadratic", "learning_rate": 40.0}, "the overlaps must stay finite"),
    ],
)
def test_bad_input_is_one_line(change, message):
    with pytest.raises(InputError, match=message):
        predict_online(**{**GIVEN, **change})


def test_weights_and_teacher_must_fit():
    with pytest.raises(InputError, match="must be matrices of one d"):
        overlaps_of(np.eye(3), np.eye(2))
