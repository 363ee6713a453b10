"""The C-NFA of one layer at leading order: ``tr(P S Q S) / sqrt(tr(P S P S) tr(Q S Q S))``.

``P = kappa o A`` and ``Q = kappa^2 o A`` with ``A = R R^T``, the residuals' Gram matrix (derivations ``leading_order``
and ``output_kernels``). Three products of n x n matrices per layer, one of them symmetric; neither ``P`` nor ``Q`` is
kept.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from nfa_theory.predict.blocks import row_blocks, trace_of_products
from numerics import InputError

ResidualRows = Callable[[slice], Any]
"""Gives some rows of ``A``, the Gram matrix of the residuals over outputs, (rows, n)."""

_ROWS = 512  # as many rows as a matrix product needs to run at full speed


def gram_rows(R: Any) -> ResidualRows:
    """Give the rows of ``R R^T`` on demand.

    Parameters
    ----------
    R : (n, c) array
        Residuals.

    Returns
    -------
    callable
        From a slice of samples to an (rows, n) array.
    """
    return lambda rows: R[rows] @ R.T


def c_nfa(kappa: Any, S: Any, residual_rows: ResidualRows, layer: int) -> float:
    """Compute the leading-order C-NFA of a layer from its kernels.

    Parameters
    ----------
    kappa : (n, n) array
        Tangent kernel of the pre-activations, in any units.
    S : (n, n) array
        Gram matrix of the layer's inputs, in any units.
    residual_rows : callable
        Rows of the residuals' Gram matrix.
    layer : int
        Named in the error.

    Returns
    -------
    float
        The cosine of the centered NFM and AGOP as ``t -> 0``.

    Raises
    ------
    InputError
        The layer does not move at leading order, so that its alignment is undefined, or numbers overflow.
    """
    U = kappa @ kappa.T  # symmetric: BLAS computes one half
    T = np.empty_like(U)
    for rows in row_blocks(len(U), _ROWS):
        A = residual_rows(rows)
        np.matmul(kappa[rows] * A, S, out=T[rows])
        U[rows] = (U[rows] * A) @ S
    return cosine(*trace_of_products(T, U), layer)


def c_nfa_of_few_inputs(kappa: Any, Z: Any, residual_rows: ResidualRows, layer: int) -> float:
    """Compute the same as `c_nfa` where ``S = Z Z^T`` with fewer inputs than samples.

    Parameters
    ----------
    kappa : (n, n) array
        Tangent kernel of the pre-activations, in any units.
    Z : (n, m) array
        The layer's inputs.
    residual_rows : callable
        Rows of the residuals' Gram matrix.
    layer : int
        Named in the error.

    Returns
    -------
    float
        The cosine of ``Z^T P Z`` and ``Z^T Q Z``.

    Raises
    ------
    InputError
        As in `c_nfa`.
    """
    kappa2 = kappa @ kappa.T
    F, G = np.zeros((2, Z.shape[1], Z.shape[1]), dtype=Z.dtype)
    for rows in row_blocks(len(Z), _ROWS):
        A = residual_rows(rows)
        F += Z[rows].T @ ((kappa[rows] * A) @ Z)
        G += Z[rows].T @ ((kappa2[rows] * A) @ Z)
    return cosine(*trace_of_products(F, G), layer)


def cosine(numerator: float, first: float, second: float, layer: int) -> float:
    """Divide, and say so where that is impossible.

    Parameters
    ----------
    numerator, first, second : float
        ``tr(P S Q S)``, ``tr(P S P S)`` and ``tr(Q S Q S)``.
    layer : int
        Named in the error.

    Returns
    -------
    float
        The alignment.

    Raises
    ------
    InputError
        A denominator vanishes or is not finite.
    """
    if not np.isfinite([numerator, first, second]).all():
        raise InputError(f"the kernels of layer {layer} must stay finite, got an overflow; scale the inputs down")
    if not (first > 0 and second > 0):
        raise InputError(
            f"the weights of layer {layer} must move at leading order, got a gradient that vanishes on these data: "
            "the alignment is undefined"
        )
    return float(numerator / np.sqrt(first) / np.sqrt(second))
