"""The compiled duals against two-dimensional integrals that know nothing of them."""

import math

import numpy as np
import pytest
from scipy import integrate, special

from derivations.activation_integrals import ActivationError, QuadratureDual, dual
from derivations.activation_integrals.mehler import hermite_coefficients, mehler_kernel

HERMITE_4 = np.polynomial.hermite_e.HermiteE([0, 0, 0, 0, 1 / math.sqrt(24)])
SMOOTH = {  # name: parameter, activation, derivative
    "linear": (None, lambda h: h, lambda h: np.ones_like(h)),
    "quadratic": (None, lambda h: h**2, lambda h: 2 * h),
    "cubic": (None, lambda h: h**3, lambda h: 3 * h**2),
    "hermite": (4, HERMITE_4, HERMITE_4.deriv()),
    "erf": (None, special.erf, lambda h: 2 / math.sqrt(math.pi) * np.exp(-(h**2))),
    "exp": (None, np.exp, np.exp),
    "sin": (None, np.sin, np.cos),
    "cos": (None, np.cos, lambda h: -np.sin(h)),
    "tanh": (None, np.tanh, lambda h: np.cosh(h) ** -2),
    "gelu": (
        None,
        lambda h: h * special.ndtr(h),
        lambda h: special.ndtr(h) + h * np.exp(-(h**2) / 2) / math.sqrt(2 * math.pi),
    ),
    "silu": (
        None,
        lambda h: h * special.expit(h),
        lambda h: special.expit(h) + h * special.expit(h) * special.expit(-h),
    ),
    "softplus": (None, lambda h: np.logaddexp(0, h), special.expit),
}
COVARIANCES = [(1.0, 1.0, 0.3), (0.7, 1.9, -0.8), (0.2, 0.5, 0.0), (1.3, 1.1, 1.1)]


def trapezoid(phi, q1, q2, c):
    """Integrate on a grid: for smooth integrands that vanish at the edge, the error is exponentially small."""
    grid = np.linspace(-14, 14, 1201)
    w = np.exp(-(grid**2) / 2) * (grid[1] - grid[0]) / math.sqrt(2 * math.pi)
    r = c / math.sqrt(q1 * q2)
    v = math.sqrt(q2) * (r * grid[:, None] + math.sqrt(1 - r**2) * grid)
    return float((phi(math.sqrt(q1) * grid) * w) @ (phi(v) @ w))


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("covariance", COVARIANCES)
def test_smooth_duals_equal_the_integral(name, covariance):
    parameter, phi, slope = SMOOTH[name]
    theory = dual(name, parameter)
    for each, activation in ((theory, phi), (theory.derivative, slope)):
        expected = trapezoid(activation, *covariance)
        assert float(each.function(*covariance)) == pytest.approx(expected, rel=1e-10, abs=1e-11)
        if isinstance(each, QuadratureDual):
            assert float(each.error(*covariance)) < 1e-7


def quadrants(phi, q1, q2, c):
    """Integrate quadrant by quadrant, so that a kink lies on the edge."""
    K = np.linalg.inv(np.array([[q1, c], [c, q2]]))
    norm = math.sqrt(np.linalg.det(K)) / (2 * math.pi)
    a, b = 9 * math.sqrt(q1), 9 * math.sqrt(q2)

    def integrand(v, u, i, j):
        quadratic = K[0, 0] * u * u + 2 * i * j * K[0, 1] * u * v + K[1, 1] * v * v
        return phi(i, u) * phi(j, v) * math.exp(-quadratic / 2) * norm

    return sum(
        integrate.dblquad(integrand, 0, a, 0, b, args=(i, j), epsabs=1e-12, epsrel=1e-12)[0]
        for i in (1, -1)
        for j in (1, -1)
        if phi(i, 1.0) * phi(j, 1.0)
    )


