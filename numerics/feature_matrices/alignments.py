"""Alignment of matrices: cosine, Pearson correlation of entries, and the ansatz with an exponent.

An alignment with a zero matrix (Pearson: a constant one) is undefined: it is NaN, without a warning.
"""

import math

from array_api_compat import array_namespace
from jaxtyping import Float

from numerics.backend.arrays import Array
from numerics.checks import one_of, require_real

ALIGNMENTS = ("cosine", "pearson")
"""The names of the alignment measures."""


def check_alignment(kind: str) -> str:
    """Return the name of an alignment measure if there is one."""
    return one_of("alignment", kind, ALIGNMENTS)


def alignment(A: Float[Array, "p q"], B: Float[Array, "p q"], kind: str = "cosine", exponent: float = 1) -> float:
    """Return the alignment of two matrices, ``rho(A, B) = tr(A^T B) / (|A|_F |B|_F)`` or the correlation of entries.

    Parameters
    ----------
    A, B : array, shape (p, q)
        Matrices of one shape, for the ansatz the NFM and the AGOP.
    kind : str
        ``"cosine"``; ``"pearson"`` subtracts the means of the entries first.
    exponent : float
        Take the power ``B^exponent`` first. Other than 1, `B` must be positive semidefinite, shape (p, p); eigenvalues
        that rounding made negative count as zero. In balanced linear networks of L layers 1/L holds.

    Returns
    -------
    float
        In [-1, 1]; NaN if a matrix is zero (Pearson: constant).

    Raises
    ------
    InputError
        If there is no such kind, or the exponent is not positive.

    Notes
    -----
    The cosine is that of Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271); their public code reports Pearson's.

    Examples
    --------
    >>> import numpy as np
    >>> F = np.diag([1.0, 2.0])
    >>> round(alignment(F, np.diag([1.0, 0.0])), 6)
    0.447214
    >>> round(alignment(F, F @ F @ F, exponent=1 / 3), 12)
    1.0
    """
    check_alignment(kind)
    if require_real("exponent", exponent, above=0) != 1:
        B = _power(B, exponent)
    xp = array_namespace(A, B)
    if kind == "pearson":
        A, B = A - xp.mean(A), B - xp.mean(B)
    # Scaling by the largest entry first keeps products of tiny entries from underflowing.
    A, B = _unit(A), _unit(B)
    return _ratio(float(xp.sum(A * B)), float(xp.sum(A * A)), float(xp.sum(B * B)))


def _power(B: Float[Array, "m m"], exponent: float) -> Float[Array, "m m"]:
    """Return the power of a positive semidefinite matrix, up to a factor."""
    xp = array_namespace(B)
    values, vectors = xp.linalg.eigh(_unit(B))
    powers = xp.where(values > 0, values, xp.zeros_like(values)) ** exponent
    return (vectors * powers[None, :]) @ vectors.T


def _unit(A: Array) -> Array:
    xp = array_namespace(A)
    largest = float(xp.max(xp.abs(A)))
    return A if largest == 0.0 or not math.isfinite(largest) else A / largest


def _ratio(product: float, square_a: float, square_b: float) -> float:
    norm = math.sqrt(square_a) * math.sqrt(square_b)
    return product / norm if norm > 0 else math.nan
