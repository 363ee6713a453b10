"""Special functions that the array API standard does not have, for arrays of any namespace."""

import math
from typing import Any

import scipy.special
from array_api_compat import array_namespace, is_cupy_array, is_torch_array

from numerics.backend.arrays import Array, like, to_host


def erf(x: Array) -> Array:
    """Return the error function, elementwise."""
    if is_torch_array(x):
        return array_namespace(x).special.erf(x)
    if is_cupy_array(x):
        from cupyx.scipy.special import erf as cupy_erf

        return cupy_erf(x)
    return like(scipy.special.erf(to_host(x)), x)


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)), elementwise, without overflow at either end."""
    return 0.5 * (1 + array_namespace(x).tanh(0.5 * x))


def gaussian_cdf(x: Array) -> Array:
    """Return the distribution function of the standard Gaussian, elementwise."""
    return 0.5 * (1 + erf(x * math.sqrt(0.5)))


def gaussian_pdf(x: Array) -> Array:
    """Return the density of the standard Gaussian, elementwise."""
    xp: Any = array_namespace(x)
    return xp.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
