"""What an alignment and its error need, whatever the form in which a layer was measured."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor


@dataclass(frozen=True)
class Parts:
    """Inner products of ``F = W^T W`` and of the estimate of G, the sum of the parts G_b of blocks of samples.

    Parameters
    ----------
    norm : float
        ``|F|``.
    overlaps, squares : Tensor, shapes (blocks,)
        ``<F, G_b>`` and ``<G, G_b>``.
    inner : callable
        ``inner(signs)``: inner products of the matrices ``sum_b signs[i, b] G_b``, shape (i, i); for many units an
        estimate.
    """

    norm: float
    overlaps: Float64[Tensor, " b"]
    squares: Float64[Tensor, " b"]
    inner: Callable[[Float64[Tensor, "i b"]], Float64[Tensor, "i i"]]

    @property
    def overlap(self) -> float:
        """``<F, G>``."""
        return float(self.overlaps.sum())

    @property
    def squared(self) -> float:
        """``|G|^2``."""
        return float(self.squares.sum())

    @property
    def value(self) -> float:
        """The alignment, NaN where a matrix is zero."""
        return ratio(self.overlap, self.norm**2, self.squared)


@dataclass(frozen=True)
class Weights:
    """A layer's weights as alignments see them.

    Parameters
    ----------
    now, initial, change : Tensor, shapes (k, m / groups)
        W, W(0) and their difference; without initial weights the latter two are None.
    groups : int
        Groups of a convolution.
    """

    now: Tensor
    initial: Tensor | None
    groups: int

    @property
    def change(self) -> Tensor | None:
        """``W - W(0)``."""
        return None if self.initial is None else self.now - self.initial

    @property
    def inputs(self) -> int:
        """Number of inputs, m."""
        return int(self.now.shape[1]) * self.groups


class Store(Protocol):
    """Adds up pre-activation gradients of one layer and measures its alignments."""

    weights: Weights
    blocks: int

    def add(self, rows: Float[Tensor, "p k"], block: int) -> None:
        """Add gradients, one position a row."""

    def covariance(self, samples: int) -> Float[Tensor, "k k"]:
        """Return K."""

    def parts(self, centered: bool, kind: str, samples: int) -> Parts:
        """Return the parts of the alignment of W, or of its change."""

    def products(self, kind: str, samples: int) -> Float64[np.ndarray, "4 4"]:
        """Return ``<F_ab, G_cd>`` for a, b, c, d in (initial, change)."""

    def power(self, centered: bool, exponent: float, kind: str, samples: int) -> float:
        """Return the alignment of F and a power of G."""

    def head(self, start: int, stop: int, samples: int) -> Store:
        """Return the store of some of the rows."""


def inner(A: Float[Tensor, "..."], B: Float[Tensor, "..."]) -> float:
    """Return the inner product of two arrays, summed in float64."""
    return float(torch.sum(A * B, dtype=torch.float64))


def ratio(overlap: float, squared_a: float, squared_b: float) -> float:
    """Return ``<A, B> / (|A| |B|)``, NaN where a matrix is zero."""
    norm = root(squared_a) * root(squared_b)
    return overlap / norm if norm > 0 else math.nan


def root(square: float) -> float:
    """Return the root of a square that rounding may have made negative."""
    return math.sqrt(max(square, 0.0))


def power_alignment(
    gram_of_A: Float[Tensor, "r r"],
    A_W: Float[Tensor, "r k"],
    A_sums: Float[Tensor, " r"],
    norm: float,
    W_sums: float,
    exponent: float,
    entries: int | None,
) -> float:
    """Return the alignment of ``W^T W`` and ``G^exponent`` for ``G = A^T A``.

    From ``A A^T``, ``A W^T`` and ``A 1``, since ``G^exponent = A^T (A A^T)^(exponent - 1) A``. `norm` is ``|F|^2``;
    with `entries`, the number of entries of F, the mean entries are subtracted, and `W_sums` is the sum of F's.
    """
    spectrum, modes = torch.linalg.eigh(((gram_of_A + gram_of_A.T) / 2).double())
    largest = float(spectrum[-1])
    if not largest > 0:
        return math.nan
    kept = spectrum > largest * spectrum.shape[0] * torch.finfo(torch.float64).eps
    spectrum, modes = spectrum[kept], modes[:, kept]
    factors = spectrum ** (exponent - 1)
    overlap = float(factors @ (modes.T @ A_W.double()).square().sum(1))
    squared = float((spectrum ** (2 * exponent)).sum())
    if entries is not None:
        mean = float(factors @ (modes.T @ A_sums.double()).square())
        overlap -= W_sums * mean / entries
        squared -= mean**2 / entries
        norm -= W_sums**2 / entries
    return ratio(overlap, norm, squared)
