"""The fast formula against explicit sums over samples with kernels from their own integrals."""

import math

import numpy as np
import pytest
from scipy import special
from wide_network import WideNetwork

from nfa_theory import MLP
from nfa_theory.predict import predict_alignment

GRID = np.linspace(-12, 12, 501)
WEIGHT = np.exp(-(GRID**2) / 2) * (GRID[1] - GRID[0]) / math.sqrt(2 * math.pi)
SMOOTH = {
    "linear": (lambda h: h, np.ones_like),
    "quadratic": (lambda h: h**2, lambda h: 2 * h),
    "erf": (special.erf, lambda h: 2 / math.sqrt(math.pi) * np.exp(-(h**2))),
    "tanh": (np.tanh, lambda h: np.cosh(h) ** -2),
    "gelu": (
        lambda h: h * special.ndtr(h),
        lambda h: special.ndtr(h) + h * np.exp(-(h**2) / 2) / math.sqrt(2 * math.pi),
    ),
}


def average(phi, q1, q2, c):
    """E[phi(u) phi(v)] by the trapezoidal rule."""
    r = min(max(c / math.sqrt(q1 * q2), -1), 1)
    v = math.sqrt(q2) * (r * GRID[:, None] + math.sqrt(1 - r**2) * GRID)
    return float((phi(math.sqrt(q1) * GRID) * WEIGHT) @ (phi(v) @ WEIGHT))


def relu_pair(q1, q2, c):
    """The arc-cosine kernels of Cho and Saul, for N(0, 1) weights."""
    theta = math.acos(min(max(c / math.sqrt(q1 * q2), -1), 1))
    first = math.sqrt(q1 * q2) * (math.sin(theta) + (math.pi - theta) * math.cos(theta)) / (2 * math.pi)
    return first, (math.pi - theta) / (2 * math.pi)


def slow_kernels(X, net):
    """Sigma^(0..depth) and kappa^(1..depth), entry by entry."""
    n, name = len(X), net.activation.name
    Sigma, dots = [X @ X.T / X.shape[1]], []
    for layer in range(1, net.depth + 1):
        K = net.weight_variance(layer) * Sigma[-1] + net.bias_variance(layer)
        values, slopes = np.empty((n, n)), np.empty((n, n))
        for i in range(n):
            for j in range(n):
                at = K[i, i], K[j, j], K[i, j]
                if name == "relu":
                    values[i, j], slopes[i, j] = relu_pair(*at)
                else:
                    values[i, j], slopes[i, j] = (average(each, *at) for each in SMOOTH[name])
        Sigma.append(values)
        dots.append(slopes)
    kappas = [np.prod(dots[layer:], axis=0) for layer in range(net.depth)]
    return Sigma, kappas


def slow_c_nfa(kappa, S, R):
    """tr(P S Q S) / sqrt(tr(P S P S) tr(Q S Q S)) from sums over samples."""
    n = len(S)
    P, Q = np.zeros((n, n)), np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            P[i, j] = R[i] @ (kappa[i, j] * R[j])
            for k in range(n):
                Q[i, j] += R[i] @ (kappa[i, k] * kappa[k, j] * R[j])
    trace = lambda A, B: np.trace(A @ S @ B @ S)  # noqa: E731
    return trace(P, Q) / math.sqrt(trace(P, P) * trace(Q, Q))


def data(n=9, d=4, c=2, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.standard_normal((n, c))


CASES = [
    ("relu", 3, "ntk", {}),
    ("relu", 2, "he", {}),
    ("relu", 2, "pytorch", {"bias": True}),
    ("relu", 2, "ntk", {"bias": True, "bias_std": 0.7}),
    ("erf", 3, "lecun", {}),
    ("quadratic", 2, "ntk", {}),
    ("linear", 2, "mup", {}),
    ("tanh", 2, "ntk", {}),
    ("gelu", 2, "he", {}),
]


@pytest.mark.parametrize(("activation", "depth", "parametrization", "more"), CASES)
def test_every_layer_equals_the_explicit_sums(activation, depth, parametrization, more):
    X, Y = data()
    net = MLP((4, *[50] * depth, 2), activation, parametrization, **more)
    f0 = np.random.default_rng(5).standard_normal(Y.shape)
    Sigma, kappas = slow_kernels(X, net)
    expected = [slow_c_nfa(kappas[layer], Sigma[layer], Y - f0) for layer in range(depth)]
    found = predict_alignment(X, Y, net, f0)
    assert found.layers == tuple(range(1, depth + 1))
    np.testing.assert_allclose(found.limit, expected, rtol=1e-9)
    np.testing.assert_array_equal(found.limit_error, 0)


def test_wrong_formulas_differ_from_the_explicit_sums():
    X, Y = data()
    net = MLP((4, 50, 50, 2))
    Sigma, kappas = slow_kernels(X, net)
    found = predict_alignment(X, Y, net, "zero").limit
    mutants = [
        slow_c_nfa(kappas[1], Sigma[0], Y),  # the kernel of the layer above
        slow_c_nfa(kappas[0], Sigma[1], Y),  # the inputs of the layer above
        slow_c_nfa(kappas[0] ** 2, Sigma[0], Y),  # the wrong power
        slow_c_nfa(kappas[0], Sigma[0], Y[:, :1]),  # one output dropped
        slow_c_nfa(kappas[0] + 0.02 * np.eye(9) * kappas[0], Sigma[0], Y),  # two percent on the diagonal
    ]
    assert all(abs(mutant - found[0]) > 1e-5 for mutant in mutants)


def test_one_hidden_linear_layer_with_one_output_is_aligned():
    X, Y = data(c=1)
    assert predict_alignment(X, Y, MLP((4, 50, 1), "linear"), "zero").limit == pytest.approx([1.0], abs=1e-12)


def test_two_directions_with_equal_strength_and_unequal_frequency():
    # Theory R11: rho = (a^4 p + b^4 q) / sqrt((a^4 + b^4)(a^4 p^2 + b^4 q^2)), inputs along two axes.
    p, q, a, b = 30, 2, 1.0, 1.5
    X = np.repeat(np.eye(2), [p, q], axis=0)
    Y = np.repeat([[a / p], [b / q]], [p, q], axis=0)
    expected = (a**4 * p + b**4 * q) / math.sqrt((a**4 + b**4) * (a**4 * p**2 + b**4 * q**2))
    assert expected < 0.9
    assert predict_alignment(X, Y, MLP((2, 50, 1), "quadratic"), "zero").limit[0] == pytest.approx(expected)


@pytest.mark.parametrize("activation", ["relu", "erf", "gelu"])
def test_single_precision_follows_the_input(activation):
    X, Y = data(300, 6, 3)
    net = MLP((6, 50, 50, 3), activation)
    single = X.astype(np.float32)
    assert WideNetwork(single, net).output_covariance().dtype == np.float32
    np.testing.assert_allclose(
        predict_alignment(single, Y, net, "zero").limit, predict_alignment(X, Y, net, "zero").limit, atol=2e-5
    )


def test_scales_drop_out_where_the_activation_is_homogeneous():
    X, Y = data(30)
    reference = predict_alignment(X, Y, MLP((4, 50, 50, 2)), "zero").limit
    for parametrization in ("he", "lecun", "pytorch", "mup"):
        net = MLP((4, 50, 50, 2), parametrization=parametrization)
        np.testing.assert_allclose(predict_alignment(3 * X, 0.1 * Y, net, "zero").limit, reference, rtol=1e-12)
