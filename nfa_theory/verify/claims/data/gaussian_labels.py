"""Labels on Gaussian inputs: a polynomial of degree four, averaged over every node of a quadrature."""

import numpy as np

from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.rules.check import Check, Judge, Trial
from nfa_theory.verify.rules.identity import identity


def _moments(trial: Trial) -> Judge:
    L = trial.rng.standard_normal((2, 2))
    g, weights = gaussian_nodes(2, degree=6)
    a, b = (g @ L.T).T
    y = 3 + 2 * a - b + 5 * a**2 - 7 * a * b + a**2 * b + 2 * b**4 - a**3 * b
    slopes = {"g_1": 2 + 10 * a - 7 * b + 2 * a * b - 3 * a**2 * b, "g_2": -1 - 7 * a + a**2 + 8 * b**3 - a**3}
    curvatures = {"h_11": 10 + 2 * b - 6 * a * b, "h_12": -7 + 2 * a - 3 * a**2, "h_22": 24 * b**2}
    Sigma = L @ L.T
    values = {name: weights @ each for name, each in {"mean": y, **slopes, **curvatures}.items()}
    values |= {"s_11": Sigma[0, 0], "s_12": Sigma[0, 1], "s_22": Sigma[1, 1]}
    products = {"E[y x_1]": y * a, "E[y x_1 x_1]": y * a * a, "E[y x_1 x_2]": y * a * b}
    measured = {name: np.float64(weights @ each) for name, each in products.items()}
    return identity(trial, measured, values, "exact average")


CHECKS = (Check("data.gaussian_labels", "a polynomial of degree four", "exact average", _moments),)
