"""The feature-learning limit of one hidden layer: its parts against slow versions, what it returns and refuses.

Networks of `numerics` are compared in tests/theory_vs_simulation/test_feature_learning.py.
"""

from itertools import product

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss

import nfa_theory as nfa
from nfa_theory import MLP, InputError
from nfa_theory.figures.predicted_course import course_by_layer
from nfa_theory.predict.course.feature_learning.first_layer import traces
from nfa_theory.predict.course.feature_learning.one_hidden_layer import span_of, whitened
from nfa_theory.predict.course.feature_learning.seen_matrix import Population, SeenMatrix

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((8, 12)), RNG.standard_normal((8, 2))
NET = MLP((12, 64, 2), "erf", "mup")


def slow_traces(D, W, frozen):
    """Average over every Gaussian weight by a quadrature that is exact for polynomials of degree five."""
    nodes, weights = hermegauss(3)
    weights = weights / weights.sum()
    total = np.zeros(3)
    for chosen in product(range(3), repeat=len(W) * frozen):
        V = np.hstack([W, nodes[list(chosen)].reshape(len(W), frozen)])
        F, G = V.T @ V, V.T @ D.T @ D @ V
        total += np.prod(weights[list(chosen)]) * np.array([np.sum(F * G), np.sum(F**2), np.sum(G**2)])
    return total


@pytest.mark.parametrize(("k", "frozen"), [(2, 1), (3, 2), (2, 3)])
def test_frozen_directions_are_averaged_exactly(k, frozen):
    """The twin: one direction too few is refused. The kernel of the slopes is in float32."""
    W, D = RNG.standard_normal((k, 3)), RNG.standard_normal((4, k))
    expected = slow_traces(D, W, frozen)
    np.testing.assert_allclose(traces(D, W, frozen), expected, rtol=1e-5)
    assert np.all(abs(np.array(traces(D, W, frozen - 1)) / expected - 1) > 0.01)


def test_inputs_in_their_span_have_the_same_inner_products():
    twice = np.vstack([X, X])
    Z, frozen = span_of(twice)
    assert (Z.shape, frozen) == ((16, 8), 4)
    np.testing.assert_allclose(Z @ Z.T, twice @ twice.T, atol=1e-12)


def test_the_start_of_the_limit_has_its_second_moments_and_no_function():
    start = whitened(NET, 8, 400, RNG)
    np.testing.assert_allclose(start.W.T @ start.W / 400, np.eye(8), atol=1e-12)
    np.testing.assert_allclose(start.a.T @ start.a / 400, np.eye(2), atol=1e-12)
    assert abs(np.tanh(start.W).T @ start.a).max() < 1e-10


def test_the_early_limit_is_that_of_the_kernels():
    """Two routes to the C-NFA as t -> 0: particles, and closed kernels; twin: one that is 2 % off."""
    course = nfa.predict_course(X, Y, NET, [0.0], regime="mup", networks=3)
    kernels = nfa.predict_alignment(X, Y, NET, "zero", networks=4).limit[0]
    bound = 6 * course.limit_error[0, 0] + 1e-4
    assert abs(course.limit[0, 0] - kernels) < bound
    assert abs(1.02 * course.limit[0, 0] - kernels) > bound


def test_what_is_returned():
    course = nfa.predict_course(X, Y, NET, [0.0, 0.1, 0.2], regime="mup", networks=5, seed=3)
    again = nfa.predict_course(X, Y, NET, [0.0, 0.1, 0.2], regime="mup", networks=5, seed=3)
    wide = course.infinite_width
    for each in (course.c_nfa, course.uc_nfa, wide.c_nfa, wide.uc_nfa):
        assert each.mean.shape == each.mean_error.shape == each.std.shape == (3, 1)
        assert each.trusted.all()
    assert course.loss.mean.shape == wide.loss.mean_error.shape == (3,)
    np.testing.assert_array_equal(course.uc_nfa.mean, again.uc_nfa.mean)
    np.testing.assert_array_equal(course.limit, wide.c_nfa.mean)
    assert np.isnan(wide.uc_nfa.mean[:, 0]).tolist() == [True, False, False]
    assert wide.loss.mean[0] == pytest.approx(np.mean(np.sum(Y**2, axis=1)) / 2)
    assert course.method == "mup"
    assert "feature-learning limit" in repr(course)
    figure = course_by_layer(course)
    assert figure.rows[4][-1] == wide.uc_nfa.mean[1, 0]
    assert figure.draw(2).axes


