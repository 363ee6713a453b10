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
class Blocks:
    """Inner products of F and of the parts G_b of G that blocks of samples add.

    Parameters
    ----------
    overlaps : Tensor, shape (blocks,)
        ``<F, G_b>``.
    across : Tensor, shape (blocks, blocks)
        ``<G_a, G_b>``.
    """

    overlaps: Float64[Tensor, " b"]
    across: Float64[Tensor, "b b"]


@dataclass(frozen=True)
class Parts:
    """Inner products of ``F = W^T W`` and of the estimate of G, the sum of the parts G_b of blocks of samples.

    Parameters
    ----------
    overlap, norm, squared : float
        ``<F, G>``, ``|F|`` and ``|G|^2``.
    blocks : callable
        Returns how they divide among blocks; for layers of many units, an estimate.
    """

    overlap: float
    norm: float
    squared: float
    blocks: Callable[[], Blocks]

    @property
    def value(self) -> float:
        """The alignment, NaN where a matrix is zero."""
        return ratio(self.overlap, self.norm**2, self.squared)


@dataclass(frozen=True)
class Weights:
    """A layer's weights as alignments see them.

    Parameters
    ----------
    now, initial : Tensor, shapes (k, m / groups)
        W and W(0); None without initial weights.
    groups : int
        Groups of a convolution.
    """

    now: Tensor
    initial: Tensor | None
    groups: int

    @property
    def start(self) -> Tensor:
        """W(0), where it is known."""
        assert self.initial is not None
        return self.initial

    def of(self, centered: bool) -> Tensor:
        """Return ``W - W(0)`` or W."""
        return self.now - self.start if centered else self.now

    @property
    def known(self) -> list[Tensor]:
        """W, and its change where that is known."""
        return [self.of(centered) for centered in (False, True) if not centered or self.initial is not None]

    @property
    def inputs(self) -> int:
        """Number of inputs, m."""
        return int(self.now.shape[1]) * self.groups


class Store(Protocol):
    """Adds up pre-activation gradients of one layer and measures its alignments."""

    weights: Weights
    samples: int

    def add(self, rows: Float[Tensor, "p k"], block: int) -> None:
        """Add gradients, one position a row."""

    @property
    def covariance(self) -> Float[Tensor, "k k"]:
        """K."""

    def parts(self, centered: bool, kind: str) -> Parts:
        """Return the parts of the alignment of W, or of its change."""

    def products(self, kind: str) -> Float64[np.ndarray, "4 4"]:
        """Return ``<F_ab, G_cd>`` for a, b, c, d in (initial, change)."""

    def power(self, centered: bool, exponent: float, kind: str) -> float:
        """Return the alignment of F and a power of G."""

    def head(self, start: int, stop: int) -> Store:
        """Return the store of some of the rows."""


def accumulation(dtype: torch.dtype) -> torch.dtype:
    """Return the dtype in which gradients of a dtype are added up."""
    return torch.float32 if dtype in (torch.float16, torch.bfloat16) else dtype


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
