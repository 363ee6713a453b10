"""All of training of two-layer linear networks, predicted without their width, against gradient flow of `numerics`.

Each comparison has a twin: the same comparison refuses a start whose layers are orthogonal only each by itself, a wrong
weight decay, and another width.
"""

import numpy as np
import pytest
from scipy import stats

import nfa_theory as nfa
from nfa_theory import MLP, DataStatistics
from nfa_theory.predict.course.wide_linear import random_start
from numerics.optimizers import GradientFlow

RNG = np.random.default_rng(0)
N, D, C, WIDTH = 30, 5, 3, 40
X = RNG.standard_normal((N, D)) * [1.0, 1.4, 0.7, 1.2, 0.5]
Y = X @ RNG.standard_normal((D, C)) / 2 + 0.3 * RNG.standard_normal((N, C))
CLASSES = np.eye(C)[RNG.integers(C, size=N)]
LABELS = {"mse": Y, "cross_entropy": CLASSES}
TIMES = np.array([0.0, 0.2, 1.0, 3.0])
NET = MLP((D, WIDTH, C), "linear", "lecun")
BOUND = stats.norm.isf(0.5e-4)


def predicted(loss, weight_decay=0.0, net=NET, **options):
    options = {"networks": 3, "center_labels": False} | options
    return nfa.predict_course(
        X, LABELS[loss], net, TIMES, regime="linear", loss=loss, weight_decay=weight_decay, **options
    )


def followed(loss, start, weight_decay=0.0, net=NET, times=TIMES):
    flow = GradientFlow(rtol=1e-13, atol=1e-15, weight_decay=weight_decay)
    return nfa.simulate(
        X,
        LABELS[loss],
        net,
        steps=len(times) - 1,
        learning_rate=np.diff(times),
        loss=loss,
        optimizer=flow,
        initial_weights=start,
        measure=1,
        center_labels=False,
    ).isel(seed=0)


def orthogonal_start(net=NET, jointly=True):
    frame = np.linalg.qr(np.random.default_rng(5).standard_normal((WIDTH, D + C)))[0].T
    other = frame if jointly else np.linalg.qr(np.random.default_rng(6).standard_normal((WIDTH, D + C)))[0].T
    first, readout = (net.scaling(layer).weight_std * np.sqrt(WIDTH) for layer in (1, 2))
    return [first * frame[:D].T, readout * other[D:]]


def distances(prediction, record):
    wide = prediction.infinite_width
    pairs = (
        (wide.c_nfa.mean[1:, 0], record.c_nfa.values[1:, 0]),
        (wide.uc_nfa.mean[1:, 0], record.uc_nfa.values[1:, 0]),
        (wide.loss.mean, record.loss.values),
    )
    return [abs(one - other).max() for one, other in pairs]


@pytest.mark.parametrize("loss", LABELS)
@pytest.mark.parametrize("weight_decay", [0.0, 0.05])
def test_jointly_orthogonal_layers_follow_the_limit(loss, weight_decay):
    prediction = predicted(loss, weight_decay)
    assert max(distances(prediction, followed(loss, orthogonal_start(), weight_decay))) < 1e-9
    assert np.isnan(prediction.infinite_width.uc_nfa.mean[0])
    np.testing.assert_array_equal(prediction.limit, prediction.infinite_width.c_nfa.mean)


def test_layers_orthogonal_each_by_itself_and_another_weight_decay_are_refused():
    prediction = predicted("mse", 0.05)
    assert min(distances(prediction, followed("mse", orthogonal_start(jointly=False), 0.05))) > 1e-4
    assert min(distances(prediction, followed("mse", orthogonal_start(), 0.06))) > 1e-5


@pytest.mark.parametrize("parametrization", ["ntk", "mup"])
def test_rates_of_layers_are_those_of_the_parametrization(parametrization):
    net = MLP((D, WIDTH, C), "linear", parametrization)
    assert max(distances(predicted("mse", net=net), followed("mse", orthogonal_start(net), net=net))) < 1e-9


def test_directions_in_which_inputs_do_not_vary_stand_still_but_for_their_decay():
    flat = X.copy()
    flat[:, 2] = 0
    prediction = nfa.predict_course(
        flat, Y, NET, TIMES, regime="linear", weight_decay=0.1, networks=3, center_labels=False
    )
    flow = GradientFlow(rtol=1e-13, atol=1e-15, weight_decay=0.1)
    options = {"steps": 3, "learning_rate": np.diff(TIMES), "optimizer": flow, "measure": 1, "center_labels": False}
    record = nfa.simulate(flat, Y, NET, initial_weights=orthogonal_start(), **options).isel(seed=0)
    assert max(distances(prediction, record)) < 1e-9


