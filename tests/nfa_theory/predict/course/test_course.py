"""The course in time: its parts against slow versions and other routes, what it returns, and what it refuses.

Gradient flow of `numerics` is compared in tests/theory_vs_simulation/test_course.py.
"""

import math

import numpy as np
import pytest
import scipy.linalg
from autograd import elementwise_grad
from orders import observed_order
from reference_network import ACTIVATIONS
from scipy.integrate import quad_vec
from scipy.special import softmax

import nfa_theory as nfa
from derivations.activation_integrals import ACTIVATION_NAMES
from derivations.linear.features import alignment_series
from derivations.registry import get_derivation
from nfa_theory import MLP, DataStatistics, InputError
from nfa_theory.figures.predicted_course import course_by_layer
from nfa_theory.predict.course.activation_series import compose, taylor_coefficients
from nfa_theory.predict.course.lazy_limit import LazyNetwork
from nfa_theory.predict.course.network_series import Training
from nfa_theory.predict.course.quadratic_flow import QuadraticFlow
from nfa_theory.predict.course.series import expand_course, trusted_time
from nfa_theory.predict.course.softmax_series import softmax_series
from numerics.networks.activations import parse_activation

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((9, 4)) * [2.0, 1.0, 0.5, 0.5], RNG.standard_normal((9, 2))
LINEAR, ERF, QUADRATIC = MLP((4, 6, 5, 2), "linear"), MLP((4, 6, 2), "erf"), MLP((4, 6, 2), "quadratic")


@pytest.mark.parametrize("name", [each for each in ACTIVATIONS if each.split(":")[0] in ACTIVATION_NAMES])
def test_derivatives_are_those_of_automatic_differentiation(name):
    """At points away from kinks, to the third; a factor of 1.02 is refused."""
    h = np.array([-1.7, -0.6, 0.3, 1.9])
    found = taylor_coefficients(parse_activation(name), 3)(h)

    def phi(h):
        return ACTIVATIONS[name](h) + 0 * h**5  # autograd wants every derivative to depend on h

    for p, each in enumerate(found):
        expected = phi(h)
        np.testing.assert_allclose(each * math.factorial(p), expected, rtol=1e-9, atol=1e-12)
        if np.any(expected):
            assert not np.allclose(1.02 * each * math.factorial(p), expected, rtol=1e-9, atol=1e-12)
        phi = elementwise_grad(phi)


def test_the_chain_rule_on_series_has_an_error_of_the_next_order():
    inner = [np.array([0.3]), np.array([1.1]), np.array([-0.7]), np.array([0.4])]
    coefficients = compose(taylor_coefficients(parse_activation("tanh"), 3)(inner[0]), inner, 3)

    def error(t, terms):
        return abs(
            sum(t**j * each for j, each in enumerate(terms)) - np.tanh(sum(t**j * h for j, h in enumerate(inner)))
        )

    assert abs(observed_order([error(0.02, coefficients), error(0.01, coefficients)]) - 4) < 0.1
    wrong = [*coefficients[:2], 1.02 * coefficients[2], coefficients[3]]
    assert observed_order([error(0.02, wrong), error(0.01, wrong)]) < 2.5


def test_the_series_of_linear_networks_is_the_symbolic_one():
    """Two routes to the Taylor coefficients: trace polynomials of covariances, and passes through the network."""
    net = MLP((4, 6, 5, 2), "linear", "lecun")
    weights = net.initialize(np.random.default_rng(1))
    found = expand_course(Training(net, X, Y), weights, 2)
    for layer in (1, 2):
        claimed = alignment_series(weights.weights, X.T @ X / len(X), Y.T @ X / len(X), 6, layer=layer)
        for name, each in (("C-NFA", found.c_nfa), ("UC-NFA", found.uc_nfa)):
            np.testing.assert_allclose(each[:3, layer - 1], claimed[name][:3], rtol=1e-9)
            assert not np.allclose(1.02 * each[1:3, layer - 1], claimed[name][1:3], rtol=1e-9)


