"""Results that nobody changes by accident."""

from typing import Any

import numpy as np
from jaxtyping import Float


def read_only(values: Any) -> Float[np.ndarray, "..."]:
    """Copy numbers into an array in float64 that refuses to be written."""
    array = np.array(values, dtype=np.float64)
    array.setflags(write=False)
    return array
