"""Claims about deep linear networks against the networks of `numerics`: series by order, exact solutions at all times.

The multipliers of the NTK parametrization are absorbed in the inputs. Every comparison has a twin that is refused.
"""

import numpy as np
import pytest
from orders import observed_order

from derivations.early.speed_limited import uc_nfa
from derivations.linear.balanced import DERIVATIONS as BALANCED
from derivations.linear.decoupled import alignments_at
from derivations.linear.features import alignment_series
from derivations.linear.scalar_output import departure_coefficient
from derivations.linear.speed_limited import early_c_nfa
from numerics import MLP, Measure, features, simulate
from numerics.optimizers import GradientFlow, SpeedLimited

FLOW = GradientFlow(rtol=1e-13, atol=1e-15)
TIME = 0.025


def multiplier(net):
    return np.prod([net.scaling(layer).multiplier for layer in range(1, net.depth + 2)])


def problem(widths, seed, samples=12):
    rng = np.random.default_rng(seed)
    net = MLP(widths, activation="linear")
    X, Y = rng.standard_normal((samples, widths[0])), rng.standard_normal((samples, widths[-1]))
    return net, X, Y, net.initialize(rng).weights


def covariances(net, X, Y):
    absorbed = multiplier(net) * X
    return absorbed.T @ absorbed / len(X), Y.T @ absorbed / len(X)


def simulated(net, X, Y, weights, optimizer, rate, steps):
    return simulate(X, Y, net, steps=steps, learning_rate=rate, optimizer=optimizer, initial_weights=weights, measure=1)


@pytest.mark.parametrize(("widths", "layer"), [((5, 6, 3), 1), ((4, 5, 6, 5, 3), 2), ((4, 5, 6, 5, 3), 3)])
def test_the_series_of_both_alignments_in_time(widths, layer):
    """To order two: the error falls at the third order, with any coefficient wrong by 2 % it does not."""
    net, X, Y, weights = problem(widths, seed=2)
    claimed = alignment_series(weights, *covariances(net, X, Y), order=2, layer=layer)
    run = simulated(net, X, Y, weights, FLOW, 0.005, 2).isel(seed=0, layer=layer - 1)
    times = 0.005 * np.array([2, 1])
    for name, variable in (("C-NFA", run.c_nfa), ("UC-NFA", run.uc_nfa)):
        measured, exact = variable.values[[2, 1]], np.array(claimed[name])

        def accepted(coefficients, measured=measured):
            errors = np.polynomial.Polynomial(coefficients)(times) - measured
            return abs(observed_order(errors) - 3) < 0.15

        assert accepted(exact)
        assert not any(accepted(exact * np.where(np.arange(3) == j, 1.02, 1)) for j in range(3))


def test_a_decoupled_start_at_all_times():
    rng = np.random.default_rng(1)
    net = MLP((5, 6, 4), activation="linear")
    s, u0 = np.array([1.6, 0.9, 0.4]), np.array([0.02, 0.3, 0.05])
    V, U, R, Q = (np.linalg.qr(rng.standard_normal((size, 3)))[0] for size in (5, 4, 6, 9))
    X, Y = 3 * Q @ V.T / multiplier(net), 3 * Q * s @ U.T
    weights = [R * np.sqrt(u0) @ V.T, U * np.sqrt(u0) @ R.T]
    run = simulated(net, X, Y, weights, FLOW, 0.5, 8).isel(seed=0, layer=0)
    for step in range(1, 9):
        claimed = alignments_at(s, u0, 0.5 * step)
        assert float(run.uc_nfa[step]) == pytest.approx(claimed["UC-NFA"], rel=1e-9)
        assert float(run.c_nfa[step]) == pytest.approx(claimed["C-NFA"], rel=1e-8)
        late = alignments_at(s, u0, 1.02 * 0.5 * step)
        assert float(run.uc_nfa[step]) != pytest.approx(late["UC-NFA"], rel=1e-7)
        assert float(run.c_nfa[step]) != pytest.approx(late["C-NFA"], rel=1e-7)


def test_balanced_networks_have_agops_that_are_powers_of_the_nfm():
    rng = np.random.default_rng(4)
    net = MLP((4, 4, 4, 4), activation="linear")
    frames = [np.linalg.qr(rng.standard_normal((4, 4)))[0] for _ in range(4)]
    strengths = rng.uniform(1, 2, 4)
    weights = [frames[i + 1] * strengths @ frames[i].T for i in range(3)]
    X, Y = rng.standard_normal((10, 4)), rng.standard_normal((10, 4))
    moved = []
    simulate(
        X,
        Y,
        net,
        steps=1,
        learning_rate=2.0,
        optimizer=FLOW,
        initial_weights=weights,
        measure=Measure(1, observe=lambda seed, step, parameters: moved.append(parameters)),
    )
    assert np.linalg.norm(moved[-1].weights[0] - weights[0]) > 0.05
    for layer in (1, 2):
        found = features(X, net, moved[-1], layer=layer)
        exponent = int(BALANCED[1].closed_form["exponent"].subs({"L": 3, "l": layer}))
        F, G = np.asarray(found.nfm), np.asarray(found.agop)
        power = np.linalg.matrix_power(F, exponent)
        np.testing.assert_allclose(G / np.trace(G), power / np.trace(power), rtol=1e-9, atol=1e-11)
        wrong = np.linalg.matrix_power(F, exponent - 1)
        assert not np.allclose(G / np.trace(G), wrong / np.trace(wrong), rtol=1e-2)


