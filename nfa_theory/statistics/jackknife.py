"""Standard errors by leaving out one member at a time: of anything that is computed from independent members."""

from collections.abc import Callable
from typing import Any

import numpy as np


def jackknife(statistic: Callable[[Any], Any], count: int) -> tuple[Any, Any]:
    """Compute a statistic of the members with the given numbers, and its standard error.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 6.0])
    >>> value, error = jackknife(lambda kept: x[kept].mean(), 3)
    >>> bool(np.isclose(error, x.std(ddof=1) / np.sqrt(3)))
    True
    """
    everyone = np.arange(count)
    return statistic(everyone), jackknife_error(np.array([statistic(np.delete(everyone, i)) for i in everyone]))


def jackknife_error(left_out: Any, axis: int = 0) -> Any:
    """Take the standard error from the values of a statistic without each member, which lie along an axis."""
    left_out = np.asarray(left_out)
    return np.sqrt((left_out.shape[axis] - 1) * left_out.var(axis=axis))
