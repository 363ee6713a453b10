"""Alignment of matrices: cosine, Pearson correlation of entries, and the ansatz with an exponent.

An alignment with a zero matrix (Pearson: a constant one) is undefined: it is NaN, without a warning.
"""

import math

from array_api_compat import array_namespace
from jaxtyping import Float

from numerics.backend.arrays import Array
from numerics.errors import InputError, unknown

ALIGNMENTS = ("cosine", "pearson")
"""The names of the alignment measures."""


def check_alignment(kind: str) -> str:
    """Return the name of an alignment measure if there is one."""
    if kind not in ALIGNMENTS:
        raise InputError(unknown("alignment", kind, ALIGNMENTS))
    return kind


def cosine_alignment(A: Float[Array, "p q"], B: Float[Array, "p q"]) -> float:
    """Return ``rho(A, B) = tr(A^T B) / (|A|_F |B|_F)``.

    Parameters
    ----------
    A, B : array, shape (p, q)
        Matrices of one shape.

    Returns
    -------
    float
        In [-1, 1]; NaN if a matrix is zero.

    Examples
    --------
    >>> import numpy as np
    >>> round(cosine_alignment(np.diag([1.0, 1.0]), np.diag([1.0, 0.0])), 6)
    0.707107
    """
    xp = array_namespace(A, B)
    # Scaling by the largest entry first keeps products of tiny entries from underflowing.
    A, B = _unit(A), _unit(B)
    return _ratio(float(xp.sum(A * B)), float(xp.sum(A * A)), float(xp.sum(B * B)))


def pearson_alignment(A: Float[Array, "p q"], B: Float[Array, "p q"]) -> float:
    """Return the Pearson correlation of the entries of two matrices: the cosine after subtracting their means.

    Parameters
    ----------
    A, B : array, shape (p, q)
        Matrices of one shape.

    Returns
    -------
    float
        In [-1, 1]; NaN if a matrix is constant.

    Notes
    -----
    This is what the public code of the authors of arXiv 2402.05271 reports.
    """
    xp = array_namespace(A, B)
    return cosine_alignment(A - xp.mean(A), B - xp.mean(B))


def alignment(A: Float[Array, "p q"], B: Float[Array, "p q"], kind: str = "cosine") -> float:
    """Return the alignment of two matrices.

    Parameters
    ----------
    A, B : array, shape (p, q)
        Matrices of one shape.
    kind : str
        ``"cosine"`` or ``"pearson"``.

    Returns
    -------
    float
    """
    return (cosine_alignment if check_alignment(kind) == "cosine" else pearson_alignment)(A, B)


def generalized_alignment(
    nfm: Float[Array, "m m"], agop: Float[Array, "m m"], exponent: float, kind: str = "cosine"
) -> float:
    """Return ``rho(F, G^alpha)``, the ansatz with an exponent.

    Parameters
    ----------
    nfm, agop : array, shape (m, m)
        Positive semidefinite matrices; eigenvalues of `agop` that rounding made negative count as zero.
    exponent : float
        A positive number; 1 is the plain ansatz, 1/L holds in balanced linear networks of L layers.
    kind : str
        ``"cosine"`` or ``"pearson"``.

    Returns
    -------
    float

    Raises
    ------
    InputError
        If the exponent is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> F = np.diag([1.0, 2.0])
    >>> round(generalized_alignment(F, F @ F @ F, 1 / 3), 12)
    1.0
    """
    if not (math.isfinite(exponent) and exponent > 0):
        raise InputError(f"exponent must be positive, got {exponent}")
    xp = array_namespace(nfm, agop)
    values, vectors = xp.linalg.eigh(_unit(agop))
    powers = xp.where(values > 0, values, xp.zeros_like(values)) ** exponent
    return alignment(nfm, (vectors * powers[None, :]) @ vectors.T, kind)


def _unit(A: Array) -> Array:
    xp = array_namespace(A)
    largest = float(xp.max(xp.abs(A)))
    return A if largest == 0.0 or not math.isfinite(largest) else A / largest


def _ratio(product: float, square_a: float, square_b: float) -> float:
    norm = math.sqrt(square_a) * math.sqrt(square_b)
    return product / norm if norm > 0 else math.nan
