"""Alignments of one layer from k x k matrices alone, k the number of units, however many inputs it has.

With ``F = W^T W``, ``G = W^T K W`` and ``S = W W^T``: ``<F, G> = tr S S K``, ``|F|^2 = tr S S`` and
``|G|^2 = tr S K S K``.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from nfa_theory.torch.stores.parts import Parts, Weights, inner, power_alignment, root
from nfa_theory.torch.weights import gram, whole

PROJECTIONS = 64
"""Noises of layers with more units than this are compared in so many random directions."""

PAIRS = ((0, 0), (0, 1), (1, 0), (1, 1))
"""Of initial weights (0) and their change (1)."""


class UnitStore:
    """Sums of ``D^T D`` over blocks of samples."""

    def __init__(self, weights: Weights, blocks: int) -> None:
        self.weights, self.blocks = weights, blocks
        self.sums: list[Tensor] = []

    def add(self, rows: Float[Tensor, "p k"], block: int) -> None:
        """Add gradients, one position a row."""
        while len(self.sums) <= block:
            k = rows.shape[1]
            self.sums.append(torch.zeros((k, k), dtype=accumulation(rows.dtype), device=rows.device))
        rows = rows.to(self.sums[block].dtype)
        self.sums[block].addmm_(rows.T, rows)

    def covariance(self, samples: int) -> Float[Tensor, "k k"]:
        """Return K."""
        return torch.stack(self.sums).sum(0) / samples if len(self.sums) > 1 else self.sums[0] / samples

    def head(self, start: int, stop: int, samples: int) -> UnitStore:
        """Return the store of some of the rows."""
        rows = slice(start, stop)
        initial = None if self.weights.initial is None else self.weights.initial[rows]
        part = UnitStore(Weights(self.weights.now[rows], initial, self.weights.groups), self.blocks)
        part.sums = [block[rows, rows] for block in self.sums]
        return part

    def parts(self, centered: bool, kind: str, samples: int) -> Parts:
        """Return the parts of the alignment of W, or of its change."""
        S, K, W = self._grams[centered], self._covariance(samples), self._weights(centered)
        P, Q, norm = S @ S, (S @ K) @ S, inner(S, S)
        if kind == "pearson":
            s, entries = W.sum(1), self.weights.inputs**2
            ones = torch.outer(s, s) / entries
            mean_F, mean_G = float(s @ s), float(s @ K @ s)
            P, Q, norm = P - mean_F * ones, Q - mean_G * ones, norm - mean_F**2 / entries
        overlaps = torch.tensor([inner(P, block) for block in self.sums], dtype=torch.float64) / samples
        squares = torch.tensor([inner(Q, block) for block in self.sums], dtype=torch.float64) / samples
        return Parts(root(norm), overlaps, squares, lambda signs: self._inner(signs, W, S, kind, samples))

    def products(self, kind: str, samples: int) -> Float64[np.ndarray, "4 4"]:
        """Return ``<F_ab, G_cd> = tr(S_db S_ac K)`` for a, b, c, d in (initial, change)."""
        dW, W0, K = self.weights.change, self.weights.initial, self._covariance(samples)
        assert dW is not None
        assert W0 is not None
        mixed, moved = gram(W0, dW, self.weights.groups), self._grams[True]
        S = {(0, 0): self._grams[False] - mixed - mixed.T - moved, (0, 1): mixed, (1, 0): mixed.T, (1, 1): moved}
        SK = {name: A @ K for name, A in S.items()}
        products = np.asarray([[inner(S[d, b], SK[a, c].T) for c, d in PAIRS] for a, b in PAIRS])
        if kind == "pearson":
            s = torch.stack((W0.sum(1), dW.sum(1)))
            nfm, agop = ((s @ A.T).flatten().double().cpu().numpy() for A in (s, s @ K))
            products -= np.multiply.outer(nfm, agop) / self.weights.inputs**2
        return products

    def power(self, centered: bool, exponent: float, kind: str, samples: int) -> float:
        """Return the alignment of F and a power of G."""
        S, K, W = self._grams[centered].double(), self._covariance(samples).double(), self._weights(centered)
        values, vectors = torch.linalg.eigh(K)
        half = vectors * values.clamp(min=0).sqrt()  # half half^T is K, and A = half^T W has A^T A = G
        s = W.sum(1).double()
        entries = self.weights.inputs**2 if kind == "pearson" else None
        return power_alignment(half.T @ S @ half, half.T @ S, half.T @ s, inner(S, S), float(s @ s), exponent, entries)

    def _weights(self, centered: bool) -> Tensor:
        W = self.weights.change if centered else self.weights.now
        assert W is not None
        return W

    @cached_property
    def _grams(self) -> dict[bool, Tensor]:
        dW, groups = self.weights.change, self.weights.groups
        found = {False: gram(self.weights.now, self.weights.now, groups)}
        return found if dW is None else found | {True: gram(dW, dW, groups)}

    def _covariance(self, samples: int) -> Tensor:
        if not hasattr(self, "_K"):
            self._K = self.covariance(samples)
        return self._K

    def _inner(
        self, signs: Float64[Tensor, "i b"], W: Tensor, S: Tensor, kind: str, samples: int
    ) -> Float64[Tensor, "i i"]:
        noises = [self._combined(row, samples) for row in signs]
        k, m = W.shape
        if min(k, m) <= PROJECTIONS:
            left = [N @ S for N in noises]
            rows = torch.stack([A.flatten() for A in left]).double()
            columns = torch.stack([A.T.flatten() for A in left]).double()
        else:
            generator = torch.Generator().manual_seed(k)
            omegas = torch.randn((2, self.weights.inputs, PROJECTIONS), generator=generator, dtype=torch.float64)
            one, two = (whole(W, self.weights.groups) @ omega.to(W) for omega in omegas)
            rows = torch.stack([(one.T @ N @ two).flatten() for N in noises]).double() / PROJECTIONS
            columns = rows
        found = (rows @ columns.T).cpu()
        if kind == "pearson":
            s = W.sum(1)
            sums = torch.stack([s @ N @ s for N in noises]).double().cpu()
            found = found - torch.outer(sums, sums) / self.weights.inputs**2
        return found

    def _combined(self, row: Tensor, samples: int) -> Tensor:
        total = torch.zeros_like(self.sums[0])
        for factor, block in zip(row.tolist(), self.sums, strict=True):
            total.add_(block, alpha=factor / samples)
        return total


def accumulation(dtype: torch.dtype) -> torch.dtype:
    """Return the dtype in which gradients of a dtype are added up."""
    return torch.float32 if dtype in (torch.float16, torch.bfloat16) else dtype
