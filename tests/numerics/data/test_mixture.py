from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import norm

from numerics.data import alignment_breaking_mixture
from numerics.errors import InputError


def moments(X, Y):
    """Label-weighted and plain second moments, A and B of R7."""
    return X.T @ (Y * X) / len(X), X.T @ X / len(X)


def early_alignment(X, Y):
    """Early alignment of an infinitely wide quadratic network (R7): tr(A^4 B) / sqrt(tr(A^4) tr(A^2 B A^2 B))."""
    A, B = moments(X, Y)
    A2 = A @ A
    return np.trace(A2 @ A2 @ B) / np.sqrt(np.trace(A2 @ A2) * np.trace(A2 @ B @ A2 @ B))


@pytest.mark.parametrize("strengths", [(2.0, 3.0), (1.0, -1.0), (0.0, 1.0)])
def test_moments_are_exact_without_noise(strengths):
    X, Y = alignment_breaking_mixture(50, 4, np.random.default_rng(14), balance=0.3, strengths=strengths)
    A, B = moments(X, Y)
    assert np.allclose(A, np.diag([*strengths, 0, 0]), rtol=0, atol=1e-14)
    assert np.allclose(B, np.diag([0.3, 0.7, 0, 0]), rtol=0, atol=1e-15)


def test_shares_are_rounded_and_strengths_stay_exact():
    X, Y = alignment_breaking_mixture(7, 2, np.random.default_rng(15), balance=0.2, strengths=(1.0, 5.0))
    A, B = moments(X, Y)
    assert np.allclose(np.diag(B), [1 / 7, 6 / 7], rtol=1e-14)
    assert np.allclose(np.diag(A), [1, 5], rtol=1e-14)


@pytest.mark.parametrize(("balance", "lowest"), [(0.1, 0.6), (0.5, 1.0), (0.8, 0.8), (0.02, 0.28)])
def test_default_strengths_are_the_worst(balance, lowest):
    """R11: the lowest value is 2 sqrt(p q), computed by hand for these p."""
    rng = np.random.default_rng(16)
    assert np.isclose(early_alignment(*alignment_breaking_mixture(100, 3, rng, balance=balance)), lowest, rtol=1e-12)
    worst = (balance / (1 - balance)) ** 0.25
    for factor in (0.5, 0.98, 1.02, 2.0):
        strengths = (1.0, factor * worst)
        X, Y = alignment_breaking_mixture(100, 3, rng, balance=balance, strengths=strengths)
        if balance == 0.5:  # both directions weigh the same: no strengths can break the alignment
            assert np.isclose(early_alignment(X, Y), 1, rtol=1e-12)
        else:
            assert early_alignment(X, Y) > lowest * (1 + 1e-6)


def test_noise_leads_from_the_lowest_alignment_to_1():
    rho = [
        early_alignment(*alignment_breaking_mixture(200_000, 3, np.random.default_rng(17), variance=variance))
        for variance in (0.0, 0.1, 1.0, 10.0, 100.0)
    ]
    assert all(later > earlier for earlier, later in pairwise(rho))
    assert rho[0] < 0.61
    assert rho[-1] > 0.999


def consistent(products, claim):
    """Do products x_i x_j (or y x_i x_j) have these means? False-alarm rate 1e-6 over all entries."""
    n, d, _ = products.shape
    upper = np.triu_indices(d)
    entries = products[:, upper[0], upper[1]]
    z = (entries.mean(axis=0) - claim[upper]) / (entries.std(axis=0) / np.sqrt(n))
    return np.abs(z).max() < norm.isf(1e-6 / 2 / len(upper[0]))


def test_noise_adds_its_variance_to_both_moments_and_wrong_claims_are_refused():
    p, a, b, s = 0.25, 1.5, 0.5, 2.0
    X, Y = alignment_breaking_mixture(400_000, 3, np.random.default_rng(18), balance=p, variance=s, strengths=(a, b))
    plain = X[:, :, None] * X[:, None, :]
    weighted = Y[:, :, None] * plain
    eye = np.eye(3)
    assert consistent(plain, np.diag([p, 1 - p, 0]) + s * eye)
    assert not consistent(plain, np.diag([p, 1 - p, 0]) + 1.02 * s * eye)
    assert not consistent(plain, s * eye)
    assert consistent(weighted, np.diag([a, b, 0]) + s * (a + b) * eye)
    assert not consistent(weighted, np.diag([a, b, 0]) + 1.02 * s * (a + b) * eye)
    assert not consistent(weighted, np.diag([b, a, 0]) + s * (a + b) * eye)


def test_signs_and_order_are_random():
    """Mean of the inputs, and the correlation of cluster and row, are 0: z-tests at 1e-6 each."""
    n = 10_000
    X, _ = alignment_breaking_mixture(n, 2, np.random.default_rng(19), balance=0.5)
    limit = norm.isf(1e-6 / 2)
    assert np.abs(X.sum(axis=0)).max() < limit * np.sqrt(n / 2)
    in_u = X[:, 0] != 0
    assert abs(in_u[: n // 2].sum() - n / 4) < limit * np.sqrt(n / 16)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 1}, "n must be an integer of at least 2, got 1"),
        ({"d": 1}, "d must be an integer of at least 2, got 1"),
        ({"balance": 0.0}, "balance must be from 0 to 1 and leave samples in both clusters, got 0.0"),
        ({"balance": 1.5}, "balance must be from 0 to 1 .*, got 1.5"),
        ({"balance": 0.01}, "leave samples in both clusters, got 0.01 for n = 20"),
        ({"variance": -1.0}, "variance must be a finite number of at least 0, got -1.0"),
        ({"variance": np.inf}, "variance must be a finite number of at least 0, got inf"),
        ({"strengths": (1.0,)}, r"strengths must be two finite numbers, not both zero, got \(1.0,\)"),
        ({"strengths": (0.0, 0.0)}, "strengths must be two finite numbers, not both zero"),
        ({"strengths": (1.0, np.nan)}, "strengths must be two finite numbers, not both zero"),
    ],
)
def test_bad_options_are_refused(one_line, options, message):
    with pytest.raises(InputError, match=message) as info:
        alignment_breaking_mixture(**{"n": 20, "d": 3, "rng": np.random.default_rng(0), **options})
    one_line(info)
