"""Gaussian inputs with a power-law covariance."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from numerics.checks import require_integer, require_real
from numerics.errors import InputError


def power_law_eigenvalues(d: Any, decay: Any, *, trace: Any = None) -> Float[np.ndarray, "d"]:
    """Covariance eigenvalues ``lambda_j = (1 + j)^-decay``, j = 0, ..., d - 1.

    Parameters
    ----------
    d : int
        Number of inputs.
    decay : float
        Exponent; 0 gives isotropic inputs.
    trace : float, optional
        Scale the eigenvalues to this sum; None leaves the largest at 1 (for ``decay >= 0``).

    Returns
    -------
    (d,) array
        Eigenvalues, in the order of the coordinates.

    Raises
    ------
    InputError
        If ``d`` is not positive, ``decay`` not finite, or ``trace`` not positive.

    Examples
    --------
    >>> power_law_eigenvalues(4, 1.0)
    array([1.        , 0.5       , 0.33333333, 0.25      ])
    """
    require_integer("d", d, 1)
    require_real("decay", decay)
    eigenvalues: NDArray[np.float64] = np.power(1.0 + np.arange(d), -float(decay))
    if trace is None:
        return eigenvalues
    require_real("trace", trace, above=0)
    return eigenvalues * (float(trace) / float(eigenvalues.sum()))


def random_rotation(d: Any, rng: np.random.Generator) -> Float[np.ndarray, "d d"]:
    """Orthogonal matrix from the Haar measure (QR of a Gaussian matrix with the signs of R fixed).

    Parameters
    ----------
    d : int
        Dimension.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    (d, d) array
        The matrix.

    Raises
    ------
    InputError
        If ``d`` is not positive.
    """
    return random_directions(d, d, rng)


def random_directions(d: Any, rank: Any, rng: np.random.Generator) -> Float[np.ndarray, "d r"]:
    """Orthonormal directions, uniform among all such sets.

    Parameters
    ----------
    d : int
        Dimension of the inputs.
    rank : int
        How many directions, at most ``d``.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    (d, rank) array
        Directions in the columns.

    Raises
    ------
    InputError
        If ``d`` is not positive or ``rank`` not from 1 to ``d``.
    """
    require_integer("d", d, 1)
    require_integer("rank", rank, 1, d)
    U, R = np.linalg.qr(rng.standard_normal((d, rank)))
    # The QR of LAPACK favors certain signs; making R's diagonal positive makes the law uniform.
    return U * np.sign(np.diag(R))


def gaussian_inputs(
    n: Any, d: Any, decay: Any, rng: np.random.Generator, *, trace: Any = None, rotation: Any = None
) -> Float[np.ndarray, "n d"]:
    """Independent samples from ``N(0, R diag(lambda) R^T)`` with ``lambda_j = (1 + j)^-decay``.

    Parameters
    ----------
    n, d : int
        Number of samples and of inputs.
    decay : float
        Exponent of the eigenvalues; 0 gives isotropic inputs.
    rng : numpy.random.Generator
        Source of randomness.
    trace : float, optional
        Scale the covariance to this trace; None leaves the eigenvalues as they are.
    rotation : (d, d) array, optional
        Orthogonal matrix R, such as ``random_rotation`` gives; None is the identity.

    Returns
    -------
    (n, d) array
        The inputs.

    Raises
    ------
    InputError
        If a number is out of range or ``rotation`` is not orthogonal of shape (d, d).
    """
    require_integer("n", n, 1)
    X = rng.standard_normal((n, len(power_law_eigenvalues(d, decay, trace=trace))))
    X *= np.sqrt(power_law_eigenvalues(d, decay, trace=trace))
    if rotation is None:
        return X
    R = np.asarray(rotation, dtype=np.float64)
    if R.shape != (d, d):
        raise InputError(f"rotation must have shape ({d}, {d}), got {R.shape}")
    deviation = float(np.abs(R.T @ R - np.eye(d)).max())
    if not deviation < 1e-8:
        raise InputError(f"rotation must be orthogonal, got R^T R off the identity by {deviation:.1e}")
    return X @ R.T
