"""Alignments of a layer with far more units than inputs, such as a language model's readout, from m x m matrices."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from nfa_theory.torch.stores.parts import Parts, Store, Weights, inner, power_alignment, root
from nfa_theory.torch.stores.units import accumulation
from nfa_theory.torch.weights import whole


class InputStore:
    """Sums of ``(D B)^T (D B)`` over blocks of samples, B the weights, with their initial values beside them."""

    def __init__(self, weights: Weights, blocks: int) -> None:
        self.weights, self.blocks = weights, blocks
        parts = (weights.now,) if weights.initial is None else (weights.initial, weights.now - weights.initial)
        self._B = torch.cat([whole(A, weights.groups) for A in parts], dim=1)
        self.sums: list[Tensor] = []

    def add(self, rows: Float[Tensor, "p k"], block: int) -> None:
        """Add gradients, one position a row."""
        dtype = accumulation(rows.dtype)
        J = rows.to(dtype) @ self._B.to(dtype)
        while len(self.sums) <= block:
            self.sums.append(torch.zeros((J.shape[1], J.shape[1]), dtype=dtype, device=J.device))
        self.sums[block].addmm_(J.T, J)

    def covariance(self, samples: int) -> Float[Tensor, "k k"]:
        """Refuse: K was not formed."""
        raise ValueError("K was not formed, because the layer has far more units than inputs")

    def head(self, start: int, stop: int, samples: int) -> Store:
        """Refuse: rows are no longer apart."""
        raise ValueError("rows are not apart, because the layer has far more units than inputs")

    def parts(self, centered: bool, kind: str, samples: int) -> Parts:
        """Return the parts of the alignment of W, or of its change."""
        F = self._nfm(centered)
        blocks = torch.stack([self._agop(block, centered).flatten() for block in self.sums]).double() / samples
        f = F.flatten().double()
        if kind == "pearson":
            blocks, f = blocks - blocks.mean(1, keepdim=True), f - f.mean()
        across = (blocks @ blocks.T).cpu()
        return Parts(root(float(f @ f)), (blocks @ f).cpu(), across.sum(1), lambda signs: signs @ across @ signs.T)

    def products(self, kind: str, samples: int) -> Float64[np.ndarray, "4 4"]:
        """Return ``<F_ab, G_cd>`` for a, b, c, d in (initial, change)."""
        m = self._B.shape[1] // 2
        total, parts = torch.stack(self.sums).sum(0) / samples, (slice(0, m), slice(m, 2 * m))
        B = [self._B[:, part] for part in parts]
        F = torch.stack([(A.T @ C).flatten() for A in B for C in B]).double()
        G = torch.stack([total[a, b].flatten() for a in parts for b in parts]).double()
        if kind == "pearson":
            F = F - F.mean(1, keepdim=True)
        return np.asarray((F @ G.T).cpu().numpy())

    def power(self, centered: bool, exponent: float, kind: str, samples: int) -> float:
        """Return the alignment of F and a power of G."""
        F, G = self._nfm(centered), self._agop(torch.stack(self.sums).sum(0), centered) / samples
        values, vectors = torch.linalg.eigh(G.double())
        half = (vectors * values.clamp(min=0).sqrt()).T  # half^T half is G
        # Any C with C^T C = F can stand for W.
        F_values, F_vectors = torch.linalg.eigh(F.double())
        C = (F_vectors * F_values.clamp(min=0).sqrt()).T
        ones = torch.ones(F.shape[0], dtype=torch.float64, device=F.device)
        entries = F.numel() if kind == "pearson" else None
        return power_alignment(half @ half.T, half @ C.T, half @ ones, inner(F, F), float(F.sum()), exponent, entries)

    def _nfm(self, centered: bool) -> Tensor:
        if self.weights.initial is None:
            B = self._B
        else:
            m = self._B.shape[1] // 2
            B = self._B[:, m:] if centered else self._B[:, :m] + self._B[:, m:]
        return B.T @ B

    def _agop(self, total: Tensor, centered: bool) -> Tensor:
        if self.weights.initial is None:
            return total
        m = self._B.shape[1] // 2
        change = total[m:, m:]
        return change if centered else change + total[:m, :m] + total[:m, m:] + total[m:, :m]