@pytest.mark.parametrize("covariance", COVARIANCES[:2])
@pytest.mark.parametrize(("name", "slope"), [("relu", None), ("leaky_relu", 0.3)])
def test_rectifier_duals_equal_the_integral(name, slope, covariance):
    a = slope or 0.0
    theory = dual(name, slope)
    value = quadrants(lambda side, x: x if side > 0 else -a * x, *covariance)
    step = quadrants(lambda side, _: 1.0 if side > 0 else a, *covariance)
    assert float(theory.function(*covariance)) == pytest.approx(value, abs=1e-10)
    assert float(theory.derivative.function(*covariance)) == pytest.approx(step, abs=1e-10)


def test_the_integral_refuses_a_dual_that_is_two_percent_off():
    expected = trapezoid(special.erf, 0.7, 1.9, -0.8)
    assert 1.02 * float(dual("erf").function(0.7, 1.9, -0.8)) != pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "erf", "quadratic", "hermite", "sin"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_correlation_one_and_rounding_beyond_it(name, dtype):
    theory = dual(name, 3 if name == "hermite" else None)
    q = np.linspace(0.1, 3, 50, dtype=dtype)
    eps = np.finfo(dtype).eps
    exact = np.float64(q)
    for each in (theory, theory.derivative):
        at, beyond = each.function(q, q, q), each.function(q, q, q * dtype(1 + 2 * eps))
        assert at.dtype == beyond.dtype == dtype
        np.testing.assert_allclose(at, beyond, rtol=40 * eps)
        np.testing.assert_allclose(at, each.function(exact, exact, exact), rtol=40 * eps, atol=40 * eps)


def test_zero_variance_is_a_constant():
    relu, leaky, erf = dual("relu"), dual("leaky_relu", 0.5), dual("erf")
    zero, q = np.zeros(3), np.array([0.0, 1.0, 2.0])
    np.testing.assert_array_equal(relu.function(zero, q, zero), zero)
    np.testing.assert_array_equal(relu.derivative.function(zero, q, zero), zero)  # the step is 0 at 0
    np.testing.assert_allclose(leaky.derivative.function(zero, q, zero), [0.25, 0.375, 0.375])
    np.testing.assert_array_equal(erf.function(zero, q, zero), zero)
    np.testing.assert_allclose(dual("softplus").function(zero, zero, zero), math.log(2) ** 2, rtol=1e-14)


def test_arrays_broadcast_and_stay_unchanged():
    q = np.array([0.5, 1.0, 2.0])
    K = np.array([[0.5, 0.1, -0.2], [0.1, 1.0, 0.3], [-0.2, 0.3, 2.0]])
    q.setflags(write=False)
    K.setflags(write=False)
    for name in ("relu", "exp", "tanh"):
        matrix = dual(name).function(q[:, None], q[None, :], K)
        assert matrix.shape == (3, 3)
        np.testing.assert_allclose(matrix, matrix.T, rtol=1e-11)
        assert matrix[0, 2] == pytest.approx(float(dual(name).function(0.5, 2.0, -0.2)))


@pytest.mark.parametrize("name", ["tanh", "gelu", "silu", "softplus"])
def test_the_stated_quadrature_error_covers_the_true_one(name):
    _, phi, _ = SMOOTH[name]
    theory = dual(name)
    for covariance in ((1.0, 1.0, 0.5), (9.0, 4.0, 5.0)):
        true = abs(float(theory.function(*covariance)) - trapezoid(phi, *covariance))
        assert true <= float(theory.error(*covariance)) + 1e-13
    assert float(theory.error(9.0, 4.0, 5.0)) < 1e-4


@pytest.mark.parametrize("name", ["tanh", "gelu", "silu", "softplus"])
@pytest.mark.parametrize("order", [0, 1])
def test_the_series_over_samples_equals_the_quadrature(name, order):
    rng = np.random.default_rng(3)
    Z = rng.normal(size=(30, 5))
    K = Z @ Z.T / 5
    q = np.diag(K)
    theory = dual(name).derivative if order else dual(name)
    kernel = theory.on_samples(q)
    block = kernel(K[5:15, 20:], slice(5, 15), slice(20, 30))
    expected = theory.function(q[5:15, None], q[None, 20:], K[5:15, 20:])
    tolerance = 1e-10 + kernel.error_bound + theory.error(q[5:15, None], q[None, 20:], K[5:15, 20:])
    assert np.all(abs(block - expected) <= tolerance)
    assert kernel.error_bound < 1e-6


