"""Speed-limited optimization: early alignments and the rise of the UC-NFA, against networks that are moved by it."""

from functools import partial

import numpy as np
import pytest
from linear_flow import cosine, descent, draw, nfm_and_agop, trained
from orders import observed_order
from scipy.optimize import minimize_scalar

from derivations.early.speed_limited import uc_nfa
from derivations.linear.one_layer import path_of_one_layer
from derivations.linear.speed_limited import early_c_nfa
from derivations.registry import get_derivation

WEIGHTS, X, Y = draw((5, 4, 3), 12, seed=4)
XX, YX = X.T @ X / 12, Y.T @ X / 12


def slo(speeds):
    """The velocity of each layer: its speed along minus the gradient."""

    def velocity(weights, X, Y):
        return [C * V / np.linalg.norm(V) for C, V in zip(speeds, descent(weights, X, Y), strict=True)]

    return velocity


def c_nfa_at(times, speeds):
    run = trained(WEIGHTS, X, Y, times[::-1], slo(speeds))[::-1]
    return np.array([cosine(*nfm_and_agop(moved[0] - WEIGHTS[0], moved, 1)) for moved in run])


@pytest.mark.parametrize("speeds", [(1.0, 1.0), (1.0, 0.1), (0.2, 3.0), (1.0, 0.0)])
def test_the_c_nfa_to_first_order_in_time(speeds):
    """The error falls at the second order; with a start or a slope wrong by 2 % it does not."""
    times = np.array([1e-3, 5e-4]) / max(speeds)
    measured = c_nfa_at(times, speeds)
    claimed = early_c_nfa(*WEIGHTS, XX, YX, speeds)

    def falls_at_second_order(start, slope):
        return abs(observed_order(measured - start - slope * times)[0] - 2) < 0.1

    assert falls_at_second_order(claimed["C-NFA"], claimed["slope"])
    for factor in (0.98, 1.02):
        assert not falls_at_second_order(claimed["C-NFA"] * factor, claimed["slope"])
        assert not falls_at_second_order(claimed["C-NFA"], claimed["slope"] * factor)


def test_the_slope_is_linear_in_the_speeds_and_the_start_does_not_depend_on_them():
    one, other, both = (early_c_nfa(*WEIGHTS, XX, YX, speeds) for speeds in ((1, 0), (1, 2), (1, 1)))
    assert both["slope"] == pytest.approx((one["slope"] + other["slope"]) / 2, rel=1e-12)
    assert abs(other["slope"] - one["slope"]) > 1e-3 * abs(one["slope"])
    assert one["C-NFA"] == other["C-NFA"]


def tanh_network(weights, X):
    return np.tanh(X @ weights[0].T) @ weights[1].T


def tanh_descent(weights, X, Y):
    R = (Y - tanh_network(weights, X)) / len(X)
    hidden = np.tanh(X @ weights[0].T)
    return [((R @ weights[1]) * (1 - hidden**2)).T @ X, R.T @ hidden]


def tanh_alignment(moved, change):
    hidden = np.tanh(X @ moved[0].T)
    D = (1 - hidden**2)[:, None, :] * moved[1][None, :, :]
    K = np.einsum("nck,ncl->kl", D, D) / len(X)
    return cosine(change.T @ change, change.T @ K @ change)


