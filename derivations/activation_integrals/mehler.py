"""All pairs of many samples at once: Hermite coefficients by sample, then a power series in the correlation.

Claim: for unit-variance Gaussians with correlation ``r``, ``E[He_j(x) He_k(y)] = k! r^k`` if ``j = k``, else 0 (Mehler
1866; an obligation of the package). So ``E[phi(s x) phi(t y)] = sum_k a_k(s) a_k(t) r^k`` with
``a_k(s) = E[phi(s x) He_k(x)] / sqrt(k!)``. The terms from ``K`` on are at most ``sqrt(tail(s) tail(t)) |r|^K``
together, by Cauchy and Schwarz, where Parseval gives ``tail(s) = E[phi(s x)^2] - sum_(k<K) a_k(s)^2``. One even and one
odd term of that size stand for them, which is exact at ``r = 1`` and ``r = -1``. The coefficients are integrals that
depend on one sample, not on a pair, and smoothly on its variance; they are done by the trapezoidal rule, whose error
for these activations is far below the tail's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Shaped

from derivations.activation_integrals.definitions import ActivationError
from derivations.activation_integrals.smooth import evaluate

TERMS = (16, 32, 64, 128, 256)
_SAMPLES = 128  # expanded together: the values on the grid are not kept
_GRID = np.linspace(-42, 42, 1681)  # He_255 has died off before its ends
TOLERANCE = 1e-8
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


def sampled(activation: Callable[[Any], Any], deviation: Shaped[Any, "n"]) -> Shaped[Any, "n nodes"]:
    """Evaluate ``phi(s x)`` on the grid, times the root of the quadrature weight."""
    with np.errstate(over="ignore", invalid="ignore"):
        return activation(deviation[:, None] * _GRID) * _basis(2)[0]


def hermite_coefficients(activation: Callable[[Any], Any], deviation: Shaped[Any, "n"]) -> tuple[Any, Any]:
    """Compute Hermite coefficients by sample."""
    basis = _basis(TERMS[-1])
    coefficients, squares = np.empty((len(deviation), len(basis))), np.empty((len(deviation), 2))
    for first in range(0, len(deviation), _SAMPLES):
        part = slice(first, first + _SAMPLES)
        values = sampled(activation, deviation[part])
        mirrored = values[:, ::-1]  # the grid is symmetric
        with np.errstate(over="ignore", invalid="ignore"):  # then the series is refused
            coefficients[part] = values @ basis.T
            for odd, half in enumerate((values + mirrored, values - mirrored)):
                squares[part, odd] = np.einsum("ij,ij->i", half, half) / 4
    return coefficients, squares


@dataclass(frozen=True)
class MehlerKernel:
    """The dual of an activation between any two of ``n`` samples.

    Parameters
    ----------
    deviation : (n,) array
        Standard deviations of the pre-activations.
    mean_square : (n,) array
        Values of the samples with themselves.
    by_parity : tuple of two (terms, n) array
        Even and odd Hermite coefficients, the last of each for all that were left out, and without those at the end
        that the accuracy asked for does not need: many an activation is even or odd but for its first terms.
    error_bound : float
        Bound on the error of an entry, but for rounding.
    """

    deviation: Any
    mean_square: Any
    by_parity: tuple[Any, Any]
    error_bound: float

    def __call__(self, covariance: Shaped[Any, "rows columns"], rows: slice, columns: slice) -> Any:
        """Evaluate one block."""
        r, square = self.correlation(covariance, rows, columns)
        return self.series(r, square, rows, columns)

    def correlation(self, covariance: Any, rows: slice, columns: slice) -> tuple[Any, Any]:
        """Compute the correlations of a block and their squares; for the parameters see `__call__`."""
        s, t = (self.deviation[part].astype(covariance.dtype, copy=False) for part in (rows, columns))
        scale = s[:, None] * t[None, :]
        if not scale.all():
            scale[scale == 0] = 1
        r = np.divide(covariance, scale, out=scale)
        np.clip(r, -1, 1, out=r)
        return r, r * r

    def series(
        self, r: Shaped[Any, "rows columns"], square: Shaped[Any, "rows columns"], rows: slice, columns: slice
    ) -> Any:
        """Sum the series of a block."""
        value = self._series(1, rows, columns, square)
        value *= r
        value += self._series(0, rows, columns, square)
        return value

    def _series(self, parity: int, rows: slice, columns: slice, square: Any) -> Any:
        """Sum the even or the odd terms of a block, without the correlation before the odd ones, by Horner."""
        left, right = (self.by_parity[parity][:, part].astype(square.dtype, copy=False) for part in (rows, columns))
        value, product = np.zeros_like(square), np.empty_like(square)
        for a, b in zip(left[::-1], right[::-1], strict=True):
            value *= square
            value += np.multiply(a[:, None], b[None, :], out=product)
        return value

    def diagonal(self) -> Shaped[Any, "n"]:
        """Return the value of every sample with itself."""
        return self.mean_square


@dataclass(frozen=True)
class MehlerKernelWithSlope:
    """The duals of an activation and of its derivative between any two of ``n`` samples.

    Parameters
    ----------
    value, slope : MehlerKernel
        Each alone, of the same samples.
    """

    value: MehlerKernel
    slope: MehlerKernel

    @property
    def numbers_per_sample(self) -> int:
        """How many numbers are kept for each sample: coefficients, deviations and mean squares."""
        return sum(2 + sum(map(len, each.by_parity)) for each in (self.value, self.slope))

    def __call__(self, covariance: Shaped[Any, "rows columns"], rows: slice, columns: slice) -> tuple[Any, Any]:
        """Evaluate one block."""
        r, square = self.value.correlation(covariance, rows, columns)
        return tuple(each.series(r, square, rows, columns) for each in (self.value, self.slope))


def mehler_kernel(activation: Callable[[Any], Any], variance: Shaped[Any, "n"]) -> MehlerKernel:
    """Expand an activation for given variances, with as many terms as they need."""
    deviation = np.sqrt(np.asarray(variance, dtype=np.float64))
    columns = evaluate(lambda s: np.hstack(hermite_coefficients(activation, s)), deviation)
    all_coefficients, squares = columns[:, :-2], np.maximum(columns[:, -2:], 0)
    largest = float(squares.sum(axis=1).max())
    aim = 1e-13 if variance.dtype == np.float64 else 1e-7
    for terms in TERMS:
        coefficients = all_coefficients[:, :terms]
        kept = np.stack([(coefficients[:, odd::2] ** 2).sum(axis=1) for odd in (0, 1)], axis=1)
        tails = np.maximum(squares - kept, 0)
        bound = float(tails.sum(axis=1).max())
        if bound <= aim * largest:
            break
    if not bound <= TOLERANCE * largest:
        raise ActivationError(
            f"the Hermite series of the activation must reach a relative error of {TOLERANCE}, got "
            f"{bound / largest:.1e} after {terms} terms at variance {deviation.max() ** 2:.3g}; scale the inputs down"
        )
    closed = np.concatenate([coefficients, np.sqrt(tails)], axis=1)  # as if one more even and odd term were all
    dtype = np.float32 if variance.dtype == np.float32 else np.float64
    even, odd = (_without_the_end(closed[:, parity::2].T, aim * largest / 2).astype(dtype) for parity in (0, 1))
    mean_square = squares.sum(axis=1).astype(dtype)
    return MehlerKernel(deviation.astype(dtype), mean_square, (even, odd), bound + aim * largest)


def _without_the_end(coefficients: Any, error: float) -> Any:
    """Leave out the last of (terms, n) coefficients, as many as change no entry by more than `error`.

    By Cauchy and Schwarz the change is at most the sum of the largest squares of the coefficients left out.
    """
    change = np.cumsum((coefficients**2).max(axis=1)[::-1])
    return coefficients[: len(coefficients) - np.searchsorted(change, error, side="right")]
