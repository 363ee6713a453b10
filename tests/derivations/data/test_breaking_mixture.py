"""Data that break the alignment: the formula, its minimum, and noise, against moments of data."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from derivations.registry import get_derivation

TWO = get_derivation("data.two_directions")
NOISY = get_derivation("data.noisy_mixture")


def mixture(a, b, p, variance, n, d, rng):
    """Inputs along two axes with shares p and 1 - p, labels a/p and b/(1 - p), and isotropic noise."""
    first = np.arange(n) < round(p * n)
    X = math.sqrt(variance) * rng.standard_normal((n, d))
    X[np.arange(n), np.where(first, 0, 1)] += rng.choice([-1.0, 1.0], n)
    return X, np.where(first, a / p, b / (1 - p))


def wide_alignment(X, y):
    A, B = X.T @ (y[:, None] * X) / len(X), X.T @ X / len(X)
    F, G = A @ A, A @ B @ A
    return np.sum(F * G) / np.sqrt(np.sum(F * F) * np.sum(G * G))


@pytest.mark.parametrize(("a", "b", "p"), [(1.0, 0.6, 0.1), (0.3, -1.0, 0.25)])
def test_the_formula_is_exact_without_noise(a, b, p):
    X, y = mixture(a, b, p, 0.0, 1000, 4, np.random.default_rng(1))
    claimed = TWO.function(a=a, b=b, p=p, q=1 - p, tau=(1 - p) / p)["C-NFA"]
    assert math.isclose(wide_alignment(X, y), claimed, rel_tol=1e-12)
    assert not math.isclose(wide_alignment(X, y), claimed * 1.02, rel_tol=1e-3)


@pytest.mark.parametrize("p", [0.02, 0.3])
def test_the_minimum_is_found_by_search(p):
    claimed = TWO.function(a=1.0, b=1.0, p=p, q=1 - p, tau=(1 - p) / p)

    def alignment(x):
        return wide_alignment(*mixture(1.0, x, p, 0.0, 200, 2, np.random.default_rng(2)))

    found = minimize_scalar(alignment, bounds=(0.01, 3), method="bounded", options={"xatol": 1e-8})
    assert math.isclose(found.x, claimed["worst"], rel_tol=1e-5)
    assert math.isclose(found.fun, claimed["minimum"], rel_tol=1e-9)


def test_noisy_data_tend_to_the_formula():
    """The mean over data sets differs from the formula by the order 1/n: extrapolated, it passes a z-test at 4.5."""
    a, b, p, variance, d = 1.0, 0.6, 0.1, 0.05, 5
    claimed = NOISY.function(a=a, b=b, p=p, q=1 - p, v=variance, d=d)["C-NFA"]
    rng = np.random.default_rng(3)
    means, errors = [], []
    for n, samples in ((500, 1200), (2000, 600)):
        found = [wide_alignment(*mixture(a, b, p, variance, n, d, rng)) for _ in range(samples)]
        means.append(np.mean(found))
        errors.append(np.std(found) / math.sqrt(samples))
    extrapolated, error = (4 * means[1] - means[0]) / 3, math.hypot(4 * errors[1], errors[0]) / 3
    assert abs(extrapolated - claimed) < 4.5 * error
    assert min(abs(extrapolated - factor * claimed) for factor in (0.98, 1.02)) > 4.5 * error


def test_noise_interpolates_between_the_two_directions_and_one():
    values = {"a": 1.0, "b": 0.6, "p": 0.1, "q": 0.9, "d": 6}
    without = TWO.function(**values, tau=9.0)["C-NFA"]
    assert math.isclose(NOISY.function(**values, v=0.0)["C-NFA"], without, rel_tol=1e-12)
    defects = [1 - NOISY.function(**values, v=v)["C-NFA"] for v in (10.0, 100.0)]
    assert math.isclose(math.log10(defects[0] / defects[1]), 2, abs_tol=0.2)