@pytest.mark.parametrize("speeds", [(1.0, 1.0), (1.0, 20.0), (30.0, 0.1)])
def test_a_first_small_step_of_a_nonlinear_network(speeds):
    """From kernel and residuals; the distance to the simulation falls in proportion to the step."""
    hidden, R = np.tanh(X @ WEIGHTS[0].T), Y - tanh_network(WEIGHTS, X)
    D = (1 - hidden**2)[:, None, :] * WEIGHTS[1][None, :, :]
    kernel = np.einsum("nck,mdk->ncmd", D, D)
    square = np.einsum("ncle,lemd->ncmd", kernel, kernel)
    P, Q = (np.einsum("nc,ncmd,md->nm", R, each, R) for each in (kernel, square))
    function = get_derivation("early.slo_first_step").function
    given = {"P": P, "Q": Q, "S": X @ X.T, "Z": X, "gamma": 1, "n": len(X)}
    V = tanh_descent(WEIGHTS, X, Y)
    errors = []
    for eta in (2e-5, 1e-5):
        moved = [W + eta * C * v / np.linalg.norm(v) for W, C, v in zip(WEIGHTS, speeds, V, strict=True)]
        claimed = function(**given, eta=eta, C=speeds[0], q=np.sum(V[0] ** 2))
        change = moved[0] - WEIGHTS[0]
        np.testing.assert_allclose(claimed["F_c"], change.T @ change, rtol=1e-6, atol=1e-6 * (eta * speeds[0]) ** 2)
        assert np.sqrt(np.trace(claimed["F_c"])) == pytest.approx(eta * speeds[0], rel=1e-10)
        errors.append(tanh_alignment(moved, change) - claimed["C-NFA"])
    assert observed_order(np.array(errors))[0] == pytest.approx(1, abs=0.05)
    assert abs(errors[1]) < 1e-2 * claimed["C-NFA"]


def test_the_uc_nfa_as_a_function_of_how_far_the_layer_has_moved():
    rng = np.random.default_rng(3)
    W0, dW, root = rng.standard_normal((6, 4)), rng.standard_normal((6, 4)), rng.standard_normal((6, 6))
    K = root @ root.T
    length = np.linalg.norm(W0) / np.linalg.norm(dW)
    for r in (0.0, 0.3, 1.0, 10.0):
        W = W0 + r * length * dW
        claimed = uc_nfa(W0, dW, K, r)["UC-NFA"]
        assert claimed == pytest.approx(cosine(W.T @ W, W.T @ K @ W), rel=1e-12)
    limit = uc_nfa(W0, dW, K)["C-NFA"]
    assert limit == pytest.approx(cosine(dW.T @ dW, dW.T @ K @ dW), rel=1e-12)
    distances = np.array([uc_nfa(W0, dW, K, r)["UC-NFA"] - limit for r in (2e3, 4e3)])
    assert observed_order(distances)[0] == pytest.approx(1, abs=0.02)


def test_the_uc_nfa_of_a_favored_layer_follows_this_curve_in_training():
    times = np.array([0.2, 1.0, 3.0])
    rise = []
    for moved in trained(WEIGHTS, X, Y, times, slo((1.0, 0.05))):
        K = moved[1].T @ moved[1]
        found = uc_nfa(WEIGHTS[0], moved[0] - WEIGHTS[0], K)
        assert found["UC-NFA"] == pytest.approx(cosine(*nfm_and_agop(moved[0], moved, 1)), rel=1e-10)
        assert found["r"] <= 1.0 * times[len(rise)] / np.linalg.norm(WEIGHTS[0])
        rise.append(found["r"])
    assert rise == sorted(rise)


@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_one_moving_layer_walks_the_path_of_gradient_flow(speed):
    """The middle one of three layers: wherever SLO has got to is a place on the path, which a wrong path misses."""
    weights, X, Y = draw((4, 5, 3, 2), 9, seed=5)
    B, A = weights[2], weights[0]
    (moved,) = trained(weights, X, Y, np.array([0.6 / speed]), slo((0.0, speed, 0.0)))
    change = moved[1] - weights[1]

    def distance(theta, factor=1.0):
        path = path_of_one_layer(weights[1], factor * B, A, X.T @ X / 9, Y.T @ X / 9, theta)
        return np.linalg.norm(path["dW"] - change)

    found = minimize_scalar(distance, (0.1, 0.5), tol=1e-10)
    assert found.fun < 1e-7
    assert minimize_scalar(partial(distance, factor=1.02), (0.1, 0.5), tol=1e-10).fun > 1e-4
    claimed = path_of_one_layer(weights[1], B, A, X.T @ X / 9, Y.T @ X / 9, found.x)["C-NFA"]
    assert claimed == pytest.approx(cosine(*nfm_and_agop(change, moved, 2)), rel=1e-6)
