"""Early features of quadratic networks: closed forms against networks that are run in a few lines of NumPy."""

import math

import numpy as np
from scipy.special import roots_genlaguerre

from derivations.registry import get_derivation

LEADING = get_derivation("quadratic.leading_order")
WIDE = get_derivation("quadratic.infinite_width")
AVERAGES = get_derivation("quadratic.finite_width_averages")
MEAN = get_derivation("quadratic.finite_width_mean")


def cosine(F, G):
    return np.sum(F * G) / np.sqrt(np.sum(F * F) * np.sum(G * G))


def outputs(W, a, X):
    return (X @ W.T) ** 2 @ a


def loss_gradient(W, a, X, y):
    return -2 / len(X) * a[:, None] * ((X @ W.T) * (y - outputs(W, a, X))[:, None]).T @ X


def trained(W, a, X, y, t, steps=400):
    """Gradient flow by the midpoint rule."""
    for _ in range(steps):
        half = W - t / steps / 2 * loss_gradient(W, a, X, y)
        W = W - t / steps * loss_gradient(half, a, X, y)
    return W


def centered_features(W, W0, a, X):
    slopes = 2 * (X @ W.T) * a
    dW = W - W0
    return dW.T @ dW, dW.T @ (slopes.T @ slopes / len(X)) @ dW


def test_the_error_of_the_leading_order_falls_with_time():
    rng = np.random.default_rng(1)
    W, a = rng.standard_normal((4, 3)), rng.standard_normal(4)
    X, y = rng.standard_normal((6, 3)), rng.standard_normal(6)
    residuals = (y - outputs(W, a, X))[:, None]
    times, errors = (1e-4, 1e-5), []
    for t in times:
        claimed = LEADING.function(Z=X, r=residuals, W=W, a=np.diag(a), t=t)
        F, G = centered_features(trained(W, a, X, y, t), W, a, X)
        errors.append(
            [abs(claimed["F_c"] / F - 1).max(), abs(claimed["G_c"] / G - 1).max(), claimed["C-NFA"] - cosine(F, G)]
        )
    for first, second in zip(*errors, strict=True):
        assert math.isclose(math.log10(abs(first / second)), 1, abs_tol=0.05)
    assert abs(1.02 * claimed["F_c"] / F - 1).max() > 0.01


def test_the_gradient_of_the_loss_is_a_difference_quotient():
    rng = np.random.default_rng(2)
    W, a = rng.standard_normal((2, 3)), rng.standard_normal(2)
    X, y = rng.standard_normal((5, 3)), rng.standard_normal(5)
    H, h = rng.standard_normal(W.shape), 1e-5
    quotient = sum(s * np.sum((y - outputs(W + s * h * H, a, X)) ** 2) for s in (1, -1)) / (4 * 5 * h)
    assert math.isclose(quotient, np.sum(H * loss_gradient(W, a, X, y)), rel_tol=1e-7)


def moments_of_data(seed, n, d):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) * np.linspace(0.6, 1.4, d)
    y = rng.standard_normal(n)
    return X.T @ (y[:, None] * X) / n, X.T @ X / n


def sampled_traces(A, B, k, samples, rng):
    """The three traces for networks with Gaussian rows and signs as output weights, whose squares are 1."""
    W = rng.standard_normal((samples, k, len(A)))
    M = W.transpose(0, 2, 1) @ W
    F = A @ M @ A
    G = A @ M @ B @ M @ A
    return [np.einsum("sij,sij->s", P, Q) for P, Q in ((F, G), (F, F), (G, G))]


def z_score(values, claimed):
    return abs(values.mean() - claimed) / (values.std() / math.sqrt(len(values)))


def test_averages_are_exact_at_small_width():
    """Three z-tests at 4.5 standard errors (false alarms: 2e-5 together); the first two would see an error of 2 %."""
    A, B = moments_of_data(3, 9, 3)
    k = 5
    traces = sampled_traces(A, B, k, 400_000, np.random.default_rng(4))
    ratio = AVERAGES.closed_form["averages"]
    values = {"A": A, "B": B, "k": k}
    for i, part in enumerate((ratio.numerator, ratio.first, ratio.second)):
        claimed = part.evaluate(values)
        assert z_score(traces[i], claimed) < 4.5
        if i < 2:
            assert z_score(traces[i], claimed * 1.02) > 4.5