def slow_limit(time, without=()):
    """One hidden erf layer with biases: kernels from arcsines, a matrix exponential, an average by quadrature."""
    b = 0.3
    G = X @ X.T / 4 + b**2
    q = np.diag(G)
    S = 2 / math.pi * np.arcsin(2 * G / np.sqrt(np.outer(1 + 2 * q, 1 + 2 * q)))
    kappa = 4 / math.pi / np.sqrt(np.outer(1 + 2 * q, 1 + 2 * q) - 4 * G**2)
    shares = {"hidden": kappa * (X @ X.T) / 4, "bias": kappa, "readout": S, "last bias": np.ones_like(S)}
    Theta = sum(each for name, each in shares.items() if name not in without)
    R = quad_vec(lambda s: scipy.linalg.expm(-Theta * s / len(X)) @ Y, 0, time, epsrel=1e-12)[0] / time
    F = X.T @ (kappa * (R @ R.T)) @ X
    G = X.T @ (kappa @ kappa * (R @ R.T)) @ X
    return np.sum(F * G) / np.linalg.norm(F) / np.linalg.norm(G)


def test_the_limit_is_that_of_the_slow_version():
    """The twin: each share of the tangent kernel, left out, is missed."""
    net = MLP((4, 64, 2), "erf", bias=True, bias_std=0.3)
    limit = nfa.predict_course(X, Y, net, [0.7, 8.0], "zero", networks=3).limit
    for time, found in zip((0.7, 8.0), limit[:, 0], strict=True):
        assert found == pytest.approx(slow_limit(time), rel=1e-9)
        for share in ("hidden", "bias", "readout", "last bias"):
            assert abs(found - slow_limit(time, {share})) > 1e-6


def test_averaged_residuals_have_the_coefficients_of_the_claim():
    network = LazyNetwork(X, ERF)
    Theta = network.rates * len(X)
    claim = get_derivation("wide.lazy_course").function(Theta_0=Theta, A=Y @ Y.T, n=len(X))["A"]

    def error(t, terms):
        R = network.averaged(Y, t)
        return np.linalg.norm(R @ R.T - sum(t**j * each for j, each in enumerate(terms)))

    assert abs(observed_order([error(0.02, claim), error(0.01, claim)]) - 3) < 0.1
    wrong = (claim[0], claim[1], 1.02 * claim[2])
    assert observed_order([error(0.004, wrong), error(0.002, wrong)]) < 2.9


def test_averaged_residuals_of_cross_entropy_are_those_of_small_steps():
    """Heun's steps on the outputs, whose error falls fourfold as they are halved; twin: the path of squared error."""
    network, labels, f = LazyNetwork(X, ERF), softmax(Y, axis=1), 0.5 * Y[::-1]

    def slow(steps):
        at, step, total = f, 4.0 / steps, 0.0
        for _ in range(steps):
            R = labels - softmax(at, axis=1)
            later = labels - softmax(at + step * network.rates @ R, axis=1)
            at, total = at + step / 2 * network.rates @ (R + later), total + (R + later) / 2
        return total / steps

    start, average = network.averages("cross_entropy", labels, f, np.array([0.0, 4.0]))
    np.testing.assert_array_equal(start, labels - softmax(f, axis=1))
    np.testing.assert_allclose(average, slow(2000), atol=1e-6)
    assert np.linalg.norm(average - slow(50)) / np.linalg.norm(average - slow(100)) == pytest.approx(4, rel=0.05)
    assert abs(network.averaged(start, 4.0) - average).max() > 1e-2


def test_the_softmax_of_a_series_has_an_error_of_the_next_order():
    f = [np.array(each) for each in ([[0.3, -0.2, 0.9]], [[1.1, 0.4, -0.7]], [[-0.7, 0.2, 0.5]], [[0.4, 0.0, 1.0]])]
    coefficients = softmax_series(f)

    def error(t, terms):
        exact = softmax(sum(t**j * each for j, each in enumerate(f)), axis=1)
        return np.linalg.norm(exact - sum(t**j * each for j, each in enumerate(terms)))

    assert abs(observed_order([error(0.02, coefficients), error(0.01, coefficients)]) - 4) < 0.1
    wrong = [*coefficients[:2], 1.02 * coefficients[2], coefficients[3]]
    assert observed_order([error(0.02, wrong), error(0.01, wrong)]) < 2.5


