"""Duals from wedges against integrals over quadrants, and the table against them; what is no table is refused."""

import math

import numpy as np
import pytest

from derivations.activation_integrals import ActivationError, by_angle, dual, dual_of
from derivations.activation_integrals.by_angle import angular_kernel

EVERY = slice(None)


def over_quadrants(phi, q1, q2, c):
    """Integrate over ``u`` and ``v`` by Gauss-Legendre's rule in each quadrant, from the density itself."""
    K = np.linalg.inv(np.array([[q1, c], [c, q2]]))
    z, w = np.polynomial.legendre.leggauss(160)
    total = 0.0
    for i in (1, -1):
        for j in (1, -1):
            u, v = (side * 5 * math.sqrt(q) * (z + 1) for side, q in ((i, q1), (j, q2)))
            inside = K[0, 0] * u[:, None] ** 2 + 2 * K[0, 1] * u[:, None] * v + K[1, 1] * v**2
            area = np.outer(w * phi(u), w * phi(v)) * 25 * math.sqrt(q1 * q2)
            total += float(np.sum(area * np.exp(-inside / 2))) * math.sqrt(np.linalg.det(K)) / (2 * math.pi)
    return total


def elu(alpha, scale=1.0):
    return lambda h: scale * np.where(h > 0, h, alpha * np.expm1(np.minimum(h, 0)))


def slope_of_elu(alpha, scale=1.0):
    return lambda h: scale * np.where(h > 0, 1.0, alpha * np.exp(np.minimum(h, 0)))


@pytest.mark.parametrize("covariance", [(1.0, 1.0, 0.3), (0.7, 1.9, -0.8), (0.2, 0.5, 0.0)])
@pytest.mark.parametrize(
    ("name", "parameter", "alpha", "scale"),
    [("elu", None, 1.0, 1.0), ("elu", 0.3, 0.3, 1.0), ("selu", None, 1.6732632423543772, 1.0507009873554805)],
)
def test_wedges_equal_the_integral_over_quadrants(name, parameter, alpha, scale, covariance):
    theory = dual(name, parameter)
    for each, phi in ((theory, elu(alpha, scale)), (theory.derivative, slope_of_elu(alpha, scale))):
        expected = over_quadrants(phi, *covariance)
        assert float(each.function(*covariance)) == pytest.approx(expected, rel=1e-9)
        assert 1.0001 * float(each.function(*covariance)) != pytest.approx(expected, rel=1e-9)


def test_the_integral_over_quadrants_is_right_where_the_closed_form_is_known():
    value = over_quadrants(lambda h: np.maximum(h, 0), 0.7, 1.9, -0.8)
    assert value == pytest.approx(float(dual("relu").function(0.7, 1.9, -0.8)), rel=1e-9)


def some_covariances(scale):
    """Samples of different size, two parallel, two nearly so, two opposite, and one that is zero."""
    rng = np.random.default_rng(0)
    Z = rng.standard_normal((12, 6)) * np.exp(0.3 * rng.standard_normal((12, 1))) * scale
    Z[1], Z[2], Z[4], Z[6] = 1.3 * Z[0], Z[0] + 1e-3 * Z[3], -Z[5], 0
    return Z @ Z.T / 6


@pytest.mark.parametrize("scale", [1e-3, 1.0])
def test_the_table_is_what_it_interpolates(scale):
    K = some_covariances(scale)
    q = K.diagonal()
    for each in (dual("elu"), dual("elu").derivative, dual("selu").derivative):
        kernel = each.on_samples(q) if each.order == 0 else angular_kernel(each.activation, q)
        expected = each.function(q[:, None], q, K)
        size = np.sqrt(np.outer(expected.diagonal(), expected.diagonal()))
        assert np.all(abs(kernel(K, EVERY, EVERY) - expected) <= 1e-7 * size)
        np.testing.assert_allclose(kernel.diagonal(), expected.diagonal(), rtol=1e-12)


def test_without_a_formula_the_dual_is_that_of_the_formula():
    K = some_covariances(1.0)
    q = K.diagonal()
    for name, phi, slope in (
        ("relu", lambda h: np.maximum(h, 0), lambda h: (h > 0) * 1.0),
        ("tanh", np.tanh, lambda h: np.cosh(h) ** -2.0),
        ("cubic", lambda h: h**3, lambda h: 3 * h**2),
    ):
        own = dual_of(phi, slope).on_samples_with_slope(q)
        known = dual(name).on_samples_with_slope(q)
        for found, expected in zip(own(K, EVERY, EVERY), known(K, EVERY, EVERY), strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-7 * abs(expected).max())
            assert not np.allclose(1.001 * found, expected, atol=1e-7 * abs(expected).max())


@pytest.mark.parametrize("name", ["elu", "sigmoid"])
def test_far_out_an_activation_is_what_it_looks_like_from_there(name):
    """At variances of 10^8: the ELU is a rectifier, the logistic function is a step, each to an error of 1e-3."""
    K = some_covariances(1e4)
    K = np.delete(np.delete(K, 6, 0), 6, 1)
    q = K.diagonal()
    found = dual(name).on_samples(q)(K, EVERY, EVERY)
    like = dual("relu").derivative if name == "sigmoid" else dual("relu")
    expected = like.function(q[:, None], q, K)
    np.testing.assert_allclose(found, expected, atol=1e-3 * abs(expected).max())


def test_what_no_table_describes_is_refused(monkeypatch):
    monkeypatch.setattr(by_angle, "SIZES", by_angle.SIZES[:1])
    q = np.array([0.5, 1.0, 2.0])
    with pytest.raises(
        ActivationError, match=r"must be known to 0\.0001 of its size, got .* its kinks must be at zero"
    ):
        angular_kernel(lambda h: np.sin(300 * h), q)
    with pytest.raises(ActivationError, match="must stay finite, got an overflow at variance 2"):
        angular_kernel(lambda h: np.exp(h**4), q)


def test_float32_comes_back_as_float32():
    K = some_covariances(1.0).astype(np.float32)
    kernel = dual("elu").on_samples_with_slope(K.diagonal())
    assert {each.dtype for each in (*kernel(K, EVERY, EVERY), kernel.value.diagonal())} == {np.dtype("float32")}
