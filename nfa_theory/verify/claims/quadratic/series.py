"""Series in time of a quadratic network on the population, and their average over its weights."""

from math import comb
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from nfa_theory.verify.instruments.gaussian_data import Population, population_and_network
from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial, at_sizes, grid
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.quantities import evaluate

SERIES, AVERAGE = "quadratic.population_series", "quadratic.population_average"
SIZES = [{"d": 5, "k": 1}, {"d": 4, "k": 2}, *grid(d=(3,), k=(1, 2, 3, 4)), *grid(d=(2,), k=(4,))]


def _series(trial: Trial) -> Judge:
    """Follow the flow to complex times on a circle; Cauchy's integral gives the coefficients to eleven digits."""
    population, net, W, a = population_and_network(trial.rng)
    W, a = 0.4 * W, 0.4 * a
    misses = population.y - net.forward(population.X, (W, a)).outputs
    R = population.weighted_moment(misses)
    rate = 2 * a.max() * np.linalg.norm(R) + 4 * a.max() ** 2 * np.linalg.norm(W) ** 2 * np.linalg.norm(
        population.Sigma
    )
    radius, count = 0.3 / rate, 32
    circle = radius * np.exp(2j * np.pi * np.arange(count) / count)
    features = np.array([_features(population, W, a[0], t) for t in circle])  # (count, 2, d, d)
    coefficients = np.fft.fft(features, axis=0).real / count / radius ** np.arange(count)[:, None, None, None]
    values = {"W": W, "a": np.diag(a[0]), "Sigma": population.Sigma, "R": R}
    measured = {"F_c": coefficients[2:5, 0], "G_c": coefficients[2:5, 1]}

    def predict(closed_form: ClosedForm) -> ClosedForm:
        found = evaluate({name: closed_form[name] for name in measured}, values)
        return {name: np.array(each) for name, each in found.items()}

    return identity(trial, measured, predict, "exact average")


def _features(population: Population, W: Any, a: Any, time: complex) -> Any:
    """Integrate the gradient of the loss, by its definition, to a complex time; return centered NFM and AGOP."""
    X, y, w = population.X, population.y.ravel(), population.weights

    def velocity(_: float, flat: Any) -> Any:
        h = X @ flat.reshape(W.shape).T
        misses = w * (y - h**2 @ a)
        return time * (2 * a[:, None] * (h * misses[:, None]).T @ X).ravel()

    start = W.ravel().astype(complex)
    end = solve_ivp(velocity, (0.0, 1.0), start, method="DOP853", rtol=1e-13, atol=1e-15).y[:, -1].reshape(W.shape)
    dW, D = end - W, 2 * a * (X @ end.T)
    return np.array([dW.T @ dW, dW.T @ (D.T * w) @ D @ dW])


def _residual_moment(trial: Trial) -> Judge:
    population, net, W, a = population_and_network(trial.rng)
    misses = population.y - net.forward(population.X, (W, a)).outputs
    values = {"A": population.weighted_moment(population.y), "Sigma": population.Sigma, "W": W, "a": np.diag(a[0])}
    measured = {"R": population.weighted_moment(misses)}
    return identity(trial, measured, lambda form: evaluate({"R": form["R"]}, values), "exact average")


def _average(trial: Trial, d: int, k: int) -> Judge:
    """Average the first step over every initial hidden layer and every choice of signs, by the chain rule."""
    population, s = Population.draw(trial.rng, d), trial.rng.uniform(0.6, 0.8)
    X, y, w = population.X, population.y.ravel(), population.weights
    nodes, weights = gaussian_nodes(k * d, degree=8)
    W = s * nodes.reshape(-1, k, d)
    h = X @ np.swapaxes(W, 1, 2)
    F, G = np.zeros((2, d, d))
    for negative in range(k + 1):  # neurons are alike: only the number of negative signs counts
        a = np.where(np.arange(k) < negative, -1.0, 1.0)
        V = 2 * a[:, None] * (np.swapaxes(h * (w * (y - h**2 @ a))[..., None], 1, 2) @ X)
        K = 4 * np.swapaxes(h * a * w[:, None], 1, 2) @ (h * a)
        share = comb(k, negative) / 2**k * weights
        F += np.einsum("n,nki,nkj->ij", share, V, V)
        G += np.einsum("n,nki,nkj->ij", share, V, K @ V)
    values = {"A": population.weighted_moment(population.y), "Sigma": population.Sigma, "k": k, "s": s}
    return identity(trial, {"E F_c": F, "E G_c": G}, values, "exact average")


CHECKS = (
    Check(SERIES, "flow on the population to complex times", "exact average", _series),
    Check(SERIES, "residuals on the population", "exact average", _residual_moment),
    *at_sizes(AVERAGE, "every network", "exact average", _average, SIZES),
)