@pytest.mark.parametrize("start", ["zero", "given"])
def test_cross_entropy_moves_by_probabilities_alone(start):
    """A constant that is added to all outputs of the initial function changes nothing."""
    labels, f = softmax(Y, axis=1), "zero" if start == "zero" else -Y
    shifted = np.full_like(Y, 3.0) if start == "zero" else 3.0 - Y
    one, other = (
        nfa.predict_course(X, labels, ERF, [0.0, 0.5], each, loss="cross_entropy", networks=3) for each in (f, shifted)
    )
    np.testing.assert_allclose(one.c_nfa.mean, other.c_nfa.mean, rtol=1e-10)
    np.testing.assert_allclose(one.limit, other.limit, rtol=1e-7)
    assert one.config["loss"] == "cross_entropy"


def test_the_limit_starts_at_that_of_predict_alignment():
    for net in (ERF, MLP((4, 8, 8, 2), bias=True, parametrization="he"), LINEAR):
        for loss, labels in (("mse", Y), ("cross_entropy", softmax(Y, axis=1))):
            course = nfa.predict_course(X, labels, net, [0.0, 1.0], "zero", loss=loss, networks=3)
            start = nfa.predict_alignment(X, labels, net, "zero", loss=loss)
            np.testing.assert_allclose(course.limit[0], start.limit, rtol=1e-9)
            assert not course.limit_error.any()
    random = nfa.predict_course(X, Y, ERF, [0.0], draws=400, networks=3)
    other = nfa.predict_alignment(X, Y, ERF, draws=400)
    assert abs(random.limit[0] - other.limit) < 4.5 * np.hypot(random.limit_error[0], other.limit_error)


def test_the_start_is_that_of_predict_alignment():
    """The same networks, and no control variate with two hidden layers."""
    net = MLP((4, 6, 5, 2), "gelu")
    course, start = nfa.predict_course(X, Y, net, [0.0], networks=8), nfa.predict_alignment(X, Y, net, networks=8)
    np.testing.assert_allclose(course.c_nfa.mean[0], start.mean, rtol=1e-10)
    np.testing.assert_allclose(course.c_nfa.std[0], start.std, rtol=1e-8)
    np.testing.assert_allclose(course.c_nfa.std_error[0], start.std_error, rtol=1e-8)


@pytest.mark.parametrize("start", ["zero", "average"])
def test_covariances_give_the_course_of_the_samples(start):
    of_samples = nfa.predict_course(X, Y, LINEAR, [0.0, 1.0, 30.0], start, networks=4)
    found = nfa.predict_course(DataStatistics.from_samples(X, Y), LINEAR, of_samples.times, start, networks=4)
    for name in ("c_nfa", "uc_nfa"):
        np.testing.assert_allclose(getattr(found, name).mean, getattr(of_samples, name).mean, rtol=1e-7)
    np.testing.assert_allclose(found.initial_uc_nfa, of_samples.initial_uc_nfa, rtol=1e-10)
    assert found.limit is None
    assert "from statistics" in repr(found)


def test_decoupled_modes_follow_their_closed_form():
    """A start for which both alignments are known at all times; strengths that are 2 % off are refused."""
    s, u0 = np.array([1.0, 0.6, 0.3]), np.array([0.02, 0.05, 0.1])
    net, root = MLP((3, 3, 3), "linear", "lecun"), np.diag(np.sqrt(u0))
    times = np.array([0.5, 3.0, 12.0])
    data = DataStatistics(np.eye(3), label_covariance=np.diag(s))
    X3, Y3 = math.sqrt(3) * np.eye(3), math.sqrt(3) * np.diag(s)
    course = nfa.predict_course(X3, Y3, net, times, initial_weights=[root, root])
    np.testing.assert_allclose(X3.T @ X3 / 3, data.input_covariance, atol=1e-12)

    def closed_form(strengths):
        u = [each / (1 + (each / v - 1) * np.exp(-2 * each * times)) for each, v in zip(strengths, u0, strict=True)]
        u = np.array(u)
        g = (np.sqrt(u) - np.sqrt(u0)[:, None]) ** 2
        c_nfa = (g**2 * u).sum(0) / np.sqrt((g**2).sum(0) * ((g * u) ** 2).sum(0))
        return c_nfa, (u**3).sum(0) / np.sqrt((u**2).sum(0) * (u**4).sum(0))

    for each, claimed in zip((course.c_nfa, course.uc_nfa), closed_form(s), strict=True):
        np.testing.assert_allclose(each.mean[:, 0], claimed, rtol=1e-7)
    for each, wrong in zip((course.c_nfa, course.uc_nfa), closed_form(1.02 * s), strict=True):
        assert abs(each.mean[:, 0] - wrong).max() > 1e-4


