"""Smooth functions from few values, and all values where few are not enough."""

import numpy as np
import pytest

from derivations.activation_integrals.smooth import evaluate

POINTS = np.random.default_rng(0).uniform(0.2, 5, 500)


def counting(function):
    asked = []

    def counted(points):
        asked.append(len(points))
        return function(points)

    return counted, asked


def columns(points):
    return np.stack([np.exp(-points), np.tanh(points), points**3], axis=1)


def test_a_smooth_function_is_asked_at_few_points():
    counted, asked = counting(columns)
    expected = columns(POINTS)
    np.testing.assert_allclose(evaluate(counted, POINTS), expected, rtol=0, atol=1e-12 * expected.max())
    assert sum(asked) < len(POINTS) / 2


@pytest.mark.parametrize("kink", [lambda s: abs(s - 1), lambda s: np.sqrt(abs(s - 1)), lambda s: s > 1])
def test_a_kink_is_seen_and_all_points_are_asked(kink):
    counted, asked = counting(lambda points: kink(points)[:, None].astype(float))
    np.testing.assert_array_equal(evaluate(counted, POINTS)[:, 0], kink(POINTS))
    assert asked[-1] == len(POINTS)


def test_equal_points_and_few_points():
    np.testing.assert_allclose(evaluate(columns, np.full(100, 0.7)), columns(np.full(100, 0.7)), rtol=1e-13)
    np.testing.assert_array_equal(evaluate(columns, POINTS[:20]), columns(POINTS[:20]))