def test_the_mean_alignment_tends_to_its_limit_at_the_rates_of_the_series():
    """Without, with one and with two corrections the error falls like ``1/k``, ``1/k^2``, ``1/k^3``.

    In two dimensions the mean is an integral over three variables, which quadrature takes to ten digits.
    """
    A, B = moments_of_data(5, 12, 2)
    widths = (50, 200)
    errors = []
    for k in widths:
        means, spread = _mean_alignment_in_two_dimensions(A, B, k)
        claimed = MEAN.function(A=A, B=B, k=k)
        limit = claimed["limit"]
        assert math.isclose(limit, WIDE.function(A=A, B=B, d=2, k=k)["C-NFA"], rel_tol=1e-12)
        first, second = MEAN.closed_form["mean"]
        known = {"A": A, "B": B, "k": k, **leading(A, B)}
        corrections = [0.0, *(term.evaluate(needed(term, known)) for term in (first, second))]
        partial = limit * (1 + np.cumsum(corrections))
        assert math.isclose(partial[2], claimed["mean"], rel_tol=1e-12)
        errors.append([*abs(partial - means), abs(claimed["variance"] - spread)])
    rates = np.log(np.array(errors[0]) / np.array(errors[1])) / np.log(widths[1] / widths[0])
    np.testing.assert_allclose(rates, [1, 2, 3, 2], atol=0.2)


def leading(A, B):
    F, G = A @ A, A @ B @ A
    return {"N": np.sum(F * G), "D_1": np.sum(F * F), "D_2": np.sum(G * G)}


def needed(term, known):
    names = term.scalar_names() | {symbol.name for symbol in term.symbols()}
    return {name: value for name, value in known.items() if name in names}


def _mean_alignment_in_two_dimensions(A, B, k, points=40):
    """Integrate over the triangular factor of a 2 x 2 Wishart matrix (Bartlett): two chi variables, one normal."""
    grid, weight = np.polynomial.hermite_e.hermegauss(points)
    weight = weight / weight.sum()
    chi = [_chi_quadrature(k - i, points) for i in range(2)]
    (c0, w0), (c1, w1) = chi
    L = np.zeros((points, points, points, 2, 2))
    L[..., 0, 0], L[..., 1, 0], L[..., 1, 1] = c0[:, None, None], grid[None, :, None], c1[None, None, :]
    M = L @ np.swapaxes(L, -1, -2)
    F, G = A @ M @ A, A @ M @ B @ M @ A
    inner = [np.einsum("...ij,...ij", P, Q) for P, Q in ((F, G), (F, F), (G, G))]
    rho = inner[0] / np.sqrt(inner[1] * inner[2])
    weights = w0[:, None, None] * weight[None, :, None] * w1[None, None, :]
    mean = np.sum(weights * rho)
    return mean, np.sum(weights * rho**2) - mean**2


def _chi_quadrature(dof, points):
    """Nodes and weights for the root of a chi-square variable: generalized Gauss-Laguerre."""
    nodes, weights = roots_genlaguerre(points, dof / 2 - 1)
    return np.sqrt(2 * nodes), weights / weights.sum()


def test_the_ratio_of_averages_is_not_the_mean_and_the_series_repairs_it():
    """At k = 24, d = 8, for one data set: 0.961 for the ratio of the averages, 0.993 for the mean.

    The simulated mean has a standard error of 7e-5, so that each comparison holds by many of them.
    """
    A, B = moments_of_data(34, 20, 8)
    k = 24
    N, D1, D2 = sampled_traces(A, B, k, 20_000, np.random.default_rng(8))
    rho = N / np.sqrt(D1 * D2)
    ratio = AVERAGES.function(A=A, B=B, k=k)["averages"]
    claimed = MEAN.function(A=A, B=B, k=k)
    assert rho.std() / math.sqrt(len(rho)) < 1e-4
    assert rho.mean() - ratio > 0.03
    assert abs(claimed["mean"] - rho.mean()) < 0.03 * (rho.mean() - ratio)
    assert abs(claimed["limit"] - rho.mean()) > 2 * abs(claimed["mean"] - rho.mean())