def test_a_seen_matrix_has_the_covariances_and_responses_of_a_gaussian_one():
    """The twin of the latter: without responses, what goes down and up again does not know where it came from."""
    rng = np.random.default_rng(2)
    lower, upper = Population(np.ones((400, 1))), Population(np.ones((400, 1)))
    matrix = SeenMatrix(lower, upper, rng)
    phi, g = rng.standard_normal((400, 3)) @ [[1, 0.5, 0], [0, 1, 0.9], [0, 0, 1]], rng.standard_normal((400, 2))
    first = matrix.up(phi)
    second = matrix.up(np.hstack([phi[:, :1] + phi[:, 1:2], phi[:, 2:]]))
    np.testing.assert_allclose(first.T @ first, phi.T @ phi, rtol=1e-9)
    np.testing.assert_allclose(second[:, 0], first[:, 0] + first[:, 1], rtol=1e-9, atol=1e-12)
    field = matrix.down(g)
    again = matrix.up(field)
    np.testing.assert_allclose(np.linalg.lstsq(g, again)[0], np.eye(2), atol=0.2)
    alone = upper.E @ (lower.Q.T @ field / 400)
    assert abs(np.linalg.lstsq(g, alone)[0]).max() < 0.2


def test_what_two_layers_return():
    course = nfa.predict_course(X, Y, MLP((12, 64, 64, 2), "erf", "mup"), [0.0, 0.1, 0.2], regime="mup", steps=2)
    scaled = course.infinite_width.root_width_uc_nfa
    assert course.c_nfa.mean.shape == course.uc_nfa.mean_error.shape == course.limit.shape == (3, 2)
    assert np.all(course.uc_nfa.mean[:, 1] < scaled.mean[:, 1] / 65**0.5)
    assert np.all(course.uc_nfa.mean[:, 1] > scaled.mean[:, 1] / (65 + 16) ** 0.5)  # at most 16 directions
    assert np.isnan(scaled.mean[:, 0]).all()
    assert not course.infinite_width.uc_nfa.mean[:, 1].any()
    assert course.loss.mean[0] == pytest.approx(np.mean(np.sum(Y**2, axis=1)) / 2)
    kernels = nfa.predict_alignment(X, Y, MLP((12, 64, 64, 2), "erf", "mup"), "zero", networks=4).limit
    assert np.all(abs(course.limit[0] - kernels) < 6 * course.limit_error[0] + 1e-3)


def test_the_uc_nfa_of_a_second_layer_starts_at_a_closed_form():
    """``sqrt(k) UC -> sqrt(2 c) sum_mu kappa_mu_mu / |kappa|``, from Wishart averages; twin: without the factor 2."""
    net = MLP((12, 64, 64, 2), "erf", "mup")
    scaled = nfa.predict_course(X, Y, net, [0.0], regime="mup").infinite_width.root_width_uc_nfa
    kappa = nfa.wide_kernels(X, net).tangents[1]
    expected = np.sqrt(2 * 2) * np.trace(kappa) / np.linalg.norm(kappa)
    assert scaled.mean[0, 1] == pytest.approx(expected, rel=0.02)
    assert scaled.mean[0, 1] != pytest.approx(expected / np.sqrt(2), rel=0.02)


def test_an_activation_without_a_dual_is_followed():
    course = nfa.predict_course(X, Y, MLP((12, 16, 2), "sigmoid", "mup"), [1.0], regime="mup", networks=3)
    assert 0 < course.c_nfa.mean[0, 0] <= 1


@pytest.mark.parametrize(
    ("net", "more", "message"),
    [
        (MLP((12, 8, 2)), {}, r'needs a network with parametrization="mup" .*, got \'ntk\'$'),
        (
            MLP((12, 8, 8, 8, 2), parametrization="mup"),
            {},
            r"one hidden layer, or two of one width, got widths 8, 8, 8$",
        ),
        (MLP((12, 8, 9, 2), parametrization="mup"), {}, r"one hidden layer, or two of one width, got widths 8, 9$"),
        (MLP((12, 8, 8, 2), parametrization="mup"), {"times": [0.0, 0.3, 1.0], "steps": 4}, r"0\.25, got 0\.3; other"),
        (MLP((12, 8, 2), parametrization="mup", bias=True), {}, r'regime="mup" needs a network without biases'),
        (MLP((12, 8, 2), parametrization="mup", readout="orthogonal"), {}, r"got 'gaussian' and 'orthogonal'$"),
        (NET, {"initial_function": "average"}, r"got initial_function='average'$"),
        (
            NET,
            {"initial_weights": NET.initialize(RNG)},
            r"averages over random networks on samples, got initial_weights$",
        ),
        (NET, {"regime": "mpu"}, r"unknown regime 'mpu'; did you mean 'mup'\?"),
        (NET, {"networks": 2}, r"networks must be at least 3, got 2"),
    ],
)
def test_what_is_refused(net, more, message):
    with pytest.raises(InputError, match=message):
        nfa.predict_course(X, Y, net, **{"times": [0.0, 1.0], "regime": "mup", **more})
