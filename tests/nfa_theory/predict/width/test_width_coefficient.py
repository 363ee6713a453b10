"""One hidden layer: its response to its neurons and the coefficient of 1/width, by definitions and derivations."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from nfa_theory import MLP, claims
from nfa_theory.predict import predict_alignment
from nfa_theory.predict.problem.problem import read_problem
from nfa_theory.predict.width.neuron_averages import NeuronAverages, in_own_basis
from nfa_theory.predict.width.random_network import draw, early_alignments

RNG = np.random.default_rng(2)
X, Y = RNG.standard_normal((10, 4)), RNG.standard_normal((10, 2))
BOUND = stats.norm.isf(0.5e-4)


def drawn(net, rng, X=X, Y=Y):
    problem = read_problem(X, Y, net, "zero", "mse", None)
    network = draw(problem, rng)
    value = early_alignments(network, np.ones(len(X)))[0]
    return NeuronAverages.of(problem), value, network.readout, network.slopes[0]


def cosine(F, g):
    G = g.T @ g
    return np.sum(F * G) / np.sqrt(np.sum(F * F) * np.sum(G * G))


def along(averages, readout, slope, t):
    """The alignment where both averages are moved from their means by a share t, from sums over neurons."""
    F, g = np.zeros_like(averages.F), np.zeros_like(averages.g)
    for a, psi in zip(readout.T * averages.scale, slope.T, strict=True):
        v = averages.X.T @ (psi * (averages.R @ a))
        F += np.outer(v, v)
        g += np.outer(np.outer(psi, a), v)
    return cosine(averages.F + t * (F - averages.F), averages.g + t * (g - averages.g))


CASES = [("relu", "gaussian"), ("quadratic", "signs"), ("erf", "gaussian")]


@pytest.mark.parametrize(("activation", "readout"), CASES)
def test_the_responses_are_derivatives_of_the_alignment(activation, readout):
    """By differences of fourth order, whose step is varied: the error must stay that of rounding."""
    averages, value, A, slope = drawn(MLP((4, 50, 2), activation, readout=readout), np.random.default_rng(3))
    assert along(averages, A, slope, 1) == pytest.approx(value, rel=1e-10)
    assert along(averages, A, slope, 0) == pytest.approx(averages.limit, rel=1e-12)
    network, neurons = averages.responses(A, slope)
    alone = [(neurons.first[j], neurons.second[j], np.sqrt(50) * A[:, j : j + 1], slope[:, j : j + 1]) for j in (0, 7)]
    for first, second, a, psi in ((network.first, network.second, A, slope), *alone):
        h = 1e-3 / max(abs(first), 1)
        f = {m: along(averages, a, psi, m * h) / averages.limit for m in (-2, -1, 0, 1, 2)}
        assert (8 * (f[1] - f[-1]) - f[2] + f[-2]) / (12 * h) == pytest.approx(first, rel=1e-6, abs=1e-9)
        curvature = (16 * (f[1] + f[-1]) - f[2] - f[-2] - 30 * f[0]) / (12 * h**2)
        assert curvature / 2 == pytest.approx(second, rel=1e-4, abs=1e-6)
        assert curvature / 2 != pytest.approx(1.02 * second, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize(("activation", "readout"), CASES)
def test_what_is_subtracted_has_mean_zero(activation, readout):
    """z-tests, false-alarm rate 1e-4 each; an expansion around a mean that is off on its diagonal is refused."""
    net, rng = MLP((4, 300, 2), activation, readout=readout), np.random.default_rng(1)
    rows = []
    for _ in range(300):
        averages, value, A, slope = drawn(net, rng)
        network, neurons = averages.responses(A, slope)
        wrong = replace(averages, F=averages.F + 0.2 * np.diag(np.diag(averages.F))).responses(A, slope)[0]
        rows.append((network.first, network.second - neurons.second.mean() / 300, wrong.first, value))
    first, between, wrong, value = np.array(rows).T
    z = lambda values: abs(np.mean(values)) / np.std(values, ddof=1) * np.sqrt(300)  # noqa: E731
    assert z(first) <= BOUND
    assert z(between) <= BOUND
    assert z(wrong) > BOUND
    limit = averages.limit
    assert np.std(value - limit * (first + between)) < 0.3 * np.std(value)


ONE_OUTPUT = [("quadratic", "quadratic"), ("cubic", "cubic"), ("hermite:3", "hermite_3")]


@pytest.mark.parametrize(("activation", "key"), ONE_OUTPUT)
def test_single_neurons_have_the_derived_bias_and_spread(activation, key):
    """`width_correction`, which averages fourth moments; z-tests at 1e-4. The opposite bias is refused, and half
    a spread more. Slopes of higher degree have heavy tails: hence many neurons.
    """
    net, labels, rng = MLP((4, 200_000, 1), activation, readout="signs"), Y[:, :1], np.random.default_rng(5)
    S = X @ X.T
    derived = claims[f"wide.width_correction_{key}"].function(K=S / 4, S=S, r=labels[:, 0], k=1)
    bias, spread = derived["mean"] / derived["limit"] - 1, derived["variance"] / derived["limit"] ** 2
    samples = []
    for _ in range(4):
        averages, _, A, slope = drawn(net, rng, X, labels)
        neurons = averages.responses(A, slope)[1]
        samples.append((neurons.second, neurons.first**2))
    assert averages.limit == pytest.approx(derived["limit"], rel=1e-9)
    for values, expected, wrong in zip(np.hstack(samples), (bias, spread), (-bias, 1.5 * spread), strict=True):
        error = values.std(ddof=1) / np.sqrt(len(values))
        assert abs(values.mean() - expected) <= BOUND * error
        assert abs(values.mean() - wrong) > BOUND * error


@pytest.mark.parametrize(("activation", "key"), ONE_OUTPUT)
def test_the_coefficient_is_the_closed_form_where_there_is_one(activation, key):
    net, labels = MLP((4, 100, 1), activation, readout="signs"), Y[:, :1]
    S = X @ X.T
    derived = claims[f"wide.width_correction_{key}"].function(K=S / 4, S=S, r=labels[:, 0], k=100)
    found = predict_alignment(X, labels, net, "zero")
    assert found.width_coefficient[0] == pytest.approx(100 * (derived["mean"] - derived["limit"]), rel=1e-8)
    assert found.width_coefficient_error[0] == 0
    sampled = predict_alignment(X, labels, MLP((4, 100, 1), activation), "zero")
    assert sampled.width_coefficient_error[0] > 0


def test_the_mean_approaches_the_first_correction_at_second_order():
    """``mean - limit - coefficient / k`` falls like ``1/k^2``, not like ``1/k``; without the coefficient like ``1/k``.

    z-tests of ``k^power`` times the difference at two widths, false-alarm rate 1e-4.
    """
    predictions = {
        k: predict_alignment(X, Y, MLP((4, k, 2), "relu"), "zero", networks=networks)
        for k, networks in ((32, 4000), (128, 1500))
    }
    best = predictions[128]

    def deviates(power, coefficient, coefficient_error):
        scaled, errors = [], []
        for k, each in predictions.items():
            scaled.append(k**power * (each.mean[0] - each.limit[0] - coefficient / k))
            errors.append(k**power * each.mean_error[0])
        of_coefficient = (128 ** (power - 1) - 32 ** (power - 1)) * coefficient_error
        return abs(scaled[1] - scaled[0]) > BOUND * np.hypot(np.hypot(*errors), of_coefficient)

    assert not deviates(2, best.width_coefficient[0], best.width_coefficient_error[0])
    assert deviates(1, best.width_coefficient[0], 0.0)
    assert deviates(2, 0.0, 0.0)


def test_deeper_networks_have_no_coefficient():
    found = predict_alignment(X, Y, MLP((4, 20, 20, 2)), "zero", networks=4)
    assert np.isnan(found.width_coefficient).all()
    assert np.isnan(found.width_coefficient_error).all()


def test_inputs_in_their_own_basis_have_the_same_products():
    few = RNG.standard_normal((5, 40))
    small = in_own_basis(few)
    assert small.shape == (5, 5)
    np.testing.assert_allclose(small @ small.T, few @ few.T, rtol=1e-12)
    assert in_own_basis(X) is X
