"""Early features of low-rank teachers: which directions are found, and what finite samples lose."""

import math

import numpy as np
import pytest

from derivations.registry import get_derivation

POPULATION = get_derivation("data.feature_quality")
SAMPLES = get_derivation("data.feature_quality_samples")


def chain(r):
    """The matrix of ``sum_i x_i x_(i + 1 mod r)``."""
    Q = np.zeros((r, r))
    for i in range(r):
        Q[i, (i + 1) % r] += 0.5
        Q[(i + 1) % r, i] += 0.5
    return Q


def overlap(Q, n, d, noise, rng):
    """Overlap of the top space of ``A B A`` of a wide network with the first r inputs."""
    r = len(Q)
    X = rng.standard_normal((n, d))
    y = np.sum(X[:, :r] @ Q * X[:, :r], axis=1) + noise * rng.standard_normal(n)
    A, B = X.T @ (y[:, None] * X) / n, X.T @ X / n
    top = np.linalg.eigh(A @ B @ A)[1][:, -r:]
    return np.sum(top[:r] ** 2) / r


@pytest.mark.parametrize(
    ("strengths", "found"), [((1.0, 1.0), 1.0), ((3.0, -1.0), 0.5), ((1.0, -3.0), 0.5), ((4.0, -1.0, -1.0), 1 / 3)]
)
def test_the_directions_that_many_samples_find(strengths, found):
    rng = np.random.default_rng(1)
    assert POPULATION.function(q=strengths)["overlap"] == found
    assert math.isclose(overlap(np.diag(strengths), 200_000, 6, 0.0, rng), found, abs_tol=0.02)


@pytest.mark.parametrize(("r", "found"), [(2, 1.0), (3, 1.0), (4, 0.5), (5, 1.0), (8, 0.75)])
def test_a_chain_monomial_is_found_unless_four_divides_its_length(r, found):
    strengths = np.round(np.linalg.eigvalsh(chain(r)), 12)
    assert POPULATION.function(q=strengths)["overlap"] == found
    assert int(np.linalg.matrix_rank(chain(r))) == round(found * r)


@pytest.mark.parametrize(("Q", "noise"), [(chain(3), 1.0), (np.diag([1.0, 0.6]), 0.5)])
def test_the_first_correction_of_finite_samples(Q, noise):
    """The coefficient of 1/n, extrapolated from two sizes: a z-test at 4.5 standard errors (false alarms: 7e-6 each).

    An error of 10 % in the coefficient is seen.
    """
    rng = np.random.default_rng(2)
    d, strengths = 6, np.linalg.eigvalsh(Q)
    coefficients, errors = [], []
    for n, samples in ((1000, 4000), (4000, 2000)):
        lost = n * (1 - np.array([overlap(Q, n, d, noise, rng) for _ in range(samples)]))
        coefficients.append(lost.mean())
        errors.append(lost.std() / math.sqrt(samples))
    claimed = 1000 * (1 - SAMPLES.function(q=strengths, n=1000, d=d, noise=noise**2)["overlap"])
    extrapolated, error = (4 * coefficients[1] - coefficients[0]) / 3, math.hypot(4 * errors[1], errors[0]) / 3
    assert abs(extrapolated - claimed) < 4.5 * error
    assert min(abs(extrapolated - factor * claimed) for factor in (0.9, 1.1)) > 4.5 * error
