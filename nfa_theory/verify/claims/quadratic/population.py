"""Quadratic networks on the population: every node of a quadrature over Gaussian inputs is a sample."""

import numpy as np

from nfa_theory.verify.instruments.gaussian_data import population_and_network
from nfa_theory.verify.rules.check import Check, Judge, Trial
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.quantities import evaluate


def _flow(trial: Trial) -> Judge:
    population, net, W, a = population_and_network(trial.rng)
    misses = population.y - net.forward(population.X, (W, a)).outputs
    K = population.tangent_covariance(net, W, a)
    A, y2 = population.weighted_moment(population.y), float(population.weights @ population.y.ravel() ** 2)
    measured = {
        "A": A,
        "loss": float(population.weights @ misses.ravel() ** 2) / 2,
        "W_dot": population.velocities(net, W, a)[0],
        "K": K,
        "G": W.T @ K @ W,
    }
    values = {"Q": population.Q, "Sigma": population.Sigma, "W": W, "a": np.diag(a[0]), "y2": y2}
    return identity(trial, measured, lambda form: evaluate({**form}, values), "exact average")


CHECKS = (Check("quadratic.population_flow", "gradients on the population", "exact average", _flow),)
