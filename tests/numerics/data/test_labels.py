"""z-tests at a false-alarm rate of 1e-6 each; the seeds are fixed."""

import numpy as np
import pytest
from scipy.stats import norm

from numerics.data import random_labels
from numerics.errors import InputError

LIMIT = norm.isf(1e-6 / 2)


@pytest.mark.parametrize("law", ["gaussian", "sign"])
def test_mean_0_and_independent_columns(law):
    n = 100_000
    Y = random_labels(n, np.random.default_rng(12), outputs=2, law=law)
    assert Y.shape == (n, 2)
    assert np.abs(Y.sum(axis=0)).max() < LIMIT * np.sqrt(n)
    assert abs(Y[:, 0] @ Y[:, 1]) < LIMIT * np.sqrt(n)
    assert abs(Y[1:, 0] @ Y[:-1, 0]) < LIMIT * np.sqrt(n)


def test_variance_is_1_and_a_variance_off_by_2_percent_is_refused():
    assert set(np.unique(random_labels(50, np.random.default_rng(0), law="sign"))) == {-1.0, 1.0}
    n = 1_000_000
    variance = np.mean(random_labels(n, np.random.default_rng(13)) ** 2)

    def consistent(claim):
        return abs(variance / claim - 1) < LIMIT * np.sqrt(2 / n)

    assert consistent(1.0)
    assert not consistent(1.02)
    assert not consistent(0.98)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0}, "n must be an integer of at least 1, got 0"),
        ({"outputs": 0}, "outputs must be an integer of at least 1, got 0"),
        ({"law": "cauchy"}, "unknown law of labels 'cauchy'; expected one of gaussian, sign"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        random_labels(**{"n": 3, "rng": np.random.default_rng(0), **options})
