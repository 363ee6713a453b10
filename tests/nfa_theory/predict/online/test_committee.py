"""Gaussian means of activations: closed forms against a quadrature of the local fields."""

import numpy as np
import pytest
from scipy.special import erf

from nfa_theory.predict.online.committee import EXACT, Relu

K = 2
SIGNS = np.array([-1.2, 0.7, 0.9])
ROOT = np.array([[0.9, 0.0, 0.0], [0.3, 0.7, 0.0], [-0.4, 0.5, 0.8]])
PLAIN = {
    "erf": (lambda z: erf(z / np.sqrt(2)), lambda z: np.sqrt(2 / np.pi) * np.exp(-z * z / 2)),
    "quadratic": (lambda z: z * z, lambda z: 2 * z),
    "linear": (lambda z: z, np.ones_like),
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
}


def nodes(count):
    x, w = np.polynomial.hermite_e.hermegauss(count)
    grid = np.stack(np.meshgrid(x, x, x, indexing="ij"), axis=-1).reshape(-1, 3)
    weight = np.einsum("i,j,k->ijk", w, w, w).ravel()
    return grid @ ROOT.T, weight / weight.sum()


def by_quadrature(name, z, weight):
    """Every mean from its definition; ``J`` from ``E[Delta phi'_i z_c] = sum_b J_ib C_bc``."""
    phi, slope = PLAIN[name]
    miss, D = phi(z) @ SIGNS, slope(z[:, :K])
    mean = lambda left, right: np.einsum("n,ni,nj->ij", weight, left, right)  # noqa: E731
    return {
        "pull": np.linalg.solve(ROOT @ ROOT.T, mean(D * miss[:, None], z).T).T,
        "slopes": mean(D, D),
        "noise": mean(D * (miss**2)[:, None], D),
        "readout": weight @ (phi(z[:, :K]) * miss[:, None]),
        "square": weight @ miss**2,
    }


@pytest.mark.parametrize("name", sorted(EXACT))
def test_means_in_closed_form(name):
    expected = by_quadrature(name, *nodes(48))
    found = EXACT[name]().moments(ROOT @ ROOT.T, SIGNS, K)
    for quantity, value in expected.items():
        assert getattr(found, quantity) == pytest.approx(value, rel=1e-8, abs=1e-8), quantity
        assert 1.001 * np.asarray(getattr(found, quantity)) != pytest.approx(value, rel=1e-8, abs=1e-8), quantity


def test_means_of_relu():
    """Two million draws: their standard errors are about 1e-3 of the values, and 6 of them are a bound (p < 1e-8)."""
    z = np.random.default_rng(3).standard_normal((2_000_000, 3)) @ ROOT.T
    weight = np.full(len(z), 1 / len(z))
    expected = by_quadrature("relu", z, weight)
    found = Relu(3, np.random.default_rng(4)).moments(ROOT @ ROOT.T, SIGNS, K)
    for quantity, value in expected.items():
        assert getattr(found, quantity) == pytest.approx(value, rel=0.01, abs=0.004), quantity
        assert 1.03 * np.asarray(getattr(found, quantity)) != pytest.approx(value, rel=0.01, abs=0.004), quantity