@pytest.mark.parametrize("widths", [(D, WIDTH, C), (D, 7, 6, C)])
@pytest.mark.parametrize("loss", LABELS)
def test_given_weights_are_followed_exactly_at_any_depth(widths, loss):
    """In the early regime too, with biases where there are two hidden layers; without the decay it is refused."""
    net = MLP(widths, "linear", "he", bias=len(widths) > 3, bias_std=0.2 if len(widths) > 3 else None)
    start = net.initialize(np.random.default_rng(3))
    options = {"loss": loss, "initial_weights": start, "center_labels": False}
    course = nfa.predict_course(X, LABELS[loss], net, TIMES[:3], weight_decay=0.05, **options)
    record = followed(loss, start, 0.05, net, TIMES[:3])
    without = nfa.predict_course(X, LABELS[loss], net, TIMES[:3], **options)
    for name in ("c_nfa", "uc_nfa"):
        np.testing.assert_allclose(getattr(course, name).mean[1:], record[name].values[1:], rtol=0, atol=1e-9)
        assert abs(getattr(without, name).mean[1:] - record[name].values[1:]).max() > 1e-5


def test_weight_decay_in_a_series_has_an_error_of_third_order():
    net, times = MLP((D, 8, C), "tanh"), np.array([0.0, 0.01, 0.02])
    start = net.initialize(np.random.default_rng(3))
    options = {"initial_weights": start, "center_labels": False}
    course = nfa.predict_course(X, Y, net, times, weight_decay=0.5, **options)
    record = followed("mse", start, 0.5, net, times)
    errors = abs(course.c_nfa.mean[1:, 0] - record.c_nfa.values[1:, 0])
    assert 2.7 < np.log2(errors[1] / errors[0]) < 3.3
    wrong = nfa.predict_course(X, Y, net, times, weight_decay=0.51, **options)
    errors = abs(wrong.c_nfa.mean[1:, 0] - record.c_nfa.values[1:, 0])
    assert np.log2(errors[1] / errors[0]) < 2.7


def traces_of_wishart(width, count=4000):
    """Compare ``tr M^2`` of drawn starts with its mean, exact for any width, and with that of one neuron more."""
    net, rng = MLP((D, width, C), "linear", "lecun"), np.random.default_rng(7)
    size, values = D + C, []
    for _ in range(count):
        first, readout = random_start(net, rng).weights
        scales = [net.scaling(layer).weight_std for layer in (1, 2)]
        Q = np.vstack([first.T / scales[0], readout / scales[1]])
        values.append(np.sum((Q @ Q.T) ** 2))
    error = np.std(values, ddof=1) / np.sqrt(count)
    means = [k * size * (k + size + 1) for k in (width, width + 1)]
    return [abs(np.mean(values) - mean) / error for mean in means]


@pytest.mark.parametrize("width", [3, 8, 20])
def test_drawn_starts_have_the_second_moment_of_a_wishart_matrix(width):
    """For widths below, at and above the inputs and outputs together; one more degree of freedom is refused."""
    right, wrong = traces_of_wishart(width)
    assert right < BOUND < wrong


@pytest.mark.slow
@pytest.mark.parametrize(("width", "count", "c_bound", "uc_bound"), [(64, 400, None, None), (1024, 400, 1e-3, 5e-4)])
def test_held_out_widths(width, count, c_bound, uc_bound):
    """Width 64 within three standard errors, width 1024 within absolute bounds or three standard errors."""
    net = MLP((D, width, C), "linear", "mup")
    prediction = predicted("mse", net=net, networks=2048)
    runs = [followed("mse", net.initialize(np.random.default_rng([2, seed])), net=net) for seed in range(count)]
    for name, bound in (("c_nfa", c_bound), ("uc_nfa", uc_bound)):
        values = np.array([run[name].values[1:, 0] for run in runs])
        error = np.hypot(values.std(axis=0, ddof=1) / np.sqrt(count), getattr(prediction, name).mean_error[1:, 0])
        off = abs(values.mean(axis=0) - getattr(prediction, name).mean[1:, 0])
        assert np.all(off < np.maximum(3 * error, bound or 0.0)), (name, off, error)


def test_statistics_suffice_for_squared_error():
    data = DataStatistics.from_samples(X, Y)
    from_statistics = nfa.predict_course(data, NET, TIMES, regime="linear", networks=3)
    from_samples = predicted("mse")
    np.testing.assert_allclose(from_statistics.uc_nfa.mean, from_samples.uc_nfa.mean, rtol=1e-9)
    assert np.isnan(from_statistics.loss.mean).all()


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (MLP((D, 8, C), "relu"), "needs a linear network with one hidden layer and no biases"),
        (MLP((D, 8, 8, C), "linear"), "needs a linear network with one hidden layer and no biases"),
        (MLP((D, 8, C), "linear", initialization="uniform"), 'needs initialization="gaussian"'),
    ],
)
def test_other_networks_are_refused(net, message):
    with pytest.raises(nfa.InputError, match=message):
        predicted("mse", net=net)


def test_a_negative_decay_and_an_unknown_regime_are_refused():
    with pytest.raises(nfa.InputError, match=r"weight_decay must be .*, got -1"):
        predicted("mse", -1.0)
    with pytest.raises(nfa.InputError, match="unknown regime"):
        nfa.predict_course(X, Y, NET, TIMES, regime="rich")
