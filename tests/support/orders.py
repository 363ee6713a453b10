"""Orders at which errors fall, of errors that are a thousand times above rounding: on every processor the same."""

import os
from pathlib import Path

import numpy as np

ROUNDING = 1e-15
"""A few units in the last place of a number of size 1; processors differ in it."""
CLEAR = 1000
"""How many times above rounding an error must be to tell an order."""


def observed_order(errors, scale=1.0):
    """Return the powers of ``t`` at which errors fall when ``t`` is halved again and again.

    Raises
    ------
    ValueError
        If an error is less than a thousand times the rounding of what was subtracted, of size ``scale``.
    """
    sizes = np.abs(np.asarray(errors))
    least, needed = float(np.min(sizes)), CLEAR * ROUNDING * scale
    _record(least / (ROUNDING * scale))
    if least < needed:
        raise ValueError(f"errors must be at least {needed:.0e}, a thousand times rounding, got {least:.1e}")
    return np.log2(sizes[:-1] / sizes[1:])


def _record(margin):
    """Write down how far the errors of a test are above rounding, where `scripts/rounding_matrix.py` asks for it."""
    record = os.environ.get("ORDER_MARGINS")
    if record:
        test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0]
        with Path(record).open("a") as file:
            file.write(f"{margin} {test}\n")
