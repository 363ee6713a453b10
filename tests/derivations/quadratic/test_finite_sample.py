"""Quadratic networks on Gaussian data: population flow, series in time, finite samples and random labels."""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from derivations.registry import get_derivation

FLOW = get_derivation("quadratic.population_flow")
SERIES = get_derivation("quadratic.population_series")
INITIAL = get_derivation("quadratic.population_average")
MOMENTS = get_derivation("quadratic.finite_sample_moments")
BIAS = get_derivation("quadratic.finite_sample_bias")
RANDOM = get_derivation("quadratic.random_labels")


class Population:
    """A teacher and a network on Gaussian inputs in two dimensions; quadrature is exact for polynomials."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.W, self.a = 0.5 * rng.standard_normal((3, 2)), rng.standard_normal(3)
        self.Q, L = rng.standard_normal((2, 2)), rng.standard_normal((2, 2))
        self.Q, self.Sigma = self.Q + self.Q.T, L @ L.T
        node, weight = np.polynomial.hermite_e.hermegauss(6)
        self.x = np.stack(np.meshgrid(node, node), axis=-1).reshape(-1, 2) @ L.T
        self.weight = np.outer(weight, weight).ravel() / weight.sum() ** 2
        self.y = np.sum(self.x @ self.Q * self.x, axis=1)

    def average(self, values):
        return np.tensordot(self.weight, values, axes=1)

    def velocity(self, W):
        miss = self.y - (self.x @ W.T) ** 2 @ self.a
        return self.average(2 * miss[:, None, None] * (self.a * (self.x @ W.T))[:, :, None] * self.x[:, None, :])

    def features(self, W):
        slopes = 2 * (self.x @ W.T) * self.a
        dW = W - self.W
        K = self.average(slopes[:, :, None] * slopes[:, None, :])
        return dW.T @ dW, dW.T @ K @ dW

    def values(self):
        A = self.average(self.y[:, None, None] * self.x[:, :, None] * self.x[:, None, :])
        return {"W": self.W, "a": np.diag(self.a), "Sigma": self.Sigma, "Q": self.Q, "A": A}


def test_the_population_flow_is_the_averaged_gradient():
    network = Population(1)
    claimed = FLOW.function(**network.values(), y2=network.average(network.y**2))
    W, h = network.W, 1e-6
    np.testing.assert_allclose(claimed["W_dot"], network.velocity(W), rtol=1e-10)
    np.testing.assert_allclose(claimed["A"], network.values()["A"], rtol=1e-10)

    def loss(weights):
        return network.average((network.y - (network.x @ weights.T) ** 2 @ network.a) ** 2) / 2

    direction = np.random.default_rng(2).standard_normal(W.shape)
    slope = (loss(W + h * direction) - loss(W - h * direction)) / (2 * h)
    assert math.isclose(slope, -np.sum(direction * claimed["W_dot"]), rel_tol=1e-6)
    assert math.isclose(claimed["loss"], loss(W), rel_tol=1e-10)


def test_the_error_of_the_series_falls_with_the_fifth_power_of_time():
    network = Population(3)
    A, Sigma, M1 = network.values()["A"], network.Sigma, network.W.T @ np.diag(network.a) @ network.W
    R = A - np.trace(M1 @ Sigma) * Sigma - 2 * Sigma @ M1 @ Sigma
    known = {**network.values(), "R": R}
    coefficients = {name: SERIES.function(**known)[name] for name in ("F_c", "G_c")}
    scale = np.abs(network.velocity(network.W)).max()
    errors = []
    for t in (0.02 / scale, 0.005 / scale):
        run = solve_ivp(
            lambda _, w: network.velocity(w.reshape(3, 2)).ravel(),
            (0, t),
            network.W.ravel(),
            method="DOP853",
            rtol=1e-13,
            atol=1e-15,
        )
        exact = dict(zip(("F_c", "G_c"), network.features(run.y[:, -1].reshape(3, 2)), strict=True))
        series = {name: sum(c * t ** (i + 2) for i, c in enumerate(each)) for name, each in coefficients.items()}
        errors.append([np.abs(series[name] - exact[name]).max() for name in exact])
    rates = np.log(np.array(errors[0]) / np.array(errors[1])) / np.log(4)
    np.testing.assert_allclose(rates, 5, atol=0.35)


def test_the_initial_average_against_sampled_networks():
    """Six z-tests of matrix entries at 4.5 standard errors (false alarms: 4e-5); 2 % would be seen in each diagonal."""
    network, k, s, samples = Population(4), 4, 0.3, 400_000
    A, Sigma = network.values()["A"] * 3, network.Sigma
    claimed = INITIAL.function(A=A, Sigma=Sigma, s=s, k=k)
    rng = np.random.default_rng(5)
    W = s * rng.standard_normal((samples, k, 2))
    a = rng.choice([-1.0, 1.0], (samples, k))
    M1 = np.einsum("sja,sj,sjb->sab", W, a, W)
    R = A - np.einsum("sab,ab->s", M1, Sigma)[:, None, None] * Sigma - 2 * Sigma @ M1 @ Sigma
    V = 2 * a[:, :, None] * W @ R
    K = 4 * a[:, :, None] * (W @ Sigma @ W.transpose(0, 2, 1)) * a[:, None, :]
    sampled = {"E F_c": V.transpose(0, 2, 1) @ V, "E G_c": V.transpose(0, 2, 1) @ K @ V}
    for name, each in sampled.items():
        error = each.std(axis=0) / math.sqrt(samples)
        assert (abs(each.mean(axis=0) - claimed[name]) < 4.5 * error).all()
        wrong = abs(each.mean(axis=0) - 1.02 * claimed[name]) / error
        assert wrong[0, 0] > 4.5
        assert wrong[1, 1] > 4.5


def sampled_moments(Q, L, noise, n, samples, rng):
    x = rng.standard_normal((samples, n, len(Q))) @ L.T
    y = np.sum(x @ Q * x, axis=2) + noise * rng.standard_normal((samples, n))
    return np.einsum("sn,sna,snb->sab", y, x, x, optimize=True) / n, x.transpose(0, 2, 1) @ x / n


def test_moments_of_two_samples_by_quadrature():
    """All six random numbers of two samples in two dimensions, on a grid that is exact for the polynomials here."""
    Q, L, Y = (
        np.array([[1.0, 0.4], [0.4, -0.7]]),
        np.array([[1.0, 0.0], [0.3, 0.8]]),
        np.array([[1.0, 0.2], [0.2, 0.5]]),
    )
    noise, n = 0.5, 2
    node, weight = np.polynomial.hermite_e.hermegauss(5)
    weight = weight / weight.sum()
    grid = np.stack(np.meshgrid(*[node] * 4, [-1.0, 1.0], [-1.0, 1.0], indexing="ij"), axis=-1).reshape(-1, 6)
    share = np.einsum("a,b,c,d,e,f->abcdef", *[weight] * 4, *[np.array([0.5, 0.5])] * 2).ravel()
    x = grid[:, :4].reshape(-1, 2, 2) @ L.T
    y = np.sum(x @ Q * x, axis=2) + noise * grid[:, 4:]
    A_n = np.einsum("sn,sna,snb->sab", y, x, x) / n
    Sigma = L @ L.T
    A = np.trace(Q @ Sigma) * Sigma + 2 * Sigma @ Q @ Sigma
    claimed = MOMENTS.function(A=A, Q=Q, Sigma=Sigma, Y=Y, v=noise**2, n=n)
    np.testing.assert_allclose(claimed["mean"], np.tensordot(share, A_n, axes=1), rtol=1e-12)
    np.testing.assert_allclose(claimed["second moment"], np.tensordot(share, A_n @ Y @ A_n, axes=1), rtol=1e-12)


def test_the_bias_of_the_alignment_against_sampled_data():
    """The coefficient of 1/n, extrapolated from two sample sizes: a z-test at 4.5 standard errors (false alarms: 7e-6).

    A coefficient that is wrong by 10 % is seen; smaller errors are for the exact obligations.
    """
    rng = np.random.default_rng(7)
    Q, Sigma, noise = np.diag([1.0, -0.5]), np.diag([1.0, 0.3]), 0.3
    A = np.trace(Q @ Sigma) * Sigma + 2 * Sigma @ Q @ Sigma
    coefficients, errors = [], []
    for n in (100, 400):
        A_n, B_n = sampled_moments(Q, np.sqrt(Sigma), noise, n, 40_000, rng)
        F, G = A_n @ A_n, A_n @ B_n @ A_n
        rho = np.einsum("sij,sij->s", F, G) / np.sqrt(np.einsum("sij,sij->s", F, F) * np.einsum("sij,sij->s", G, G))
        claimed = BIAS.function(A=A, Q=Q, Sigma=Sigma, v=noise**2, n=n)
        coefficients.append(n * (rho.mean() - claimed["limit"]))
        errors.append(n * rho.std() / math.sqrt(len(rho)))
    extrapolated = (4 * coefficients[1] - coefficients[0]) / 3
    error = math.hypot(4 * errors[1], errors[0]) / 3
    coefficient = 400 * (claimed["mean"] - claimed["limit"])
    assert abs(extrapolated - coefficient) < 4.5 * error
    assert min(abs(extrapolated - factor * coefficient) for factor in (0.9, 1.1)) > 4.5 * error


@pytest.mark.parametrize(("psi", "labels"), [(0.5, "normal"), (2.0, "signs")])
def test_random_labels_in_the_proportional_limit(psi, labels):
    """Two sizes, extrapolated in 1/n to the limit: a z-test at 4.5 standard errors (false alarms: 7e-6 each)."""
    rng = np.random.default_rng(8)
    means, errors = [], []
    for n, samples in ((60, 400), (180, 80)):
        d = int(psi * n)
        rho = []
        for _ in range(samples):
            X = rng.standard_normal((n, d))
            y = rng.standard_normal(n) if labels == "normal" else rng.choice([-1.0, 1.0], n)
            A, B = X.T @ (y[:, None] * X) / n, X.T @ X / n
            F, G = A @ A, A @ B @ A
            rho.append(np.sum(F * G) / np.sqrt(np.sum(F * F) * np.sum(G * G)))
        means.append(np.mean(rho))
        errors.append(np.std(rho) / math.sqrt(samples))
    limit = RANDOM.function(psi=psi, kurtosis=3.0 if labels == "normal" else 1.0)["limit"]
    extrapolated, error = (3 * means[1] - means[0]) / 2, math.hypot(3 * errors[1], errors[0]) / 2
    assert abs(extrapolated - limit) < 4.5 * error
    assert abs(extrapolated - 0.99 * limit) > 4.5 * error
