"""The dual and that of the derivative together, against each alone."""

import numpy as np
import pytest

from derivations.activation_integrals import dual

ALL = [
    *((name, None) for name in ("linear", "quadratic", "cubic", "relu", "erf", "exp", "sin", "cos")),
    *((name, None) for name in ("tanh", "gelu", "silu", "softplus")),
    *(("leaky_relu", slope) for slope in (0.1, 1)),
    ("hermite", 4),
]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("name", "parameter"), ALL)
def test_both_together_equal_each_alone(name, parameter, dtype):
    Z = np.random.default_rng(4).normal(size=(30, 8)).astype(dtype)
    Z[3], Z[21] = 0, Z[7]  # no variance; the same sample twice
    K = Z @ Z.T / dtype(8)
    q = K.diagonal().copy()
    theory, rows, columns = dual(name, parameter), slice(0, 12), slice(2, 30)
    both = theory.on_samples_with_slope(q)
    found = both(K[rows, columns], rows, columns)
    for block, each, alone in zip(found, (theory, theory.derivative), (both.value, both.slope), strict=True):
        expected = each.on_samples(q)(K[rows, columns], rows, columns)
        assert block.dtype == dtype
        assert block.shape == expected.shape
        np.testing.assert_allclose(block, expected, rtol=20 * np.finfo(dtype).eps, atol=np.finfo(dtype).eps)
        eps = np.finfo(dtype).eps  # series may end at other terms, below the accuracy asked for
        np.testing.assert_allclose(alone(K[rows, columns], rows, columns), expected, rtol=20 * eps, atol=eps)
    wrong = theory.on_samples(q)(K[rows, columns] * dtype(1.001), rows, columns)
    assert np.any(abs(found[0] - wrong) > 1e-5 * abs(wrong))