@pytest.mark.parametrize(("name", "parity"), [("gelu", 0), ("silu", 0), ("softplus", 0), ("tanh", 1)])
def test_terms_that_vanish_are_left_out(name, parity):
    """Even but for the identity, or odd; and what is left out is not seen among many samples either."""
    q = np.random.default_rng(0).uniform(0.5, 2, 300)
    kernel = dual(name).on_samples(q)
    assert len(kernel.by_parity[1 - parity]) == 1 - parity
    r = np.linspace(-1, 1, 300)
    block = kernel((r * np.sqrt(q[7] * q))[None, :], slice(7, 8), slice(0, 300))
    coefficients, _ = hermite_coefficients(dual(name).activation, np.sqrt(q))
    expected = [coefficients[7] @ (coefficients[i] * r[i] ** np.arange(256)) for i in range(300)]
    np.testing.assert_allclose(block[0], expected, rtol=0, atol=kernel.error_bound + 1e-14)
    assert kernel.error_bound < 1e-11


def test_the_bound_of_a_short_series_covers_its_error():
    q, phi = np.array([1.0, 2.0]), np.tanh
    coefficients, squares = hermite_coefficients(phi, np.sqrt(q))
    short = coefficients[:, :6]
    tail = squares.sum(axis=1) - (short**2).sum(axis=1)
    exact = trapezoid(phi, 1.0, 2.0, 1.4)
    error = abs((short[0] * short[1]) @ (1.4 / math.sqrt(2)) ** np.arange(6) - exact)
    assert 1e-6 < error <= math.sqrt(tail[0] * tail[1])


def test_the_diagonal_is_the_mean_square():
    q = np.random.default_rng(0).uniform(0, 3, 300)
    kernel = dual("gelu").on_samples(q)
    expected = [trapezoid(SMOOTH["gelu"][1], each, each, each) for each in q[::60]]
    np.testing.assert_allclose(kernel.diagonal()[::60], expected, rtol=1e-10)


@pytest.mark.parametrize("name", ["tanh", "softplus"])
def test_the_series_is_exact_at_correlation_one_even_where_it_is_short(name):
    q = np.array([4.0, 30.0])
    kernel = dual(name).on_samples(q)
    block = kernel(np.diag(q), slice(0, 2), slice(0, 2))
    _, phi, _ = SMOOTH[name]
    for i in range(2):
        assert block[i, i] == pytest.approx(trapezoid(phi, q[i], q[i], q[i]), rel=1e-9)
    if name == "softplus":  # tanh at this variance is no series any more, but a smoothed sign
        assert 1e-10 < kernel.error_bound < 1e-3


def test_an_odd_function_keeps_its_sign_at_correlation_minus_one():
    q = np.array([30.0, 30.0])
    block = dual("tanh").on_samples(q)(np.array([[30.0, -30.0]]), slice(0, 1), slice(0, 2))
    assert block[0, 1] == -block[0, 0]


def test_a_series_that_does_not_converge_is_refused():
    with pytest.raises(ActivationError, match=r"must reach a relative error of 1e-08, got"):
        mehler_kernel(np.sign, np.array([1.0, 2.0]))


@pytest.mark.parametrize(
    ("name", "parameter", "message"),
    [
        ("swoosh", None, "unknown activation 'swoosh'"),
        ("hermite", None, "the degree of hermite must be an integer from 0 to 64, got None"),
        ("hermite", -1, "the degree of hermite must be an integer from 0 to 64, got -1"),
        ("relu", 2, "activation 'relu' has no parameter, got 2"),
        ("leaky_relu", float("nan"), "the parameter of leaky_relu must be a finite number, got nan"),
    ],
)
def test_bad_names_and_parameters(name, parameter, message):
    with pytest.raises(ActivationError, match=message):
        dual(name, parameter)


def test_negative_variance():
    with pytest.raises(ActivationError, match=r"q1 must not be negative, got -1\.0"):
        dual("relu").function(-1.0, 1.0, 0.0)