def test_the_population_flow_of_quadratic_networks_is_the_claim():
    """Two outputs: the velocities of the hidden weights add up; a moment that is 2 % off is refused."""
    net = MLP((4, 6, 2), "quadratic", "lecun")
    W, a = net.initialize(np.random.default_rng(2)).weights
    Sigma, A = X.T @ X / len(X), DataStatistics.from_samples(X, Y, quadratic=True).label_weighted_moment
    found = QuadraticFlow(net, [W, a], Sigma, A).velocities([W, a])
    claim = get_derivation("quadratic.trained_readout").function

    def claimed(A):
        flows = [claim(W=W, alpha=a[i][:, None], A=A[i], Sigma=Sigma, k=6, d=4) for i in range(2)]
        return sum(each["W_dot"] for each in flows), np.stack([each["alpha_dot"][:, 0] for each in flows])

    for each, right, wrong in zip(found, claimed(A), claimed(1.02 * A), strict=True):
        np.testing.assert_allclose(each, right, rtol=1e-10)
        assert not np.allclose(each, wrong, rtol=1e-3)


def test_trust_is_where_what_is_left_out_reaches_the_tolerance():
    for beyond, growth in (([3.0, 0.0], 0.0), ([3.0, 5.0], 0.0), ([3.0, 5.0], 2.0), ([0.0, 5.0], 9.0)):
        time = trusted_time(np.array(beyond), growth, 2, 0.01)
        left_out = (beyond[0] * time**3 + beyond[1] * time**4) / (1 - growth * time)
        assert left_out == pytest.approx(0.01, rel=1e-6)
    assert trusted_time([0.0, 0.0], 0.0, 2, 0.01) == math.inf
    assert trusted_time([0.0, 0.0], 4.0, 2, 0.01) == pytest.approx(0.25)


def test_a_higher_order_is_trusted_longer_and_a_tighter_tolerance_less():
    base, higher, tighter = (
        nfa.predict_course(X, Y, ERF, [0.0], networks=6, **more).c_nfa.trusted_time[0]
        for more in ({}, {"order": 4}, {"tolerance": 1e-4})
    )
    assert tighter < base < higher


def test_what_is_returned():
    course = nfa.predict_course(X, Y, ERF, [0.0, 0.1, 1e9], networks=5)
    assert course.c_nfa.mean.shape == course.limit.shape == course.c_nfa.std_error.shape == (3, 1)
    assert course.c_nfa.coefficients.shape == (3, 1)
    assert course.c_nfa.trusted[:, 0].tolist() == [True, True, False]
    assert not course.c_nfa.mean.flags.writeable
    assert "layer 1 UC-NFA: " in repr(course)
    given = nfa.predict_course(X, Y, ERF, [0.0], initial_weights=ERF.initialize(RNG))
    assert given.limit is None
    assert not given.c_nfa.mean_error.any()
    assert nfa.predict_course(X, Y, MLP((4, 6, 2), "erf", "mup"), [0.0], networks=3).limit is None


def test_the_figure_holds_the_numbers():
    course = nfa.predict_course(X, Y, MLP((4, 6, 6, 2), "erf"), [0.0, 0.1, 1e9], networks=5)
    figure = course_by_layer(course)
    row = figure.rows[1]
    assert row[:4] == ["C-NFA", 1, 0.1, course.c_nfa.mean[1, 0]]
    assert row[-2:] == [1, course.limit[1, 0]]
    assert figure.rows[2][-2] == 0
    assert f"C-NFA of layer 1 goes from {course.c_nfa.mean[0, 0]:.3f}" in figure.alt
    for columns in (1, 2):
        assert figure.draw(columns).axes


