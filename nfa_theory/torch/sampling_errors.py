"""What samples and random combinations do to an alignment: its standard error, and its bias to second order.

Blocks of samples were measured separately. With ``N_b`` what block b adds to the estimate of G beyond its share, the
alignment moves by ``<F / |F| |G| - rho G / |G|^2, N_b>`` to first order, and the expectation of ``<F, G + N> / |G + N|``
is ``<F, G> / |G|`` times ``1 - |N|^2 / 2 |G|^2 + 3 <G, N>^2 / 2 |G|^4 - <F, N> <G, N> / <F, G> |G|^2``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from nfa_theory.torch.traces import Alignment

GROUPS = 8
"""Blocks are put together into so many groups with random signs, to see how large the square of the noise is."""
PROJECTIONS = 64
"""Noises of layers with more units than this are compared in so many random directions."""


def sampling_errors(
    alignment: Alignment,
    weights: Tensor,
    sums: Sequence[Tensor],
    sizes: Sequence[int],
    samples: int,
    kind: str = "cosine",
) -> tuple[float, float]:
    """Return the factor that frees an alignment from its bias and its standard error.

    Parameters
    ----------
    alignment : Alignment
        Of W with K, the sum of `sums` over `samples`.
    weights : Tensor, shape (k, m)
        W, with its zeros.
    sums : sequence of Tensor, shapes (k, k)
        Sums of ``D^T D`` over blocks.
    sizes : sequence of int
        Samples of each block.
    samples : int
        n.
    """
    blocks = len(sums)
    if blocks < 2 or not math.isfinite(alignment.value):
        return 1.0, math.nan
    share = torch.as_tensor([size / samples for size in sizes], dtype=torch.float64)
    P, Q = (_inner_products(sums, A) / samples for A in (alignment.P, alignment.Q))
    f, g = P - share * alignment.overlap, Q - share * alignment.squared
    spread = blocks / (blocks - 1)
    length = alignment.squared
    slope = f / (alignment.norm * math.sqrt(length)) - alignment.value / length * g
    first = spread * float(slope @ slope)
    noises, signed = _grouped_noises(sums, share, samples), _signs(blocks)
    inner = spread * _inner_noises(noises, weights, pearson=kind == "pearson")
    f_groups, g_groups = math.sqrt(spread) * (signed @ f), math.sqrt(spread) * (signed @ g)
    bias = -float(torch.trace(inner)) / (2 * length) + 1.5 * float(g_groups @ g_groups) / length**2
    if alignment.overlap != 0:
        bias -= float(f_groups @ g_groups) / (alignment.overlap * length)
    # Where an alignment is near 1 its slope vanishes, and |N|^2 / 2 |G|^2 varies more than the linear term; N here the
    # noise orthogonal to G. With C its covariance that is tr(C^2) / 2 |G|^4; E <N, N'>^2 = tr(C^2) for independent ones.
    across = inner - torch.outer(g_groups, g_groups) / length
    groups = across.shape[0]
    pairs = across[tuple(torch.triu_indices(groups, groups, 1))] * groups
    second = float(pairs.square().mean()) / (2 * length**2) * alignment.value**2 if groups > 1 else 0.0
    # Beyond a half an expansion says nothing.
    return 1 / (1 + min(max(bias, -0.5), 0.5)), math.sqrt(first + second)


def _inner_products(sums: Sequence[Tensor], A: Tensor) -> Tensor:
    return torch.stack([torch.sum(block * A, dtype=torch.float64) for block in sums]).cpu()


def _signs(blocks: int) -> Tensor:
    # Of Hadamard's matrix restricted to the blocks of each group: shape (groups, blocks).
    groups = min(GROUPS, blocks)
    generator = torch.Generator().manual_seed(blocks)
    signs = 2.0 * torch.randint(0, 2, (blocks,), generator=generator).double() - 1.0
    member = torch.arange(blocks)[None, :] % groups == torch.arange(groups)[:, None]
    return member * signs


def _grouped_noises(sums: Sequence[Tensor], share: Tensor, samples: int) -> list[Tensor]:
    total: Tensor = sum(sums[1:], sums[0])
    noises = []
    for row in _signs(len(sums)):
        noise = -float(row @ share) / samples * total
        for sign, block in zip(row.tolist(), sums, strict=True):
            if sign:
                noise.add_(block, alpha=sign / samples)
        noises.append(noise)
    return noises


def _inner_noises(noises: Sequence[Tensor], weights: Tensor, *, pearson: bool) -> Tensor:
    # Inner products of W^T N W: exactly for few units, else of random projections from both sides.
    k, m = weights.shape
    if min(k, m) <= PROJECTIONS:
        S = weights @ weights.T
        left = [N @ S for N in noises]
        rows = torch.stack([A.flatten() for A in left]).double()
        columns = torch.stack([A.T.flatten() for A in left]).double()
    else:
        generator = torch.Generator(device="cpu").manual_seed(k)
        draw = torch.randn((2, m, PROJECTIONS), generator=generator, dtype=torch.float64)
        one, two = (weights @ omega.to(weights) for omega in draw)
        rows = torch.stack([(one.T @ N @ two).flatten() for N in noises]).double() / PROJECTIONS
        columns = rows
    inner = (rows @ columns.T).cpu()
    if pearson:
        s = weights.sum(1)
        entries = torch.stack([s @ N @ s for N in noises]).double().cpu()
        inner = inner - torch.outer(entries, entries) / m**2
    return inner
