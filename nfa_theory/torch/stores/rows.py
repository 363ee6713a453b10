"""Alignments of a layer from the gradients of its pre-activations themselves, where they are fewer than its units.

With the gradients as rows of R, ``K = R^T R / n``, and ``V_ab = W_a W_b^T R^T``: ``<F_ab, G_cd>`` is
``<V_bd, V_ac> / n``, and the inner products of the parts of G are squares of entries of ``R W W^T R^T``.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from nfa_theory.torch.stores.parts import Blocks, Parts, Weights, accumulation, inner, power_alignment, root
from nfa_theory.torch.stores.units import PAIRS, UnitStore
from nfa_theory.torch.weights import gram, whole


class RowStore:
    """Pre-activation gradients, row by row, with the blocks to which they belong."""

    def __init__(self, weights: Weights, samples: int) -> None:
        self.weights, self.samples = weights, samples
        self._rows: list[Tensor] = []
        self._blocks: list[Tensor] = []

    def add(self, rows: Float[Tensor, "p k"], block: int) -> None:
        """Add gradients, one position a row."""
        self._rows.append(rows.to(accumulation(rows.dtype)).clone())
        self._blocks.append(torch.full((rows.shape[0],), block))

    @property
    def covariance(self) -> Float[Tensor, "k k"]:
        """K."""
        return gram(self._R.T, self._R.T) / self.samples

    def head(self, start: int, stop: int) -> UnitStore:
        """Return the store of some of the rows of W."""
        rows, R = slice(start, stop), self._R
        initial = None if self.weights.initial is None else self.weights.initial[rows]
        part = Weights(self.weights.now[rows], initial, self.weights.groups)
        return UnitStore.of(part, R[:, rows].T @ R[:, rows] / self.samples)

    def parts(self, centered: bool, kind: str) -> Parts:
        """Return the parts of the alignment of W, or of its change."""
        W = self.weights.of(centered)
        S = gram(W, W, self.weights.groups)
        V = S @ self._R.T
        norm, overlaps = inner(S, S), V.double().square().sum(0) / self.samples
        T = (self._R @ V).double().square() / self.samples**2
        if kind == "pearson":
            s, entries = W.sum(1).double(), self.weights.inputs**2
            per_row, mean_F = (self._R.double() @ s).square() / self.samples, float(s @ s)
            norm -= mean_F**2 / entries
            overlaps = overlaps - mean_F * per_row / entries
            T = T - torch.outer(per_row, per_row) / entries
        member = self._member
        blocks = Blocks((member @ overlaps).cpu(), (member @ T @ member.T).cpu())
        return Parts(float(overlaps.sum()), root(norm), float(T.sum()), lambda: blocks)

    def products(self, kind: str) -> Float64[np.ndarray, "4 4"]:
        """Return ``<F_ab, G_cd>`` for a, b, c, d in (initial, change)."""
        dW, W0 = self.weights.of(True), self.weights.start
        W = [whole(A, self.weights.groups) for A in (W0, dW)]
        J = [self._R @ A for A in W]
        V = {(a, b): W[a] @ J[b].T for a, b in PAIRS}
        products = np.asarray([[inner(V[b, d], V[a, c]) for c, d in PAIRS] for a, b in PAIRS]) / self.samples
        if kind == "pearson":
            s = torch.stack((W0.sum(1), dW.sum(1)))
            r = s @ self._R.T
            nfm, agop = ((A @ A.T).flatten().double().cpu().numpy() for A in (s, r / self.samples**0.5))
            products -= np.multiply.outer(nfm, agop) / self.weights.inputs**2
        return products

    def power(self, centered: bool, exponent: float, kind: str) -> float:
        """Return the alignment of F and a power of G."""
        W = self.weights.of(centered)
        S, A = gram(W, W, self.weights.groups), self._R / self.samples**0.5
        s = W.sum(1)
        entries = self.weights.inputs**2 if kind == "pearson" else None
        A_W = A @ S
        return power_alignment(A_W @ A.T, A_W, A @ s, inner(S, S), inner(s, s), exponent, entries)

    @cached_property
    def _R(self) -> Tensor:
        return torch.cat(self._rows)

    @cached_property
    def _member(self) -> Float64[Tensor, "b p"]:
        blocks = torch.cat(self._blocks)
        return (blocks[None, :] == torch.arange(int(blocks.max()) + 1)[:, None]).double().to(self._R.device)