GIVEN = ERF.initialize(np.random.default_rng(5))


def test_weights_that_fit_the_labels_are_refused_unless_another_function_is_given():
    labels = ERF(X, GIVEN)
    with pytest.raises(InputError, match="the labels are fitted at initialization"):
        nfa.predict_course(X, labels, ERF, [0.0], initial_weights=GIVEN)
    assert nfa.predict_course(X, labels, ERF, [0.0], "zero", initial_weights=GIVEN).c_nfa.mean.shape == (1, 1)


@pytest.mark.parametrize("activation", ["cubic", "exp", "hermite:3", "leaky_relu:0.2", "softplus"])
def test_fast_networks_are_trusted_for_a_short_time(activation):
    """In float32 too, where some kernels would overflow: the course is computed in float64."""
    hidden = (6,) if activation == "exp" else (6, 5)
    course = nfa.predict_course(X.astype(np.float32), Y, MLP((4, *hidden, 2), activation), [0.0], networks=3)
    assert np.isfinite(course.limit).all()
    assert np.isfinite(course.c_nfa.mean).all()
    assert (course.c_nfa.trusted_time >= 0).all()


def test_a_limit_that_takes_too_long_is_refused(monkeypatch):
    monkeypatch.setattr("nfa_theory.predict.course.lazy_limit.EVALUATIONS", 500)
    course = nfa.predict_course(X, softmax(Y, axis=1), ERF, [1e9], "zero", loss="cross_entropy", networks=3)
    with pytest.raises(InputError, match=r"take more than 500 evaluations to integrate, got times to 1e\+09$"):
        course.limit  # noqa: B018


def statistics(**more):
    return DataStatistics(np.eye(4), label_weighted_moment=[np.eye(4)] * 2, **more)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nfa.predict_course(X, Y, ERF, []), r"times must have shape \(T,\) with at least one time, got \(0,\)"),
        (lambda: nfa.predict_course(X, Y, ERF, 1.0), r"times must have shape \(T,\)"),
        (lambda: nfa.predict_course(X, Y, ERF, ["a"]), r"times must be numbers from 0, got \['a'\]"),
        (lambda: nfa.predict_course(X, Y, ERF, [1.0, 0.5]), r"start from 0 or later, got \[1.0, 0.5\]"),
        (lambda: nfa.predict_course(X, Y, ERF, [-1.0]), r"start from 0 or later, got \[-1.0\]"),
        (lambda: nfa.predict_course(X, Y, ERF, [math.inf]), r"times must be finite, increase and start"),
        (lambda: nfa.predict_course(X, Y, ERF, [0.0], order=7), "order must be in 0..6, got 7"),
        (lambda: nfa.predict_course(X, Y, ERF, [0.0], tolerance=0.0), "tolerance must be positive, got 0.0"),
        (lambda: nfa.predict_course(X, Y, ERF, [0.0], networks=2), "networks must be at least 3, got 2"),
        (lambda: nfa.predict_course(X, 0 * Y, ERF, [0.0]), "labels must not be constant"),
        (lambda: nfa.predict_course(X, Y, ERF, [0.0], loss="cross_entropy"), "needs labels that are probabilities"),
        (lambda: nfa.predict_course(X, Y, ERF, [0.0], initial_weights=[Y]), "one matrix per layer"),
        (lambda: nfa.predict_course(X * 1e200, Y, MLP((4, 6, 2), "cubic"), [0.0]), "must stay finite, got an overflow"),
        (
            lambda: nfa.predict_course(statistics(), MLP((4, 6, 2), "quadratic"), [0.0]),
            "gaussian=False",
        ),
        (lambda: nfa.predict_course(statistics(gaussian=True), ERF, [0.0]), "got erf with 1 hidden"),
        (lambda: nfa.predict_course(statistics(), LINEAR, [0.0]), "needs label_covariance"),
    ],
)
def test_bad_input_is_refused_in_one_line(call, message):
    with pytest.raises(InputError, match=message) as refusal:
        call()
    assert "\n" not in str(refusal.value)