def test_the_c_nfa_of_a_scalar_net_leaves_one_at_the_sixth_order():
    """One minus the C-NFA comes from the distance of the unit matrices, which does not cancel."""
    net, X, Y, weights = problem((3, 4, 1), seed=3)
    claimed = departure_coefficient(weights[0], weights[1].T, *covariances(net, X, Y))
    departures = []

    def observe(seed, step, parameters):
        dW, readout = parameters.weights[0] - weights[0], parameters.weights[1]
        if step:
            F, G = dW.T @ dW, dW.T @ readout.T @ readout @ dW
            departures.append(np.sum((F / np.linalg.norm(F) - G / np.linalg.norm(G)) ** 2) / 2)

    simulate(
        X,
        Y,
        net,
        steps=2,
        learning_rate=TIME,
        optimizer=FLOW,
        initial_weights=weights,
        measure=Measure(1, observe=observe),
    )
    times, measured = TIME * np.array([2, 1]), np.array(departures)[::-1]

    def accepted(coefficient):
        return (
            abs(observed_order(measured + coefficient * times ** claimed["order"], np.sqrt(measured.min())) - 7) < 0.15
        )

    assert accepted(claimed["coefficient"])
    assert not any(accepted(claimed["coefficient"] * factor) for factor in (0.98, 1.02))


def c_nfa_after(net, X, Y, weights, speeds, time, steps):
    return float(simulated(net, X, Y, weights, SpeedLimited(speeds), time / steps, steps).c_nfa[0, -1, 0])


@pytest.mark.parametrize("speeds", [(1.0, 1.0), (0.3, 2.0), (1.0, 0.0)])
def test_the_early_c_nfa_under_slo(speeds):
    """Its start at once; its slope as the limit of many steps and of short times, both by extrapolation."""
    net, X, Y, weights = problem((5, 6, 3), seed=2)
    claimed = early_c_nfa(weights[0], weights[1], *covariances(net, X, Y), speeds)
    start = c_nfa_after(net, X, Y, weights, speeds, 1e-6, 1)
    assert start == pytest.approx(claimed["C-NFA"], abs=1e-7)
    slopes = []
    for time in (2e-4, 1e-4):
        coarse, fine = (c_nfa_after(net, X, Y, weights, speeds, time, steps) for steps in (30, 60))
        slopes.append((2 * fine - coarse - claimed["C-NFA"]) / time)
    slope = 2 * slopes[1] - slopes[0]
    assert slope == pytest.approx(claimed["slope"], rel=1e-3)
    assert slope != pytest.approx(1.02 * claimed["slope"], rel=1e-3)


def test_the_uc_nfa_of_a_favored_layer_of_a_relu_network_rises_along_the_curve():
    rng = np.random.default_rng(6)
    net = MLP((6, 20, 20, 2), activation="relu")
    X, Y = rng.standard_normal((30, 6)), rng.standard_normal((30, 2))
    weights = net.initialize(rng).weights
    states = []
    run = simulate(
        X,
        Y,
        net,
        steps=60,
        learning_rate=0.2,
        optimizer=SpeedLimited((0.02, 1.0, 0.02)),
        measure=Measure(20, observe=lambda seed, step, parameters: states.append(parameters)),
        initial_weights=weights,
    ).isel(seed=0, layer=1)
    ratios = []
    for i, state in enumerate(states[1:], start=1):
        K, dW = np.asarray(features(X, net, state, layer=2).ptf_covariance), state.weights[1] - weights[1]
        found = uc_nfa(weights[1], dW, K)
        assert found["UC-NFA"] == pytest.approx(float(run.uc_nfa[i]), rel=1e-10)
        assert found["C-NFA"] == pytest.approx(float(run.c_nfa[i]), rel=1e-10)
        assert uc_nfa(weights[1], dW, K, 1.02 * found["r"])["UC-NFA"] != pytest.approx(float(run.uc_nfa[i]), rel=1e-5)
        assert uc_nfa(weights[1], dW, K, 0)["UC-NFA"] < found["UC-NFA"] < found["C-NFA"]
        ratios.append(found["r"])
    assert ratios == sorted(ratios)
