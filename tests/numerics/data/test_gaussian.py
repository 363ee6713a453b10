"""Each z-test compares all entries at once, at a false-alarm rate of 1e-6 in all (and the seeds are fixed)."""

import numpy as np
import pytest
from scipy.stats import norm

from numerics.data import gaussian_inputs, power_law_eigenvalues, random_directions, random_rotation
from numerics.errors import InputError


def consistent(X, covariance):
    """Do zero-mean Gaussian samples have this covariance? Exact variances of the entries, Bonferroni over them."""
    n, d = X.shape
    moments = X.T @ X / n
    deviation = np.sqrt((np.outer(np.diag(covariance), np.diag(covariance)) + covariance**2) / n)
    z = ((moments - covariance) / deviation)[np.triu_indices(d)]
    return np.abs(z).max() < norm.isf(1e-6 / 2 / len(z))


@pytest.mark.parametrize("rotate", [False, True])
def test_covariance_is_the_power_law_and_wrong_ones_are_refused(rotate):
    d, decay, n = 5, 0.7, 400_000
    rng = np.random.default_rng(7)
    R = random_rotation(d, rng) if rotate else np.eye(d)
    X = gaussian_inputs(n, d, decay, rng, rotation=R if rotate else None)
    eigenvalues = np.array([1.0, 2**-decay, 3**-decay, 4**-decay, 5**-decay])
    assert consistent(X, R @ np.diag(eigenvalues) @ R.T)
    assert not consistent(X, R @ np.diag(eigenvalues * [1, 1, 1, 1, 1.02]) @ R.T)
    assert not consistent(X, R @ np.diag(eigenvalues**1.04) @ R.T)
    assert not consistent(X, R @ np.diag(np.arange(2.0, 7) ** -decay) @ R.T)
    if rotate:
        assert not consistent(X, R.T @ np.diag(eigenvalues) @ R)


def test_mean_is_zero():
    n = 100_000
    X = gaussian_inputs(n, 3, 1.0, np.random.default_rng(8))
    z = X.sum(axis=0) / np.sqrt(n * np.array([1, 1 / 2, 1 / 3]))
    assert np.abs(z).max() < norm.isf(1e-6 / 6)


def test_trace_is_exact():
    assert np.isclose(power_law_eigenvalues(50, 1.3, trace=7.0).sum(), 7.0, rtol=1e-14)
    ratio = power_law_eigenvalues(50, 1.3, trace=7.0) / power_law_eigenvalues(50, 1.3)
    assert np.ptp(ratio) < 1e-14 * ratio[0]
    same = [gaussian_inputs(4, 3, 1.0, np.random.default_rng(0), trace=trace) for trace in (None, 22 / 3)]
    assert np.allclose(same[1], 2 * same[0], rtol=1e-14)  # 1 + 1/2 + 1/3 = 11/6, a quarter of 22/3


def test_same_generator_same_inputs():
    first, second = (gaussian_inputs(5, 4, 1.0, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize(("d", "rank"), [(1, 1), (5, 2), (6, 6)])
def test_directions_are_orthonormal(d, rank):
    U = random_directions(d, rank, np.random.default_rng(9))
    assert U.shape == (d, rank)
    assert np.abs(U.T @ U - np.eye(rank)).max() < 1e-14


def test_rotations_are_uniform_and_the_plain_qr_is_not():
    """Under the Haar measure each entry has mean 0 and variance 1/d; LAPACK's QR alone has signs it prefers."""
    d, draws = 3, 4000
    rng = np.random.default_rng(10)

    def uniform(matrices):
        z = matrices.sum(axis=0) / np.sqrt(draws / d)
        return np.abs(z).max() < norm.isf(1e-6 / 2 / d**2)

    assert uniform(np.array([random_rotation(d, rng) for _ in range(draws)]))
    assert not uniform(np.array([np.linalg.qr(rng.standard_normal((d, d)))[0] for _ in range(draws)]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n must be an integer of at least 1, got 0"),
        ({"d": 0}, "d must be an integer of at least 1, got 0"),
        ({"d": 2.5}, "d must be an integer of at least 1, got 2.5"),
        ({"d": True}, "d must be an integer of at least 1, got True"),
        ({"decay": np.nan}, "decay must be a finite number, got nan"),
        ({"decay": "fast"}, "decay must be a finite number, got fast"),
        ({"trace": 0}, "trace must be positive, got 0"),
        ({"rotation": np.eye(3)}, r"rotation must have shape \(2, 2\), got \(3, 3\)"),
        ({"rotation": 1.01 * np.eye(2)}, r"rotation must be orthogonal, got R\^T R off the identity by 2.0e-02"),
        ({"rotation": np.full((2, 2), np.nan)}, r"rotation must be orthogonal, got R\^T R off .* nan"),
    ],
)
def test_bad_numbers_are_refused(one_line, arguments, message):
    with pytest.raises(InputError, match=message) as info:
        gaussian_inputs(**{"n": 3, "d": 2, "decay": 1.0, "rng": np.random.default_rng(0), **arguments})
    one_line(info)


def test_no_more_directions_than_inputs():
    with pytest.raises(InputError, match="rank must be an integer from 1 to 3, got 4"):
        random_directions(3, 4, np.random.default_rng(0))
