"""All pairs of many samples at once: Hermite coefficients by sample, then a power series in the correlation.

Claim: for unit-variance Gaussians with correlation ``r``, ``E[He_j(x) He_k(y)] = k! r^k`` if ``j = k``, else
0 (Mehler 1866; an obligation of the package). So ``E[phi(s x) phi(t y)] = sum_k a_k(s) a_k(t) r^k`` with
``a_k(s) = E[phi(s x) He_k(x)] / sqrt(k!)``. Truncated after ``K`` terms it is wrong by at most ``sqrt(tail(s)
tail(t)) |r|^K``, by Cauchy and Schwarz, where Parseval gives ``tail(s) = E[phi(s x)^2] - sum_(k<K)
a_k(s)^2``. The coefficients cost one integral per sample, not per pair.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from derivations.activation_integrals.definitions import ActivationError
from derivations.activation_integrals.quadrature import normal_rule

TERMS = (16, 32, 64, 128, 192)
_NODES = 448
TOLERANCE = 1e-6
"""Largest accepted truncation error, relative to the largest diagonal entry."""


def hermite_coefficients(activation: Callable[[Any], Any], deviation: Any, terms: int) -> tuple[Any, Any]:
    """Compute the Hermite coefficients of ``phi(s x)`` for every standard deviation.

    Parameters
    ----------
    activation : callable
        ``phi``, elementwise.
    deviation : (n,) array
        Standard deviations ``s``.
    terms : int
        How many coefficients.

    Returns
    -------
    coefficients : (n, terms) array
        ``a_k(s)``, float64.
    tail : (n,) array
        ``E[phi(s x)^2]`` less the sum of their squares, not negative.
    """
    nodes, weights = normal_rule(_NODES)
    root = np.sqrt(weights)
    basis = np.zeros((terms, nodes.size))  # sqrt(weight) He_k / sqrt(k!), so that no row overflows
    basis[0] = root
    if terms > 1:
        basis[1] = nodes * root
    for k in range(2, terms):
        basis[k] = (nodes * basis[k - 1] - np.sqrt(k - 1) * basis[k - 2]) / np.sqrt(k)
    values = activation(deviation[:, None] * nodes) * root
    coefficients = values @ basis.T
    tail = np.maximum((values**2).sum(axis=1) - (coefficients**2).sum(axis=1), 0)
    return coefficients, tail


@dataclass(frozen=True)
class MehlerKernel:
    """The dual of an activation between any two of ``n`` samples.

    Parameters
    ----------
    deviation : (n,) array
        Standard deviations of the pre-activations.
    coefficients : (n, K) array
        Hermite coefficients by sample.
    error_bound : float
        Largest truncation error of an entry.
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
    aim = 1e-13 if variance.dtype == np.float64 else 1e-7
    for terms in TERMS:
        coefficients, tail = hermite_coefficients(activation, deviation, terms)
        largest = float(((coefficients**2).sum(axis=1) + tail).max())
        bound = float(tail.max())
        if bound <= aim * largest:
            break
    if not bound <= TOLERANCE * largest:
        raise ActivationError(
            f"the Hermite series of the activation must reach a relative error of {TOLERANCE}, got "
            f"{bound / largest:.1e} after {terms} terms at variance {deviation.max() ** 2:.3g}; scale the inputs down"
        )
    return MehlerKernel(deviation, coefficients, bound)
