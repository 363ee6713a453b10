"""All pairs of many samples at once: Hermite coefficients by sample, then a power series in the correlation.

Claim: for unit-variance Gaussians with correlation ``r``, ``E[He_j(x) He_k(y)] = k! r^k`` if ``j = k``, else 0 (Mehler
1866; an obligation of the package). So ``E[phi(s x) phi(t y)] = sum_k a_k(s) a_k(t) r^k`` with
``a_k(s) = E[phi(s x) He_k(x)] / sqrt(k!)``. The terms from ``K`` on are at most ``sqrt(tail(s) tail(t)) |r|^K``
together, by Cauchy and Schwarz, where Parseval gives ``tail(s) = E[phi(s x)^2] - sum_(k<K) a_k(s)^2``. One even and one
odd term of that size stand for them, which is exact at ``r = 1`` and ``r = -1``. The coefficients cost one integral per
sample, not per pair; it is done by the trapezoidal rule, whose error for these activations is far below the tail's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from derivations.activation_integrals.definitions import ActivationError

TERMS = (16, 32, 64, 128, 256)
_GRID = np.linspace(-42, 42, 1681)  # He_255 has died off before its ends
TOLERANCE = 1e-4
"""Largest accepted tail, relative to the largest diagonal entry."""


@cache
def _basis(terms: int) -> Any:
    """Tabulate ``He_k / sqrt(k!)`` times the root of the quadrature weight, so that nothing overflows."""
    basis = np.zeros((terms, _GRID.size))
    basis[0] = np.exp(-(_GRID**2) / 4) * np.sqrt((_GRID[1] - _GRID[0]) / np.sqrt(2 * np.pi))
    basis[1] = _GRID * basis[0]
    for k in range(2, terms):
        basis[k] = (_GRID * basis[k - 1] - np.sqrt(k - 1) * basis[k - 2]) / np.sqrt(k)
    basis.setflags(write=False)
    return basis


def sampled(activation: Callable[[Any], Any], deviation: Any) -> Any:
    """Evaluate ``phi(s x)`` on the grid, times the root of the quadrature weight.

    Parameters
    ----------
    activation : callable
        ``phi``, elementwise.
    deviation : (n,) array
        Standard deviations ``s``.

    Returns
    -------
    (n, nodes) array
        float64; not finite where the activation overflows.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return activation(deviation[:, None] * _GRID) * _basis(2)[0]


def hermite_coefficients(values: Any, terms: int) -> tuple[Any, Any]:
    """Compute Hermite coefficients by sample.

    Parameters
    ----------
    values : (n, nodes) array
        From `sampled`.
    terms : int
        How many coefficients, an even number.

    Returns
    -------
    coefficients : (n, terms) array
        ``a_k(s)``, float64.
    tails : (n, 2) array
        What the even and the odd part of ``E[phi(s x)^2]`` exceed the sum of their squares by, not negative.
    """
    coefficients = values @ _basis(terms).T
    mirrored = values[:, ::-1]  # the grid is symmetric
    parts = ((values + mirrored) / 2, (values - mirrored) / 2)
    tails = [(part**2).sum(axis=1) - (coefficients[:, odd::2] ** 2).sum(axis=1) for odd, part in enumerate(parts)]
    return coefficients, np.maximum(np.stack(tails, axis=1), 0)


@dataclass(frozen=True)
class MehlerKernel:
    """The dual of an activation between any two of ``n`` samples.

    Parameters
    ----------
    deviation : (n,) array
        Standard deviations of the pre-activations.
    coefficients : (n, K) array
        Hermite coefficients by sample; the last two stand for all that were left out.
    error_bound : float
        Bound on the error of an entry at correlation ``r``, to be multiplied by ``|r|^(K - 2)``.
    """

    deviation: Any
    coefficients: Any
    error_bound: float

    def __call__(self, covariance: Any, rows: slice, columns: slice) -> Any:
        """Evaluate one block.

        Parameters
        ----------
        covariance : (rows, columns) array
            Covariances of the block.
        rows, columns : slice
            Which samples they belong to.

        Returns
        -------
        ndarray
            The block, in the dtype of `covariance`.
        """
        dtype = covariance.dtype
        s, t = (self.deviation[part].astype(dtype) for part in (rows, columns))
        scale = s[:, None] * t[None, :]
        r = np.clip(covariance / np.where(scale == 0, 1, scale), -1, 1)
        a = np.ascontiguousarray(self.coefficients[rows].T.astype(dtype))
        b = np.ascontiguousarray(self.coefficients[columns].T.astype(dtype))
        value, product = np.zeros_like(r), np.empty_like(r)
        for left, right in zip(a[::-1], b[::-1], strict=True):  # Horner
            value *= r
            value += np.multiply(left[:, None], right[None, :], out=product)
        return value


def mehler_kernel(activation: Callable[[Any], Any], variance: Any) -> MehlerKernel:
    """Expand an activation for given variances, with as many terms as they need.

    Parameters
    ----------
    activation : callable
        ``phi``, elementwise.
    variance : (n,) array
        Variances of the pre-activations; their dtype sets the accuracy asked for.

    Returns
    -------
    MehlerKernel
        With its `error_bound`.

    Raises
    ------
    ActivationError
        The bound stays above `TOLERANCE` of the largest diagonal entry.
    """
    deviation = np.sqrt(np.asarray(variance, dtype=np.float64))
    values = sampled(activation, deviation)
    aim = 1e-13 if variance.dtype == np.float64 else 1e-7
    for terms in TERMS:
        coefficients, tails = hermite_coefficients(values, terms)
        square = (coefficients**2).sum(axis=1) + tails.sum(axis=1)
        largest, bound = float(square.max()), float(tails.sum(axis=1).max())
        if bound <= aim * largest:
            break
    if not bound <= TOLERANCE * largest:
        raise ActivationError(
            f"the Hermite series of the activation must reach a relative error of {TOLERANCE}, got "
            f"{bound / largest:.1e} after {terms} terms at variance {deviation.max() ** 2:.3g}; scale the inputs down"
        )
    closed = np.concatenate([coefficients, np.sqrt(tails)], axis=1)  # as if one more even and odd term were all
    return MehlerKernel(deviation, closed, bound)
