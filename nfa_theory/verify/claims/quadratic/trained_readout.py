"""A quadratic network whose readout is trained, on the population."""

from nfa_theory.verify.instruments.gaussian_data import population_and_network
from nfa_theory.verify.rules.check import Check, Judge, Trial
from nfa_theory.verify.rules.identity import identity


def _readout(trial: Trial) -> Judge:
    population, net, W, a = population_and_network(trial.rng)
    misses = population.y - net.forward(population.X, (W, a)).outputs
    W_dot, alpha_dot = population.velocities(net, W, a)
    measured = {"R": population.weighted_moment(misses), "W_dot": W_dot, "alpha_dot": alpha_dot.T}
    values = {"A": population.weighted_moment(population.y), "Sigma": population.Sigma, "W": W, "alpha": a.T}
    return identity(trial, measured, values, "exact average")


CHECKS = (Check("quadratic.trained_readout", "gradients on the population", "exact average", _readout),)
