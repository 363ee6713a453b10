"""One random network on many samples: in pieces, and on a part of them where all take too long.

Sums over samples, ``dW`` and ``K``, are added up piece by piece. A part has a fixed share of every class, and weights
that make the sums unbiased; but ``F_c`` and ``G_c`` are products of sums, so that their noise counts as signal, in
inverse proportion to the samples. That is seen on the two halves of the part, where it is twice as large, and taken
away. Nothing of it is left to the limit of infinite width, where the same noise does something else.
"""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from nfa_theory.predict.kernels.blocks import row_blocks
from nfa_theory.predict.limit.leading_order import cosine
from nfa_theory.predict.limit.sample_weights import strata_of
from nfa_theory.predict.problem.problem import Problem
from nfa_theory.predict.width.random_network import Drawn, forward, tangent_features, through
from numerics import Parameters

FEW = 1024
"""So many samples a network always sees."""
WORK = 2**33
"""Multiplications for one network, about, up to which it sees more."""
_NUMBERS = 2**22  # of tangent features that are kept at a time


class Half(NamedTuple):
    """Some samples and the weights with which they stand for all."""

    chosen: Int[np.ndarray, " m"]
    weights: Float[np.ndarray, " m"]


class Part(NamedTuple):
    """What a network sees: all samples, or two halves of a part of them.

    Parameters
    ----------
    halves : list of Half
        One that has all, or two. Their mean is the part: samples of a class that is in it as a whole are in both.
    left_out : float
        Share of the samples that were left out where not all were taken.
    """

    halves: list[Half]
    left_out: float


def samples_seen(problem: Problem) -> int:
    """Count the samples that a network sees: all, if they take no more than `WORK`."""
    widths = problem.net.widths
    for_each = widths[-1] * sum(fan_in * fan_out for fan_in, fan_out in pairwise(widths))
    return min(problem.n, max(FEW, WORK // for_each))


def draw_part(problem: Problem, rng: np.random.Generator) -> Part:
    """Draw what a network sees."""
    seen, dtype = samples_seen(problem), problem.Y.dtype
    if seen == problem.n:
        return Part([Half(np.arange(problem.n), np.ones(problem.n, dtype))], 0.0)
    strata = strata_of(problem, seen)
    chosen: tuple[list[Any], list[Any]] = ([], [])
    weights: tuple[list[Any], list[Any]] = ([], [])
    several, drawn = 0, 0
    for members, count in zip(strata.members, strata.drawn, strict=True):
        if count + 1 >= len(members):
            both = (members, members)
        else:
            count -= count % 2
            one, other = np.split(rng.choice(members, count, replace=False), 2)
            both = (one, other)
            several, drawn = several + len(members), drawn + count
        for i, each in enumerate(both):
            chosen[i].append(each)
            weights[i].append(np.full(len(each), len(members) / len(each), dtype))
    halves = [Half(np.concatenate(chosen[i]), np.concatenate(weights[i])) for i in (0, 1)]
    return Part(halves, 1 - drawn / several if several else 0.0)


def alignments_on_part(problem: Problem, part: Part, rng: np.random.Generator) -> Float[np.ndarray, "values depth"]:
    """Compute the C-NFA of every layer of one network on a part, what it tends to with all samples, and on halves."""
    parameters = problem.net.initialize(rng, problem.Y.dtype)
    sums = [_sums(problem, parameters, half) for half in part.halves]
    mean = [tuple(sum(each) / len(sums) for each in zip(*layer, strict=True)) for layer in zip(*sums, strict=True)]
    on_part = alignments_of_sums(mean)
    if len(sums) == 1:
        return np.stack([on_part, on_part])
    on_halves = np.stack([alignments_of_sums(each) for each in sums])
    on_all = np.clip(on_part + part.left_out * (on_part - on_halves.mean(axis=0)), 0, 1)
    return np.stack([on_part, on_all, *on_halves])


def _sums(problem: Problem, parameters: Parameters, half: Half) -> list[tuple[Any, Any]]:
    """Add up the change of the weights and the PTF covariance of every layer, each up to a factor."""
    net, weights = problem.net, parameters.weights
    widths = net.widths[1:-1]
    sums = [(np.zeros_like(W), np.zeros((k, k), W.dtype)) for W, k in zip(weights[:-1], widths, strict=True)]
    for rows in row_blocks(len(half.chosen), max(_NUMBERS // (net.outputs * max(widths)), 1)):
        chosen, stands_for = half.chosen[rows], half.weights[rows, None, None]
        inputs, slopes, f = forward(problem.inputs(chosen), net, weights, parameters.biases)
        R = problem.residuals_of(chosen, f) if problem.has_own_function else problem.R[chosen]
        drawn = Drawn(weights[-1], inputs, slopes, R * stands_for[:, 0], through(weights))
        for layer, D in tangent_features(drawn):
            change, K = sums[layer - 1]
            change += np.einsum("ni,nik->kn", drawn.R, D) @ inputs[layer - 1]
            flat = (D * np.sqrt(stands_for)).reshape(-1, D.shape[2])
            K += flat.T @ flat
    return sums


def alignments_of_sums(sums: list[tuple[Any, Any]]) -> Float[np.ndarray, " depth"]:
    """Align ``dW^T dW`` with ``dW^T K dW`` in the space of the units."""
    found = []
    for layer, (change, K) in enumerate(sums, start=1):
        dW = change / (abs(change).max() or 1)
        C = dW @ dW.T
        M = C @ (K / (abs(K).max() or 1))
        found.append(cosine(float(np.sum(M * C)), float(np.sum(C * C)), float(np.sum(M * M.T)), layer))
    return np.array(found)
