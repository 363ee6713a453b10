"""Averages counted by coincidences of indices are those of networks, over every node of a quadrature."""

from itertools import product

import numpy as np
import pytest

from nfa_theory.verify.instruments.coincidences import coincidences
from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.instruments.quadratic_start import centered_features

WORDS = ("AMAAMBMA", "AMAAMA", "AMBMAAMBMA")
LABELS = ((0.0, 0.5), (np.sqrt(2), 0.25), (-np.sqrt(2), 0.25))
"""Values and chances: mean 0, variance 1, kurtosis 2."""


@pytest.mark.parametrize(("n", "d", "k"), [(2, 1, 1), (1, 1, 2), pytest.param(1, 2, 1, marks=pytest.mark.slow)])
def test_averages_are_those_of_quadratic_networks_with_random_labels(n, d, k):
    nodes, weights = gaussian_nodes((n + k) * d, degree=12)
    found = np.zeros(3)
    for labels in product(LABELS, repeat=n):
        y, chance = np.array([each[0] for each in labels]), np.prod([each[1] for each in labels])
        for node, weight in zip(nodes, weights, strict=True):
            X, W = node[: n * d].reshape(n, d), node[n * d :].reshape(k, d) / np.sqrt(k)
            F, G = centered_features(X, y, W)
            found += chance * weight * np.array([np.sum(F * G), np.sum(F * F), np.sum(G * G)])
    counted = [coincidences(word).mean(n, d, k, kurtosis=2.0) for word in WORDS]
    np.testing.assert_allclose(counted, found, rtol=1e-10)
