"""The first step of sign descent and of Muon: predictions against steps taken, closed forms, and wider networks."""

import numpy as np
import pytest

from nfa_theory.predict import predict_alignment
from nfa_theory.predict.first_step.networks import step_alignments
from nfa_theory.predict.problem.problem import read_problem
from numerics import MLP, InputError, Measure, alignment, ptf_covariances, simulate
from numerics.networks.parameters import Parameters
from numerics.optimizers import Descent, Muon, SignDescent

RNG = np.random.default_rng(0)
X = RNG.standard_normal((20, 5))
Y = np.stack([X[:, 0] * X[:, 1], X[:, 2]], axis=1)
RULES = {"sign": SignDescent(), "muon": Muon(0.0)}


def taken(net, weights, rule):
    """Take the step with the simulator; align the features of the changes, in full."""
    seen = {}
    measure = Measure(1, observe=lambda _seed, step, now: seen.update({step: now}))
    options = {"steps": 1, "learning_rate": 0.25, "batch_size": len(X), "initial_weights": weights}
    simulate(X, Y, net, optimizer=rule, measure=measure, center_labels=False, standardize="none", **options)
    found = []
    for K, start, moved in zip(ptf_covariances(X, net, Parameters(weights)), weights, seen[1].weights, strict=False):
        dW = moved - start
        found.append(alignment(dW.T @ dW, dW.T @ K @ dW))
    return found


@pytest.mark.parametrize("optimizer", RULES)
def test_a_network_of_finite_width_is_a_step_taken(optimizer):
    net = MLP((5, 6, 7, 2), "tanh")
    problem = read_problem(X, Y, net, None)
    found = step_alignments(problem, optimizer, np.random.default_rng(3))
    weights = net.initialize(np.random.default_rng(3)).weights
    assert found == pytest.approx(taken(net, weights, RULES[optimizer]), abs=1e-10)
    assert found != pytest.approx(taken(net, weights, Descent()), abs=1e-3)


def test_muon_of_independent_inputs_is_the_spread_of_the_tangent_kernel():
    """With one output: ``tr kappa / sqrt(n tr kappa^2)``, whatever the labels; ReLU's kernel is an arccosine."""
    few = X[:4]
    cosines = few @ few.T / np.linalg.norm(few, axis=1)[:, None] / np.linalg.norm(few, axis=1)
    kappa = 0.5 - np.arccos(np.clip(cosines, -1, 1)) / (2 * np.pi)
    expected = np.trace(kappa) / np.sqrt(4 * np.sum(kappa**2))
    for y in (few[:, :1], RNG.standard_normal((4, 1))):
        found = predict_alignment(few, y, MLP((5, 64, 1)), "zero", optimizer="muon")
        assert found.limit == pytest.approx([expected], abs=1e-9)
        assert not found.limit_error.any()
    assert predict_alignment(few, Y[:4], MLP((5, 64, 2)), "zero", optimizer="muon").limit != pytest.approx([expected])


def test_signs_of_a_linear_network_follow_the_arcsine_law():
    """Its gradients are Gaussian over neurons without any condition; six standard errors, chance below 1e-8."""
    F = X.T @ (Y @ Y.T) @ X
    G = 20 * F  # every sample has the tangent features of all others: kappa^2 = n kappa
    deviations = np.sqrt(np.diag(F))
    arcsine = np.arcsin(np.clip(F / np.outer(deviations, deviations), -1, 1))
    expected = alignment(arcsine, G / np.outer(deviations, deviations))
    found = predict_alignment(X, Y, MLP((5, 64, 2), "linear"), "zero", optimizer="sign")
    assert abs(found.limit[0] - expected) < 6 * found.limit_error[0]
    assert abs(alignment(F, G) - expected) > 12 * found.limit_error[0]  # descent would be refused


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", RULES)
def test_the_limit_is_approached_as_one_over_the_width(optimizer):
    """Four times the width, a quarter of the distance, to five standard errors; and the distance is not noise."""
    distances, errors = [], []
    for width in (48, 192):
        found = predict_alignment(
            X, Y, MLP((5, width, width, 2), "erf"), "zero", optimizer=optimizer, networks=256, draws=48
        )
        distances.append(found.mean - found.limit)
        errors.append(np.hypot(found.mean_error, found.limit_error))
    (near, far), (small, large) = distances[::-1], errors[::-1]
    assert np.all(np.abs(near - far / 4) < 5 * np.hypot(small, large / 4) + 0.1 * np.abs(far))
    assert np.any(np.abs(far) > 5 * large)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimizer": "adam"}, "unknown optimizer 'adam'"),
        ({"optimizer": "muon", "batch_size": 5}, "optimizer 'muon' takes all of some samples, got .* a batch_size"),
    ],
)
def test_bad_input_is_one_line(options, message):
    with pytest.raises(InputError, match=message):
        predict_alignment(X, Y, MLP((5, 8, 2)), **options)


def test_the_optimizer_is_told():
    found = predict_alignment(X, Y, MLP((5, 8, 2)), optimizer="muon")
    assert "a step of muon" in repr(found)
    assert found.config["optimizer"] == "muon"
    assert found.limit_error.all()  # the function is random
    with pytest.raises(InputError, match="top directions need samples and a step of descent"):
        found.directions()
