"""One output, two layers: how the C-NFA leaves 1, against integration of the flow and against the series."""

import numpy as np
import pytest
from linear_flow import draw, nfm_and_agop, trained
from orders import observed_order

from derivations.linear.features import alignment_series
from derivations.registry import get_derivation

WEIGHTS, X, Y = draw((3, 3, 1), 6, seed=12)
WEIGHTS = [2 * W for W in WEIGHTS]
XX, YX = X.T @ X / 6, Y.T @ X / 6


def claimed():
    found = get_derivation("linear.scalar_departure").function(W=WEIGHTS[0], a=WEIGHTS[1].T, Sigma_xx=XX, Sigma_yx=YX)
    return found["coefficient"], found["order"]


def departures(times):
    """One minus the C-NFA, by ``|F_c / |F_c| - G_c / |G_c||^2 = 2 (1 - rho)``, which does not cancel."""
    found = []
    for moved in trained(WEIGHTS, X, Y, times[::-1])[::-1]:
        F_c, G_c = nfm_and_agop(moved[0] - WEIGHTS[0], moved, 1)
        found.append(np.sum((F_c / np.linalg.norm(F_c) - G_c / np.linalg.norm(G_c)) ** 2) / 2)
    return np.array(found)


def test_the_alignment_leaves_one_at_this_order_with_this_coefficient():
    """The error of the claim must fall at the next order; a coefficient wrong by 2 %, or another order, does not."""
    coefficient, order = claimed()
    times = np.array([0.014, 0.007])
    measured = departures(times)

    def falls_at_the_next_order(coefficient):
        return (
            abs(observed_order(measured + coefficient * times**order, np.sqrt(measured.min()))[0] - (order + 1)) < 0.15
        )

    assert order == 6
    assert abs(observed_order(measured, np.sqrt(measured.min()))[0] - order) < 0.1
    assert falls_at_the_next_order(coefficient)
    assert not any(falls_at_the_next_order(coefficient * factor) for factor in (0.98, 1.02, 0, -1))


def test_the_series_of_the_alignment_has_this_coefficient():
    coefficient, order = claimed()
    series = alignment_series(WEIGHTS, XX, YX, order=order)["C-NFA"]
    assert series[0] == pytest.approx(1, abs=1e-13)
    assert series[order] == pytest.approx(coefficient, rel=1e-6)
