"""Alignments of one layer from k x k matrices alone, k the number of units, however many inputs it has.

With ``F = W^T W``, ``G = W^T K W`` and ``S = W W^T``: ``<F, G> = tr S S K``, ``|F|^2 = tr S S``, ``|G|^2 = tr S K S K``.
A power of G needs the eigenvalues of ``K^(1/2) S K^(1/2)``, whose nonzero ones are those of G.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nfa_theory.torch.weights import gram


@dataclass
class Weights:
    """What alignments need to know of a weight W, shape (k, m).

    Parameters
    ----------
    S : Tensor, shape (k, k)
        ``W W^T``.
    sums : Tensor, shape (k,)
        Sums of the rows of W.
    inputs : int
        m.
    """

    S: Tensor
    sums: Tensor
    inputs: int

    @staticmethod
    def of(W: Tensor, groups: int = 1) -> Weights:
        """Take W, shape (k, m / groups), as it is stored."""
        return Weights(gram(W, W, groups), W.sum(1), W.shape[1] * groups)

    def rows(self, start: int, stop: int) -> Weights:
        """Return the same of some of the rows."""
        part = slice(start, stop)
        return Weights(self.S[part, part], self.sums[part], self.inputs)


@dataclass
class Alignment:
    """The alignment of F and G with what its error needs.

    Parameters
    ----------
    value : float
        ``rho(F, G)``; NaN where a matrix is zero.
    P, Q : Tensor, shapes (k, k)
        ``<F, G'> = <P, K'>`` and ``<G, G'> = <Q, K'>`` for ``G' = W^T K' W``, less means for Pearson's alignment.
    overlap, squared : float
        ``<F, G>`` and ``|G|^2``.
    norm : float
        ``|F|``.
    """

    value: float
    P: Tensor
    Q: Tensor
    overlap: float
    squared: float
    norm: float


def align(weights: Weights, K: Tensor, kind: str = "cosine") -> Alignment:
    """Return the alignment of ``W^T W`` and ``W^T K W``."""
    S = weights.S
    SK = S @ K
    P, Q = S @ S, SK @ S
    norm = float(torch.trace(P))
    if kind == "pearson":
        s, entries = weights.sums, weights.inputs**2
        ones = torch.outer(s, s) / entries
        mean_F, mean_G = float(s @ s), float(s @ K @ s)
        P, Q = P - mean_F * ones, Q - mean_G * ones
        norm -= mean_F**2 / entries
    overlap, squared = inner(P, K), inner(Q, K)
    return Alignment(ratio(overlap, norm, squared), P, Q, overlap, squared, root(norm))


def align_power(weights: Weights, K: Tensor, power: float, kind: str = "cosine") -> float:
    """Return the alignment of ``W^T W`` and ``(W^T K W)^power``."""
    K, S = K.double(), weights.S.double()
    largest = float(K.abs().max())
    if not largest > 0:
        return math.nan
    values, vectors = torch.linalg.eigh(K / largest)
    half = vectors * values.clamp(min=0).sqrt()  # half half^T is K, and A = half^T W has A^T A = G
    gram_of_A = half.T @ S @ half
    spectrum, modes = torch.linalg.eigh((gram_of_A + gram_of_A.T) / 2)
    kept = spectrum > spectrum.max() * spectrum.shape[0] * torch.finfo(torch.float64).eps
    if not bool(kept.any()):
        return math.nan
    # G^power = A^T (A A^T)^(power - 1) A.
    spectrum, modes = spectrum[kept], modes[:, kept]
    weights_of_modes = spectrum ** (power - 1)
    overlap = float(weights_of_modes @ (modes.T @ half.T @ S).square().sum(1))
    squared, norm = float((spectrum ** (2 * power)).sum()), inner(S, S)
    if kind == "pearson":
        s, entries = weights.sums.double(), weights.inputs**2
        mean_F = float(s @ s)
        mean_G = float(weights_of_modes @ (modes.T @ (half.T @ s)).square())
        overlap -= mean_F * mean_G / entries
        squared -= mean_G**2 / entries
        norm -= mean_F**2 / entries
    return ratio(overlap, norm, squared)


def inner(A: Tensor, B: Tensor) -> float:
    """Return the inner product of two matrices, summed in float64."""
    return float(torch.sum(A * B, dtype=torch.float64))


def ratio(overlap: float, squared_a: float, squared_b: float) -> float:
    """Return ``<A, B> / (|A| |B|)``; NaN where a matrix is zero."""
    norm = root(squared_a) * root(squared_b)
    return overlap / norm if norm > 0 else math.nan


def root(square: float) -> float:
    """Return the root of a square that rounding may have made negative."""
    return math.sqrt(max(square, 0.0))


def decomposition(
    initial: Weights, centered: Weights, mixed: Tensor, K: Tensor, norm: float, kind: str = "cosine"
) -> Any:
    """Return the shares of the terms of ``W = W(0) + dW`` in ``rho(F, G)``, shape (3, 3), as a record has them.

    `mixed` is ``W(0) dW^T`` and `norm` is ``|F| |G|``.
    """
    S = {"00": initial.S, "01": mixed, "10": mixed.T, "11": centered.S}
    SK = {"00": initial.S @ K, "01": mixed @ K, "10": mixed.T @ K, "11": centered.S @ K}
    pairs = ("00", "01", "10", "11")
    # <F_ab, G_cd> = tr(S_db S_ac K) with F_ab = W_a^T W_b.
    products = np.asarray([[inner(S[d + b], SK[a + c].T) for c, d in pairs] for a, b in pairs])
    if kind == "pearson":
        s = torch.stack((initial.sums, centered.sums))
        nfm, agop = (s @ s.T).flatten(), (s @ K @ s.T).flatten()
        products -= np.multiply.outer(_host(nfm), _host(agop)) / centered.inputs**2
    group = np.asarray([[1.0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]])
    return group @ products @ group.T / norm if norm > 0 else np.full((3, 3), math.nan)


def _host(values: Tensor) -> Any:
    return values.detach().cpu().double().numpy()
