"""The 1/k correction: against the quadratic network's own route, and against networks of finite width that are drawn.

Monte Carlo uses the exact first-order response, whose mean is zero, as a control variate. z-tests with a false-alarm
rate of 1e-4 each; the twin is refused by the same test.
"""

import numpy as np
import pytest
from scipy import stats

from derivations.errors import DerivationError
from derivations.registry import get_derivation
from derivations.wide.slope_moments import slope_moment
from derivations.wide.width_correction import polynomial

BOUND = stats.norm.isf(0.5e-4)
rng = np.random.default_rng(9)
Z = rng.standard_normal((6, 3))
r = rng.standard_normal(6) ** 3  # heavy tails: the alignment is not close to 1
S = Z @ Z.T
SLOPES = {
    "quadratic": lambda h: 2 * h,
    "cubic": lambda h: 3 * h**2,
    "hermite_3": lambda h: (3 * h**2 - 3) / np.sqrt(6),
}


def predict(activation, k, K=None):
    claim = get_derivation(f"wide.width_correction_{activation}")
    return claim.function(K=S / 3 if K is None else K, S=S, r=r, k=k)


def alignment(kappa):
    """The C-NFA at leading order, by its definition, for a stack of kernels."""
    P = r[:, None] * kappa * r
    Q = r[:, None] * (kappa @ kappa) * r

    def dot(left, right):
        return np.einsum("...ij,...ji->...", left @ S, right @ S)

    return dot(P, Q) / np.sqrt(dot(P, P) * dot(Q, Q))


def drawn(activation, k, networks, seed):
    """C-NFA of networks of width k, and its first-order response to the kernel's fluctuation, by differences."""
    source = np.random.default_rng(seed)
    psi = SLOPES[activation](source.standard_normal((networks, k, 3)) @ Z.T / np.sqrt(3))
    kappa = np.swapaxes(psi, 1, 2) @ psi / k
    kernel = limiting_kernel(activation)
    change, step = kappa - kernel, 1e-5
    slope = (alignment(kernel + step * change) - alignment(kernel - step * change)) / (2 * step)
    return alignment(kappa), slope


def limiting_kernel(activation):
    """By a product Gauss rule over the three weights."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(6)
    grid = np.array(np.meshgrid(nodes, nodes, nodes)).reshape(3, -1).T
    probability = np.prod(np.meshgrid(weights, weights, weights), axis=0).ravel() / (2 * np.pi) ** 1.5
    psi = SLOPES[activation](grid @ Z.T / np.sqrt(3))
    return psi.T @ (probability[:, None] * psi)


@pytest.mark.parametrize("activation", SLOPES)
def test_the_limit_is_the_alignment_of_the_average_kernel(activation):
    limit = predict(activation, 10)["limit"]
    assert limit == pytest.approx(alignment(limiting_kernel(activation)), rel=1e-10)


def test_the_quadratic_activation_agrees_with_the_moments_of_wishart_matrices():
    k = 50
    found = predict("quadratic", k, K=S)
    A, B = Z.T @ (r[:, None] * Z), Z.T @ Z
    other = get_derivation("quadratic.finite_width_mean")
    values = {"A": A, "B": B, "d": 3}
    first = [other.function(**values, k=width) for width in (k, 2 * k)]
    # The other route goes on to 1/k^2, which two widths eliminate.
    once, twice = (width * (each["mean"] / each["limit"] - 1) for width, each in zip((k, 2 * k), first, strict=True))
    bias = 2 * twice - once
    assert found["limit"] == pytest.approx(first[0]["limit"], rel=1e-12)
    assert (found["mean"] / found["limit"] - 1) * k == pytest.approx(bias, rel=1e-9)
    assert 1.02 * (found["mean"] / found["limit"] - 1) * k != pytest.approx(bias, rel=1e-3)
    assert found["variance"] == pytest.approx(first[0]["variance"], rel=1e-10)
    assert 1.02 * found["variance"] != pytest.approx(first[0]["variance"], rel=1e-3)


def error_after_correction(activation, k, networks=8000, batches=8):
    """Mean of the C-NFA less its predicted mean, with standard error; the control variates too."""
    batch = [drawn(activation, k, networks // batches, seed) for seed in range(batches)]
    rho, slope = (np.concatenate(each) for each in zip(*batch, strict=True))
    rest = rho - slope - predict(activation, k)["mean"]
    return rest.mean(), rest.std(ddof=1) / np.sqrt(networks), slope


@pytest.mark.parametrize("activation", SLOPES)
def test_networks_have_the_mean_and_the_variance(activation):
    k = 256
    (narrow, narrow_error, _), (wide, wide_error, slope) = (error_after_correction(activation, K) for K in (k, 2 * k))
    # k times the error is c / k + ..., which two widths eliminate; what is left is the error of the coefficient of 1/k.
    left, error = 2 * (2 * k) * wide - k * narrow, np.hypot(4 * k * wide_error, k * narrow_error)
    assert abs(left) <= BOUND * error
    found = predict(activation, 2 * k)
    dropped = 2 * k * (found["mean"] - found["limit"])
    assert abs(left + dropped) > BOUND * error
    deviation = slope.var() / found["variance"] - 1  # the square of a mean-zero response, averaged
    spread_error = (slope**2).std() / found["variance"] / np.sqrt(len(slope))
    assert abs(deviation) <= BOUND * spread_error
    assert abs(1.25 * (1 + deviation) - 1) > BOUND * spread_error


def test_the_error_after_the_correction_falls_like_the_square_of_the_width():
    (narrow, narrow_error, _), (wide, wide_error, _) = (error_after_correction("hermite_3", k) for k in (128, 512))
    for power, holds in ((2, True), (1, False)):
        difference = 128**power * narrow - 512**power * wide
        error = np.hypot(128**power * narrow_error, 512**power * wide_error)
        assert (abs(difference) <= BOUND * error) == holds


def test_only_polynomials_have_these_moments():
    with pytest.raises(DerivationError, match="the activation must be a polynomial, got erf"):
        slope_moment("erf", None, 2)


def test_the_width_must_be_positive():
    with pytest.raises(DerivationError, match="the width k must be positive, got 0"):
        predict("cubic", 0)


def test_activations_of_higher_degree_have_their_moments_too():
    proof = polynomial("hermite", 4)
    assert all(residual == 0 for residual in proof.obligations(proof.closed_form).values())
    wrong = {**proof.closed_form, "fourth_moment": 51 * proof.closed_form["fourth_moment"] / 50}
    assert any(residual != 0 for residual in proof.obligations(wrong).values())
