"""What samples and random combinations do to an alignment: its standard error, and its bias to second order.

Blocks of samples were measured separately. With ``N_b`` what block b adds to the estimate of G beyond its share, the
alignment moves by ``<F / |F| |G| - rho G / |G|^2, N_b>`` to first order, and the expectation of
``<F, G + N> / |G + N|`` is ``<F, G> / |G|`` times
``1 - |N|^2 / 2 |G|^2 + 3 <G, N>^2 / 2 |G|^4 - <F, N> <G, N> / <F, G> |G|^2``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float64
from torch import Tensor

from nfa_theory.torch.stores.parts import Parts

GROUPS = 8
"""Blocks are put together into so many groups with random signs, to see how large the square of the noise is."""


def sampling_errors(parts: Parts, sizes: Sequence[int]) -> tuple[float, float]:
    """Return the factor that frees an alignment from its bias, and its standard error; `sizes`: samples of blocks."""
    blocks, length, value = len(sizes), parts.squared, parts.value
    if blocks < 2 or not math.isfinite(value):
        return 1.0, math.nan
    share = torch.as_tensor(sizes, dtype=torch.float64) / sum(sizes)
    seen = parts.blocks()
    f = seen.overlaps - share * seen.overlaps.sum()
    g = seen.across.sum(1) - share * seen.across.sum()
    slope = f / (parts.norm * math.sqrt(length)) - value / length * g
    spread = blocks / (blocks - 1)
    signs = math.sqrt(spread) * _signs(blocks)
    # Of all terms from the same noises: in a layer of few units they cancel almost.
    added = signs - (signs @ share)[:, None]
    noises = added @ seen.across @ added.T
    f_groups, g_groups = signs @ f, signs @ g
    bias = -float(torch.trace(noises)) / (2 * length) + 1.5 * float(g_groups @ g_groups) / length**2
    if parts.overlap != 0:
        bias -= float(f_groups @ g_groups) / (parts.overlap * length)
    variance = spread * float(slope @ slope) + _second_order(noises, g_groups, length) * value**2
    # Beyond a half an expansion says nothing.
    return 1 / (1 + min(max(bias, -0.5), 0.5)), math.sqrt(variance)


def _second_order(noises: Float64[Tensor, "g g"], along: Float64[Tensor, " g"], length: float) -> float:
    # Where an alignment is near 1 its slope vanishes, and |N|^2 / 2 |G|^2 varies more than the linear term; N here the
    # noise orthogonal to G. With C its covariance that is tr(C^2) / 2 |G|^4, and E <N, N'>^2 = tr(C^2).
    groups = noises.shape[0]
    if groups < 2:
        return 0.0
    across = noises - torch.outer(along, along) / length
    pairs = across[tuple(torch.triu_indices(groups, groups, 1))] * groups
    return float(pairs.square().mean()) / (2 * length**2)


def _signs(blocks: int) -> Float64[Tensor, "g b"]:
    groups = min(GROUPS, blocks)
    generator = torch.Generator().manual_seed(blocks)
    signs = 2.0 * torch.randint(0, 2, (blocks,), generator=generator).double() - 1.0
    member = torch.arange(blocks)[None, :] % groups == torch.arange(groups)[:, None]
    return member * signs
