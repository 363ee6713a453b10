"""Target functions of the inputs: linear, quadratic, chain of monomials, multi-index polynomial."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from numerics.checks import require_integer
from numerics.errors import InputError


def linear_teacher(X: Any, coefficients: Any) -> Float[np.ndarray, "n c"]:
    """Linear targets, ``y = B^T x``.

    Parameters
    ----------
    X : (n, d) array
        Inputs.
    coefficients : (d, c) or (d,) array
        The matrix B.

    Returns
    -------
    (n, c) array
        Targets.

    Raises
    ------
    InputError
        If shapes do not fit.

    Examples
    --------
    >>> linear_teacher([[1.0, 2.0], [3.0, 4.0]], [10.0, 1.0])
    array([[12.],
           [34.]])
    """
    X = _inputs(X)
    B = np.asarray(coefficients, dtype=np.float64)
    if B.ndim not in (1, 2) or len(B) != X.shape[1]:
        raise InputError(f"coefficients must have shape ({X.shape[1]}, outputs), got {B.shape}")
    Y: NDArray[Any] = X @ B.reshape(len(B), -1)
    return Y


def quadratic_teacher(X: Any, matrix: Any) -> Float[np.ndarray, "n 1"]:
    """Quadratic targets, ``y = x^T Q x``.

    Parameters
    ----------
    X : (n, d) array
        Inputs.
    matrix : (d, d) array
        The matrix Q; only its symmetric part matters.

    Returns
    -------
    (n, 1) array
        Targets, not centered: their mean over Gaussian inputs is ``tr(Q Sigma)``.

    Raises
    ------
    InputError
        If shapes do not fit.

    Examples
    --------
    >>> quadratic_teacher([[1.0, 2.0]], [[1.0, 3.0], [0.0, 1.0]])
    array([[11.]])
    """
    X = _inputs(X)
    Q = np.asarray(matrix, dtype=np.float64)
    if Q.shape != (X.shape[1], X.shape[1]):
        raise InputError(f"matrix must have shape ({X.shape[1]}, {X.shape[1]}), got {Q.shape}")
    Y: NDArray[Any] = np.sum((X @ Q) * X, axis=1, keepdims=True)
    return Y


def chain_monomial(X: Any, rank: Any) -> Float[np.ndarray, "n 1"]:
    """Targets ``y = sum_{i < r} x_i x_{(i + 1) mod r}`` of the first r inputs.

    Parameters
    ----------
    X : (n, d) array
        Inputs.
    rank : int
        Length r of the chain, from 1 to d. At r = 1 this is ``x_0^2``, at r = 2 it is ``2 x_0 x_1``.

    Returns
    -------
    (n, 1) array
        Targets.

    Raises
    ------
    InputError
        If ``rank`` is not from 1 to d.

    Examples
    --------
    >>> chain_monomial([[2.0, 3.0, 5.0, 7.0]], 3)  # 2 3 + 3 5 + 5 2
    array([[31.]])
    """
    X = _inputs(X)
    require_integer("rank", rank, 1, X.shape[1])
    chain = X[:, :rank]
    Y: NDArray[Any] = np.sum(chain * np.roll(chain, -1, axis=1), axis=1, keepdims=True)
    return Y


def multi_index(X: Any, directions: Any, exponents: Any, coefficients: Any) -> Float[np.ndarray, "n 1"]:
    """Polynomial of r projections, ``y = sum_t c_t prod_i (u_i . x)^e_{ti}``.

    Parameters
    ----------
    X : (n, d) array
        Inputs.
    directions : (d, r) array
        The vectors u_i in the columns.
    exponents : (t, r) array of ints
        Exponents of each term, not negative.
    coefficients : (t,) array
        Coefficient of each term.

    Returns
    -------
    (n, 1) array
        Targets.

    Raises
    ------
    InputError
        If shapes do not fit or an exponent is negative or not an integer.

    Examples
    --------
    >>> multi_index([[2.0, 3.0]], [[1.0, 0.0], [0.0, 1.0]], [[1, 2], [0, 1]], [1.0, 10.0])  # 2 9 + 10 3
    array([[48.]])
    """
    X = _inputs(X)
    U, c, e = (np.asarray(array) for array in (directions, coefficients, exponents))
    if U.ndim != 2 or len(U) != X.shape[1]:
        raise InputError(f"directions must have shape ({X.shape[1]}, r), got {U.shape}")
    if c.ndim != 1 or e.shape != (len(c), U.shape[1]):
        raise InputError(
            f"exponents must have shape (terms, {U.shape[1]}) and coefficients (terms,), got {e.shape} and {c.shape}"
        )
    if e.dtype.kind not in "ui" or (e < 0).any():
        raise InputError(f"exponents must be integers of at least 0, got {e.min()} in dtype {e.dtype}")
    projections = X @ U
    y = np.zeros(len(X))
    for coefficient, powers in zip(c, e, strict=True):  # one term at a time: all at once need n t r numbers
        y += coefficient * np.prod(projections**powers, axis=1)
    return y[:, None]


def _inputs(X: Any) -> NDArray[Any]:
    array = np.asarray(X)
    if array.ndim != 2:
        raise InputError(f"X must have shape (samples, inputs), got {array.shape}")
    return array
