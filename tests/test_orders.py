"""The helper of order tests refuses errors that are decided by rounding."""

import numpy as np
import pytest
from orders import CLEAR, ROUNDING, observed_order


def test_orders_are_those_of_powers():
    t = 0.1 / 2 ** np.arange(4)
    np.testing.assert_allclose(observed_order(3 * t**2), 2.0)


def test_errors_near_rounding_are_refused():
    with pytest.raises(ValueError, match="a thousand times rounding"):
        observed_order([1e-9, 0.9 * CLEAR * ROUNDING])
    with pytest.raises(ValueError, match="a thousand times rounding"):
        observed_order([1e-9, 2e-10], scale=1e4)
