"""The feature-learning limit against networks of `numerics`: velocities exactly, alignments and loss by z-tests.

False-alarm rate: at most 1e-4 for each z-test of a course, over its times together.
"""

import numpy as np
import pytest
from scipy import stats
from scipy.special import softmax

import nfa_theory as nfa
from nfa_theory import MLP
from nfa_theory.predict.course.feature_learning.one_hidden_layer import drawn, span_of
from nfa_theory.predict.course.feature_learning.particles import Neurons, ParticleFlow
from nfa_theory.predict.course.feature_learning.seen_matrix import SeenMatrix
from nfa_theory.predict.problem.residuals import residuals
from numerics import Activation
from numerics.networks.backpropagation import weight_gradients
from numerics.networks.losses import find_loss
from numerics.optimizers import Descent

RNG = np.random.default_rng(5)
X, Y = RNG.standard_normal((10, 24)), RNG.standard_normal((10, 2))
CLASSES = softmax(2 * RNG.standard_normal((10, 3)), axis=1)
TIMES = np.array([1.0, 3.0, 8.0])


@pytest.mark.parametrize(("loss", "labels"), [("mse", Y), ("cross_entropy", CLASSES)])
def test_particles_move_as_the_neurons_of_a_network(loss, labels):
    """To rounding; twins: a rate without the width, and the outputs of another scaling."""
    net = MLP((24, 7, labels.shape[1]), "gelu", "mup")
    weights = net.initialize(np.random.default_rng(0))
    activity = net.forward(X, weights)
    gradient = weight_gradients(net, weights, activity, find_loss(loss, labels).gradient(activity.outputs, labels))
    W, a = weights.weights
    network = Neurons(W, np.ascontiguousarray(a.T))
    flow = ParticleFlow(X / np.sqrt(24), Activation("gelu"), lambda f: residuals(loss, labels, f), network, (7,), 1)
    found = flow.velocity(network)
    np.testing.assert_allclose(found.W, -7 * gradient.weights[0], rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(found.a.T, -7 * gradient.weights[1], rtol=1e-10, atol=1e-14)
    assert not np.allclose(found.W, -gradient.weights[0], rtol=0.01)
    wrong = ParticleFlow(X / np.sqrt(24), flow.activation, lambda f: residuals(loss, labels, 7 * f), network, (7,), 1)
    assert not np.allclose(wrong.velocity(network).a, found.a, rtol=0.01)


def test_driven_particles_see_the_mean_residuals_of_the_systems():
    net, rng = MLP((24, 7, 2), "erf", "mup"), np.random.default_rng(1)
    Z, _ = span_of(X / np.sqrt(24))
    start = drawn(net, Z.shape[1], 30, rng)
    flow = ParticleFlow(Z, net.activation, lambda f: Y - f, start, (6, 6, 8), 2)
    r = Y - (flow.outputs(start[slice(0, 6)]) + flow.outputs(start[slice(6, 12)])) / 2
    h = start.W[20:] @ Z.T
    np.testing.assert_allclose(flow.velocity(start).a[20:], net.activation(h) @ r / len(X), rtol=1e-12)


CASES = {
    "tanh": (MLP((24, 64, 2), "tanh", "mup"), Y, "mse"),
    "relu, cross-entropy": (MLP((24, 64, 3), "relu", "mup"), CLASSES, "cross_entropy"),
}


@pytest.fixture(scope="module", params=CASES)
def both(request):
    """Predict a course in which 14 of 24 directions are frozen, and train networks in small steps."""
    net, labels, loss = CASES[request.param]

    def trained(times=TIMES, rates=None):
        marks = (times * 20).astype(int).tolist()
        rule = Descent(full_batch=True, layer_rates=rates)
        more = {"loss": loss, "optimizer": rule, "seed": range(32), "measure": marks}
        record = nfa.simulate(X, labels, net, steps=marks[-1], learning_rate=0.05, **more)
        return record.c_nfa.values[:, 1:, 0], record.uc_nfa.values[:, 1:, 0], record.loss.values[:, 1:]

    return nfa.predict_course(X, labels, net, TIMES, regime="mup", loss=loss), trained


def deviation(course, measured):
    """Return the greatest deviation of each quantity in standard errors, beside the bound for all times together."""
    means = [(course.c_nfa.mean[:, 0], course.c_nfa.mean_error[:, 0])]
    means += [(course.uc_nfa.mean[:, 0], course.uc_nfa.mean_error[:, 0]), (course.loss.mean, course.loss.mean_error)]
    z = []
    for (mean, error), values in zip(means, measured, strict=True):
        scatter = values.std(axis=0, ddof=1) / np.sqrt(len(values))
        z.append(abs(mean - values.mean(axis=0)) / np.hypot(error, scatter))
    return np.max(z, axis=1)


BOUND = stats.t.isf(0.5e-4 / len(TIMES), 15)  # as few degrees of freedom as the smallest of the families has


def test_the_course_is_that_of_trained_networks(both):
    course, trained = both
    assert np.all(deviation(course, trained()) < BOUND)


def test_a_frozen_readout_is_refused(both):
    course, trained = both
    assert np.max(deviation(course, trained(rates=(1.0, 0.0)))) > BOUND


def test_another_rate_is_refused(both):
    course, trained = both
    assert np.max(deviation(course, trained(times=2 * TIMES))) > BOUND


SMALL = np.random.default_rng(3).standard_normal((6, 4)), np.sign(np.random.default_rng(4).standard_normal((6, 1)))
STEPS = [5, 10, 20]


@pytest.fixture(scope="module", params=["erf", "relu"])
def extrapolated(request):
    """Train networks with two hidden layers at widths 64 and 256, and take out what falls as 1/width."""
    means = []
    for width, seeds in ((64, 32), (256, 16)):
        net = MLP((4, width, width, 1), request.param, "mup")
        more = {"learning_rate": 1.0, "optimizer": "gd", "seed": range(seeds), "measure": STEPS}
        record = nfa.simulate(*SMALL, net, steps=20, **more)
        alignments = [record.c_nfa.values[:, 1:, 0], record.c_nfa.values[:, 1:, 1]]
        rows = np.array([*alignments, width**0.5 * record.uc_nfa.values[:, 1:, 1], record.loss.values[:, 1:]])
        means.append((rows.mean(axis=1), rows.std(axis=1, ddof=1) / np.sqrt(seeds)))
    (narrow, of_narrow), (wide, of_wide) = means
    return request.param, (4 * wide - narrow) / 3, np.hypot(4 * of_wide, of_narrow) / 3


def two_layers(activation):
    net = MLP((4, 256, 256, 1), activation, "mup")
    course = nfa.predict_course(*SMALL, net, np.array(STEPS) * 1.0, regime="mup", steps=20)
    scaled = course.infinite_width.root_width_uc_nfa
    means = [*course.c_nfa.mean.T, scaled.mean[:, 1], course.loss.mean]
    errors = [*course.c_nfa.mean_error.T, scaled.mean_error[:, 1], course.loss.mean_error]
    return np.array(means), np.array(errors)


def test_two_layers_are_the_limit_of_trained_networks(extrapolated):
    """C-NFA of both layers, the UC-NFA of the second times the root of the width, loss: 1 % for what falls faster."""
    activation, measured, error = extrapolated
    mean, of_mean = two_layers(activation)
    assert np.all(abs(mean - measured) < 5 * np.hypot(error, of_mean) + 0.01 * abs(measured))


def test_two_layers_without_response_functions_are_refused(extrapolated, monkeypatch):
    def fields(matrix, source, target, signals):
        return target.E @ (source.Q.T @ signals / len(signals))

    monkeypatch.setattr(SeenMatrix, "passed", fields)
    activation, measured, error = extrapolated
    mean, of_mean = two_layers(activation)
    refused = abs(mean - measured) > 5 * np.hypot(error, of_mean) + 0.01 * abs(measured)
    assert np.all(refused[2])


def images(kind):
    data = nfa.load_dataset("fashion_mnist_subset", train=100 if kind == 20 else 60)
    X, Y = data.X.astype(float), data.Y.astype(float)
    if kind == 20:
        U, values, _ = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
        X = U[:, :20] * values[:20]
        X *= np.sqrt(20 / np.mean(np.sum(X**2, axis=1)))
    return X, Y


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("kind", [20, 784])
def test_images_through_all_of_training(kind, activation):
    """Within three standard errors of both and .012 (width 256) or .006 (2048), .5 % of the loss."""
    X, Y = images(kind)
    steps = [20, 40, 100, 200, 400]
    for width, seeds, allowed in ((256, 16, 0.012), (2048, 4, 0.006)):
        net = MLP((X.shape[1], width, 10), activation, "mup")
        course = nfa.predict_course(X, Y, net, np.array(steps) * 0.05, regime="mup")
        record = nfa.simulate(
            X, Y, net, steps=400, learning_rate=0.05, optimizer="gd", seed=range(seeds), measure=steps
        )
        for name in ("c_nfa", "uc_nfa"):
            values = getattr(record, name).values[:, 1:, 0]
            predicted = getattr(course, name)
            error = np.hypot(values.std(axis=0, ddof=1) / np.sqrt(seeds), predicted.mean_error[:, 0])
            assert np.all(abs(predicted.mean[:, 0] - values.mean(axis=0)) < allowed + 3 * error)
        loss = record.loss.values[:, 1:]
        error = loss.std(axis=0, ddof=1) / np.sqrt(seeds)
        assert np.all(abs(course.loss.mean - loss.mean(axis=0)) < 0.005 * loss.mean(axis=0) + 3 * error)
