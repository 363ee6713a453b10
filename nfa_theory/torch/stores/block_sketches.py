"""Blocks of samples of a layer with many units, each seen through a few random directions of its inputs.

With signs s and t, ``<A, B>`` of m x m matrices is the mean of ``(s^T A t)(s^T B t)``; of a block's share of the AGOP,
``(D W)^T (D W)``, only these numbers are kept, so that memory grows neither with the units nor with the samples. They
are linear in the matrix: where F and G are parallel, what is seen of them is parallel too.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from nfa_theory.torch.stores.parts import Blocks, Weights
from nfa_theory.torch.weights import whole

DIRECTIONS = 64
"""On either side, so that matrices are compared by 4096 numbers."""


class BlockSketches:
    """What random directions see of blocks, for W and for its change."""

    def __init__(self, weights: Weights, samples: int) -> None:
        self._weights, self._samples = weights, samples
        generator = torch.Generator().manual_seed(weights.inputs)
        signs = torch.randint(0, 2, (weights.inputs, 2 * DIRECTIONS), generator=generator, dtype=torch.int8) * 2 - 1
        self._seen = [torch.cat((whole(A, weights.groups) @ signs.to(A), A.sum(1, keepdim=True)), 1)
                      for A in weights.known]  # fmt: skip
        self._sums: list[list[Tensor]] = [[] for _ in self._seen]
        self._of_ones: list[list[Tensor]] = [[] for _ in self._seen]

    def add(self, rows: Float[Tensor, "p k"], block: int) -> None:
        """Add gradients, one position a row."""
        for seen, sums, of_ones in zip(self._seen, self._sums, self._of_ones, strict=True):
            left, right, ones = (rows @ seen.to(rows)).split((DIRECTIONS, DIRECTIONS, 1), dim=1)
            while len(sums) <= block:
                sums.append(rows.new_zeros((DIRECTIONS, DIRECTIONS)))
                of_ones.append(rows.new_zeros(()))
            sums[block].addmm_(left.T, right)
            of_ones[block].add_(ones.square().sum())

    def blocks(self, centered: bool, kind: str) -> Blocks:
        """Return what blocks of samples add to an alignment, as estimates."""
        left, right, ones = self._seen[centered].double().split((DIRECTIONS, DIRECTIONS, 1), dim=1)
        F = (left.T @ right).flatten() / DIRECTIONS
        G = torch.stack(self._sums[centered]).double().flatten(1) / (DIRECTIONS * self._samples)
        across, overlaps = G @ G.T, G @ F
        if kind == "pearson":  # matrices less their mean entries
            entries = self._weights.inputs**2
            sums = torch.stack(self._of_ones[centered]).double() / self._samples
            across = across - torch.outer(sums, sums) / entries
            overlaps = overlaps - ones.square().sum() * sums / entries
        return Blocks(overlaps.cpu(), across.cpu())
