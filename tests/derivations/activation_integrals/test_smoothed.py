"""Duals at large variances: against integrals in two dimensions, and against each other where they must agree."""

import numpy as np
import pytest
from scipy.special import expit, ndtr

from derivations.activation_integrals import dual
from derivations.activation_integrals.mehler import MehlerKernel
from derivations.activation_integrals.smoothed import SmoothedKernel, SmoothedKernelWithSlope, mixture

FUNCTIONS = {
    "tanh": (np.tanh, lambda h: 1 - np.tanh(h) ** 2),
    "softplus": (lambda h: np.logaddexp(0, h), expit),
    "silu": (lambda h: h * expit(h), lambda h: expit(h) * (1 + h * expit(-h))),
    "gelu": (lambda h: h * ndtr(h), lambda h: ndtr(h) + h * np.exp(-(h**2) / 2) / np.sqrt(2 * np.pi)),
}
EVERY = slice(None)


def integral(function, q1, q2, r):
    """The mean over two Gaussians by the trapezoidal rule, whose error falls faster than any power of the step."""
    x = np.linspace(-9, 9, 2401)
    weights = np.exp(-(x**2) / 2) / np.exp(-(x**2) / 2).sum()
    v = r * x[:, None] + np.sqrt(1 - r**2) * x
    return weights * function(np.sqrt(q1) * x) @ (function(np.sqrt(q2) * v) @ weights)


def kernel(name, which, q1, q2, r):
    both = SmoothedKernel(name, which, np.array([q1, q2]))
    c = r * np.sqrt(q1 * q2)
    return both(np.array([[q1, c], [c, q2]]), EVERY, EVERY)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("which", [0, 1])
def test_smoothed_rectifiers_are_the_integral(name, which):
    for q1, q2, r in (
        (0.3, 0.3, 0.4),
        (20.0, 20.0, -0.7),
        (150.0, 30.0, 0.0),
        (150.0, 0.02, 0.9),
        (200.0, 200.0, 0.97),
    ):
        found, expected = kernel(name, which, q1, q2, r), integral(FUNCTIONS[name][which], q1, q2, r)
        size = np.sqrt(found[0, 0] * found[1, 1])
        assert abs(found[0, 1] - expected) < 1e-6 * size
        assert abs(kernel(name, which, q1, q2, r + 0.02)[0, 1] - expected) > 1e-6 * size


@pytest.mark.parametrize("name", FUNCTIONS)
def test_both_routes_agree_where_the_series_converges(name):
    q = np.linspace(0.1, 1.5, 7)
    theory, covariance = dual(name), np.sqrt(q[:, None] * q) * np.cos(np.subtract.outer(np.arange(7), np.arange(7)))
    np.fill_diagonal(covariance, q)
    for which, each in enumerate((theory, theory.derivative)):
        series = each.on_samples(q)
        assert isinstance(series, MehlerKernel)
        smoothed = SmoothedKernel(name, which, q)
        np.testing.assert_allclose(
            smoothed(covariance, EVERY, EVERY),
            series(covariance, EVERY, EVERY),
            rtol=0,
            atol=1e-6 * series.diagonal().max(),
        )


@pytest.mark.parametrize(("name", "limit"), [("tanh", "erf"), ("gelu", "relu"), ("silu", "relu"), ("softplus", "relu")])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_at_large_variances_only_the_ends_of_the_activation_count(name, limit, dtype):
    q = np.array([2e12, 5e12], dtype)
    c = np.array([[2e12, -1e12], [-1e12, 5e12]], dtype)
    found, other = (dual(each).on_samples_with_slope(q) for each in (name, limit))
    assert isinstance(found, SmoothedKernelWithSlope)
    for value, expected in ((found.value, other.value), (found.slope, other.slope)):
        if (name, value) == ("tanh", found.slope):
            continue  # it tends to zero, in proportion to what the slopes of the two weigh at the origin
        np.testing.assert_allclose(value(c, EVERY, EVERY), expected(c, EVERY, EVERY), rtol=2e-5)
        np.testing.assert_allclose(value.diagonal(), np.diag(value(c, EVERY, EVERY)), rtol=1e-6)


def test_the_mixture_is_the_logistic_function():
    tau, weights = mixture("softplus")
    h = np.linspace(-60, 60, 2001)
    assert weights.sum() == pytest.approx(1)
    assert weights @ tau == pytest.approx(np.pi**2 / 3)  # the variance of the logistic distribution
    assert abs(ndtr(h[:, None] / np.sqrt(tau)) @ weights - expit(h)).max() < 2e-8
    assert abs(ndtr(h[:, None] / np.sqrt(1.02 * tau)) @ weights - expit(h)).max() > 1e-4


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_sine_and_cosine_stay_finite(dtype):
    """``cos u cos v`` is half of ``cos(u - v) + cos(u + v)``, and the mean of each is an exponential of a variance."""
    q = np.array([3.0, 700.0, 702.0, 1e8], dtype)
    c = np.array([[3, 40, 45, 0], [40, 700, 700, 1e4], [45, 700, 702, 1e4], [0, 1e4, 1e4, 1e8]], dtype)
    exact = c.astype(float)
    apart = (exact.diagonal()[:, None] + exact.diagonal()) / 2
    less, more = np.exp(exact - apart), np.exp(-exact - apart)
    for name, expected in (("cos", (less + more) / 2), ("sin", (less - more) / 2)):
        found = dual(name).function(q[:, None], q, c)
        np.testing.assert_allclose(found, expected, rtol=1e-6 if dtype is np.float64 else 1e-4, atol=1e-30)
        assert found[3, 3] == pytest.approx(0.5)
    assert dual("sin").function(1e-8, 1e-8, 1e-12) == pytest.approx(1e-12, rel=1e-7)


def test_the_error_function_keeps_its_digits_at_large_variances():
    q = np.array([1e8, 1e8, 3e8], np.float32)
    c = np.array([[1e8, 5e7, 1e7], [5e7, 1e8, -1e8], [1e7, -1e8, 3e8]], np.float32)
    both = dual("erf").on_samples_with_slope(q)
    wide = dual("erf").on_samples_with_slope(q.astype(float))
    for single, double in zip(both(c, EVERY, EVERY), wide(c.astype(float), EVERY, EVERY), strict=True):
        np.testing.assert_allclose(single, double, rtol=1e-6)
    exact = 4 / (np.pi * np.sqrt(4 * q.astype(float) + 1))
    np.testing.assert_allclose(both.slope.diagonal(), exact, rtol=1e-6)
