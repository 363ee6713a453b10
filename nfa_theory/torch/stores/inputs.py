"""Alignments of a layer with far more units than inputs, such as a language model's readout, from m x m matrices."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from nfa_theory.torch.stores.block_sketches import BlockSketches
from nfa_theory.torch.stores.parts import Parts, Store, Weights, accumulation, inner, power_alignment, root
from nfa_theory.torch.weights import whole


class InputStore:
    """The sum of ``(D B)^T (D B)``, B the weights with their initial values beside them, and sketches of its blocks."""

    def __init__(self, weights: Weights, samples: int) -> None:
        self.weights, self.samples = weights, samples
        parts = (weights.now,) if weights.initial is None else (weights.start, weights.of(True))
        self._B = torch.cat([whole(A, weights.groups) for A in parts], dim=1)
        self._sum: Tensor | None = None
        self._sketches = BlockSketches(weights, samples)

    def add(self, rows: Float[Tensor, "p k"], block: int) -> None:
        """Add gradients, one position a row."""
        rows = rows.to(accumulation(rows.dtype))
        self._sketches.add(rows, block)
        J = rows @ self._B.to(rows.dtype)
        if self._sum is None:
            self._sum = J.new_zeros((J.shape[1], J.shape[1]))
        self._sum.addmm_(J.T, J)

    @property
    def covariance(self) -> Float[Tensor, "k k"]:
        """Refuse: K was not formed."""
        raise ValueError("K was not formed, because the layer has far more units than inputs")

    def head(self, start: int, stop: int) -> Store:
        """Refuse: rows are no longer apart."""
        raise ValueError("rows are not apart, because the layer has far more units than inputs")

    def parts(self, centered: bool, kind: str) -> Parts:
        """Return the parts of the alignment of W, or of its change."""
        F, G = self._nfm(centered).double(), self._agop(centered).double()
        if kind == "pearson":
            F, G = F - F.mean(), G - G.mean()
        return Parts(inner(F, G), root(inner(F, F)), inner(G, G), lambda: self._sketches.blocks(centered, kind))

    def products(self, kind: str) -> Float64[np.ndarray, "4 4"]:
        """Return ``<F_ab, G_cd>`` for a, b, c, d in (initial, change)."""
        m = self._B.shape[1] // 2
        total, parts = self._mean, (slice(0, m), slice(m, 2 * m))
        B = [self._B[:, part] for part in parts]
        F = torch.stack([(A.T @ C).flatten() for A in B for C in B]).double()
        G = torch.stack([total[a, b].flatten() for a in parts for b in parts]).double()
        if kind == "pearson":
            F = F - F.mean(1, keepdim=True)
        return np.asarray((F @ G.T).cpu().numpy())

    def power(self, centered: bool, exponent: float, kind: str) -> float:
        """Return the alignment of F and a power of G."""
        F, G = self._nfm(centered), self._agop(centered)
        values, vectors = torch.linalg.eigh(G.double())
        half = (vectors * values.clamp(min=0).sqrt()).T  # half^T half is G
        # Any C with C^T C = F can stand for W.
        F_values, F_vectors = torch.linalg.eigh(F.double())
        C = (F_vectors * F_values.clamp(min=0).sqrt()).T
        ones = torch.ones(F.shape[0], dtype=torch.float64, device=F.device)
        entries = F.numel() if kind == "pearson" else None
        return power_alignment(half @ half.T, half @ C.T, half @ ones, inner(F, F), float(F.sum()), exponent, entries)

    @property
    def _mean(self) -> Tensor:
        assert self._sum is not None
        return self._sum / self.samples

    def _nfm(self, centered: bool) -> Tensor:
        W = whole(self.weights.of(centered), self.weights.groups)
        return W.T @ W

    def _agop(self, centered: bool) -> Tensor:
        if self.weights.initial is None:
            return self._mean
        m, total = self._B.shape[1] // 2, self._mean
        change = total[m:, m:]
        return change if centered else change + total[:m, :m] + total[:m, m:] + total[m:, :m]
