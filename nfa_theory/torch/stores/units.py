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

from nfa_theory.torch.stores.block_sketches import BlockSketches
from nfa_theory.torch.stores.parts import Blocks, Parts, Weights, accumulation, inner, power_alignment, root
from nfa_theory.torch.weights import gram

EXACT_BLOCKS = 128
"""Layers with more units keep one sum over all samples, and sketches of the blocks."""

PAIRS = ((0, 0), (0, 1), (1, 0), (1, 1))
"""Of initial weights (0) and their change (1)."""


class UnitStore:
    """Sums of ``D^T D`` over blocks of samples."""

    def __init__(self, weights: Weights, samples: int) -> None:
        self.weights, self.samples = weights, samples
        self._sums: list[Tensor] = []
        self._sketches = BlockSketches(weights, samples) if int(weights.now.shape[0]) > EXACT_BLOCKS else None

    @classmethod
    def of(cls, weights: Weights, covariance: Float[Tensor, "k k"]) -> UnitStore:
        """Make the store of a layer whose K is known, in a single block."""
        store = cls.__new__(cls)
        store.weights, store.samples, store._sums, store._sketches = weights, 1, [covariance], None
        return store

    def add(self, rows: Float[Tensor, "p k"], block: int) -> None:
        """Add gradients, one position a row."""
        rows = rows.to(accumulation(rows.dtype))
        if self._sketches is not None:
            self._sketches.add(rows, block)
            block = 0
        while len(self._sums) <= block:
            self._sums.append(rows.new_zeros((rows.shape[1], rows.shape[1])))
        self._sums[block].addmm_(rows.T, rows)

    @cached_property
    def covariance(self) -> Float[Tensor, "k k"]:
        """K."""
        return torch.stack(self._sums).sum(0) / self.samples if len(self._sums) > 1 else self._sums[0] / self.samples

    def head(self, start: int, stop: int) -> UnitStore:
        """Return the store of some of the rows."""
        rows = slice(start, stop)
        initial = None if self.weights.initial is None else self.weights.initial[rows]
        part = Weights(self.weights.now[rows], initial, self.weights.groups)
        return UnitStore.of(part, self.covariance[rows, rows])

    def parts(self, centered: bool, kind: str) -> Parts:
        """Return the parts of the alignment of W, or of its change."""
        S, SK = self._grams[centered], self._grams_times_K[centered]
        overlap, norm, squared = inner(S, SK), inner(S, S), inner(SK, SK.T)
        if kind == "pearson":
            s, entries = self.weights.of(centered).sum(1).double(), self.weights.inputs**2
            mean_F, mean_G = float(s @ s), float(s @ self.covariance.double() @ s)
            overlap, norm = overlap - mean_F * mean_G / entries, norm - mean_F**2 / entries
            squared -= mean_G**2 / entries
        return Parts(overlap, root(norm), squared, lambda: self._blocks(centered, kind))

    def products(self, kind: str) -> Float64[np.ndarray, "4 4"]:
        """Return ``<F_ab, G_cd> = tr(S_db S_ac K)`` for a, b, c, d in (initial, change)."""
        dW, W0, K = self.weights.of(True), self.weights.start, self.covariance
        mixed = gram(W0, dW, self.weights.groups)
        # Of the four Gram matrices, and of their products with K, one follows from the others and from those of W.
        S = {(0, 1): mixed, (1, 0): mixed.T, (1, 1): self._grams[True]}
        SK = {(0, 1): mixed @ K, (1, 0): mixed.T @ K, (1, 1): self._grams_times_K[True]}
        S[0, 0] = self._grams[False] - S[0, 1] - S[1, 0] - S[1, 1]
        SK[0, 0] = self._grams_times_K[False] - SK[0, 1] - SK[1, 0] - SK[1, 1]
        products = np.asarray([[inner(S[d, b], SK[a, c].T) for c, d in PAIRS] for a, b in PAIRS])
        if kind == "pearson":
            s = torch.stack((W0.sum(1), dW.sum(1)))
            nfm, agop = ((s @ A.T).flatten().double().cpu().numpy() for A in (s, s @ K))
            products -= np.multiply.outer(nfm, agop) / self.weights.inputs**2
        return products

    def power(self, centered: bool, exponent: float, kind: str) -> float:
        """Return the alignment of F and a power of G."""
        S, K, W = self._grams[centered].double(), self.covariance.double(), self.weights.of(centered)
        values, vectors = torch.linalg.eigh(K)
        half = vectors * values.clamp(min=0).sqrt()  # half half^T is K, and A = half^T W has A^T A = G
        s = W.sum(1).double()
        entries = self.weights.inputs**2 if kind == "pearson" else None
        return power_alignment(half.T @ S @ half, half.T @ S, half.T @ s, inner(S, S), float(s @ s), exponent, entries)

    def _blocks(self, centered: bool, kind: str) -> Blocks:
        if self._sketches is not None:
            return self._sketches.blocks(centered, kind)
        S = self._grams[centered].double()
        SK = [S @ block.double() / self.samples for block in self._sums]
        flat, turned = (torch.stack([A.flatten() for A in each]) for each in (SK, [A.T for A in SK]))
        overlaps, across = flat @ S.flatten(), flat @ turned.T
        if kind == "pearson":
            s, entries = self.weights.of(centered).sum(1).double(), self.weights.inputs**2
            sums = torch.stack([s @ block.double() @ s for block in self._sums]) / self.samples
            overlaps, across = overlaps - (s @ s) * sums / entries, across - torch.outer(sums, sums) / entries
        return Blocks(overlaps.cpu(), across.cpu())

    @cached_property
    def _grams(self) -> list[Tensor]:
        return [gram(A, A, self.weights.groups) for A in self.weights.known]

    @cached_property
    def _grams_times_K(self) -> list[Tensor]:
        return [S @ self.covariance for S in self._grams]
