"""The duals of the activations against plain quadrature of plain NumPy functions; two percent off is refused."""

import itertools

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erf

from derivations.wide.dual_activations import DERIVATIONS
from derivations.wide.dual_obligations import SLOPE, VALUE

PLAIN = {
    "linear": (lambda h: h, np.ones_like),
    "quadratic": (lambda h: h**2, lambda h: 2 * h),
    "cubic": (lambda h: h**3, lambda h: 3 * h**2),
    "hermite_2": (lambda h: (h**2 - 1) / np.sqrt(2), lambda h: np.sqrt(2) * h),
    "hermite_3": (lambda h: (h**3 - 3 * h) / np.sqrt(6), lambda h: (3 * h**2 - 3) / np.sqrt(6)),
    "hermite_5": (
        lambda h: (h**5 - 10 * h**3 + 15 * h) / np.sqrt(120),
        lambda h: (5 * h**4 - 30 * h**2 + 15) / np.sqrt(120),
    ),
    "relu": (lambda h: np.maximum(h, 0), lambda h: 1.0 * (h > 0)),
    "leaky_relu": (lambda h: np.where(h > 0, h, 0.3 * h), lambda h: np.where(h > 0, 1.0, 0.3)),
    "erf": (erf, lambda h: 2 / np.sqrt(np.pi) * np.exp(-(h**2))),
    "exp": (np.exp, np.exp),
    "sin": (np.sin, np.cos),
    "cos": (np.cos, lambda h: -np.sin(h)),
}
POINTS = ((1.3, 0.6, 0.5), (0.8, 1.7, -0.9))


def average(phi, first, second, covariance):
    """Integrate over the angle of two standard normal letters, split at the kinks, and a Gauss rule in the radius."""
    s, t, beta = np.sqrt(first), np.sqrt(second), np.arcsin(covariance / np.sqrt(first * second))
    radii, weights = np.polynomial.laguerre.laggauss(40)  # R^2 / 2 is exponential
    radii = np.sqrt(2 * radii)

    def over_radius(angle):
        return weights @ (phi(s * radii * np.cos(angle)) * phi(t * radii * np.sin(angle + beta)))

    kinks = sorted([-np.pi / 2, -beta, np.pi / 2, np.pi - beta, 3 * np.pi / 2])
    pieces = itertools.pairwise(kinks)
    return sum(quad(over_radius, low, high, epsabs=1e-11)[0] for low, high in pieces) / (2 * np.pi)


@pytest.mark.parametrize("derivation", DERIVATIONS, ids=lambda each: each.name)
@pytest.mark.parametrize("point", POINTS)
def test_the_duals_are_the_averages(derivation, point):
    key = derivation.name.removeprefix("wide.dual_")
    slope = {"a": 0.3} if key == "leaky_relu" else {}
    found = derivation.function(**dict(zip(("q_1", "q_2", "c"), point, strict=True)), **slope)
    for name, phi in zip((VALUE, SLOPE), PLAIN[key], strict=True):
        expected = average(phi, *point)
        assert found[name] == pytest.approx(expected, rel=1e-6)
        assert 1.02 * found[name] != pytest.approx(expected, rel=1e-6)


def test_every_activation_is_tested():
    assert {each.name.removeprefix("wide.dual_") for each in DERIVATIONS} == set(PLAIN)


def test_the_steps_show_what_the_method_is():
    steps = {each.name: " ".join(step.text for step in each.steps) for each in DERIVATIONS}
    assert "Integration by parts" in steps["wide.dual_cubic"]
    assert "generates the Hermite polynomials" in steps["wide.dual_hermite_3"]
    assert "Complete the square" in steps["wide.dual_sin"]
    assert "Price's theorem" in steps["wide.dual_relu"]
    assert "Price's theorem" in steps["wide.dual_erf"]
