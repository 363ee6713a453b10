"""Special functions that the array API standard does not have, for arrays of any namespace."""

import math
from typing import Any

import scipy.special
from array_api_compat import array_namespace, is_cupy_array, is_torch_array

from numerics.backend.arrays import Array, like, to_host


def erf(x: Array) -> Array:
    """Return the error function, elementwise.

    Parameters
    ----------
    x : array
        Real floating values of any namespace; on a GPU they stay there.

    Returns
    -------
    array
        Of the namespace, shape and dtype of `x`.
    """
    if is_torch_array(x):
        return array_namespace(x).special.erf(x)
    if is_cupy_array(x):
        from cupyx.scipy.special import erf as cupy_erf

        return cupy_erf(x)
    return like(scipy.special.erf(to_host(x)), x)


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)), elementwise, without overflow at either end.

    Parameters
    ----------
    x : array
        Real floating values.

    Returns
    -------
    array
    """
    return 0.5 * (1 + array_namespace(x).tanh(0.5 * x))


def gaussian_cdf(x: Array) -> Array:
    """Return the distribution function of the standard Gaussian, elementwise.

    Parameters
    ----------
    x : array
        Real floating values.

    Returns
    -------
    array
    """
    return 0.5 * (1 + erf(x * math.sqrt(0.5)))


def gaussian_pdf(x: Array) -> Array:
    """Return the density of the standard Gaussian, elementwise.

    Parameters
    ----------
    x : array
        Real floating values.

    Returns
    -------
    array
    """
    xp: Any = array_namespace(x)
    return xp.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
