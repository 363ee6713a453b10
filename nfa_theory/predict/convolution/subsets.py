"""The limit of infinitely many channels where rows are too many: from random subsets of samples and of positions.

On a subset of samples, and at a subset of positions for each layer, ``F_c`` and ``G_c`` are estimated without bias:
each term is divided by the chance that all its samples and all its positions are drawn. Subsets that are drawn
independently give unbiased estimates of ``tr(F_c G_c)``, ``tr(F_c^2)`` and ``tr(G_c^2)``; sums over all pairs of
subsets are divided, and a jackknife gives the standard error, which contains the sampling of samples and of positions.
"""

from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from nfa_theory.predict.convolution.kernels import ConvKernels, Demand, LayerKernels
from nfa_theory.predict.kernels.blocks import inner
from nfa_theory.predict.limit.random_function import expected_gram
from nfa_theory.predict.limit.strata import Strata, stratify
from nfa_theory.predict.limit.subsets import AIM, divided, has_signal
from nfa_theory.predict.problem.problem import ConvProblem
from nfa_theory.predict.progress import Progress
from numerics.networks.convolution.convnet import ConvNet
from numerics.networks.convolution.passes import patches

SAMPLES = 48
"""Samples in a subset, about."""
POSITIONS = 6
"""Positions of a layer in a subset."""
COUNTS = (16, 32, 48)
"""Subsets: so many more while the relative standard error of a layer stays above `AIM`."""
_NUMBERS = 2**23


class Subset(NamedTuple):
    """Samples, their numbers among all that were drawn, and positions by layer."""

    samples: Int[np.ndarray, " m"]
    group: Int[np.ndarray, " m"]
    positions: dict[int, Int[np.ndarray, " t"]]


class _Estimates(NamedTuple):
    """What one subset says of one layer: in the space of patches, or of rows (positions first)."""

    first: Any
    second: Any
    of_patches: bool


def subset_limits(problem: ConvProblem, rng: np.random.Generator, progress: Progress) -> tuple[Any, Any]:
    """Estimate the C-NFA of every layer, and its standard error."""
    strata = stratify(problem.Y, SAMPLES)
    for count in COUNTS:
        traces = _all_traces(problem, strata, count, rng, progress)
        if count == COUNTS[-1] or has_signal(traces):
            limit, error = divided(traces)
            if np.all(error <= AIM * abs(limit)):
                break
    return limit, error


def draw_positions(net: ConvNet, rng: np.random.Generator) -> dict[int, Int[np.ndarray, " t"]]:
    """Draw positions of every layer, sorted; all where they are few."""
    sizes = enumerate(net.positions, start=1)
    return {layer: np.sort(rng.choice(size, min(POSITIONS, size), replace=False)) for layer, size in sizes}


def _all_traces(
    problem: ConvProblem, strata: Strata, count: int, rng: np.random.Generator, progress: Progress
) -> Float[np.ndarray, "depth 3 count count"]:
    drawn = [strata.draw(rng) for _ in range(count)]
    every, places = np.unique(np.concatenate(drawn), return_inverse=True)
    groups = np.split(places.reshape(-1), np.cumsum([len(each) for each in drawn])[:-1])
    subsets = [Subset(*each, draw_positions(problem.net, rng)) for each in zip(drawn, groups, strict=True)]
    X = problem.inputs(every)
    kernels = ConvKernels(X, problem.net)
    pairs, total = list(combinations(range(count), 2)), count * (count + 1) // 2
    estimates = []
    for done, subset in enumerate(subsets, start=1):
        estimates.append(_estimate(problem, kernels, X, strata, subset, rng))
        progress(done, total)
    traces = np.zeros((problem.net.depth, 3, count, count))
    for done, (a, b) in enumerate(pairs, start=count + 1):
        found = _between(kernels, subsets[a], subsets[b], estimates[a], estimates[b])
        traces[:, :, a, b] = traces[:, :, b, a] = found
        progress(done, total)
    return traces


def _estimate(
    problem: ConvProblem, kernels: ConvKernels, X: Any, strata: Strata, subset: Subset, rng: np.random.Generator
) -> list[_Estimates]:
    """Estimate ``F_c`` and ``G_c`` of every layer from one subset."""
    net, found = problem.net, []
    wanted = {
        layer: (at[:, None] * net.positions[layer - 1] + at).reshape(-1) for layer, at in subset.positions.items()
    }
    # What is asked for twice is S of the first layer, which is cheap: every layer must have an entry.
    layers, covariance = in_blocks(kernels, subset.group, subset.group, Demand({}, wanted, problem.R is None))
    A = _residual_gram(problem, subset, covariance, rng)
    samples = sample_weights(strata)
    for layer, at in subset.positions.items():
        size = net.positions[layer - 1]
        kappa = _as_blocks(layers[layer], wanted[layer], len(at))
        P, Q = unbiased_products(kappa, samples, position_weights(size, len(at)))
        P, Q = ((each * A).transpose(0, 2, 1, 3).reshape(len(at) * len(A), -1) for each in (P, Q))
        window = net.convolutions[layer - 1].window
        if layer == 1 and net.fan_ins[0] < len(P):
            x = X[subset.group].reshape(len(A), net.image[0], -1).transpose(0, 2, 1)
            Z = patches(window, x)[:, at].transpose(1, 0, 2, 3).reshape(len(P), -1)
            found.append(_Estimates(Z.T @ P @ Z, Z.T @ Q @ Z, True))
        else:
            found.append(_Estimates(P, Q, False))
    return found


def _between(
    kernels: ConvKernels, a: Subset, b: Subset, ones: list[_Estimates], others: list[_Estimates]
) -> Float[np.ndarray, "depth 3"]:
    """Estimate the three traces of every layer from two subsets."""
    net, traces = kernels.net, np.empty((len(ones), 3))
    wanted = {
        layer: (a.positions[layer][:, None] * net.positions[layer - 1] + b.positions[layer]).reshape(-1)
        for layer, one in enumerate(ones, start=1)
        if not one.of_patches
    }
    grams = in_blocks(kernels, a.group, b.group, Demand(wanted, {}))[0] if wanted else {}
    for layer, (one, other) in enumerate(zip(ones, others, strict=True), start=1):
        if one.of_patches:
            F, G, H, K = one.first, one.second, other.first, other.second
        else:
            shape = (len(a.positions[layer]), len(b.positions[layer]), len(a.group), len(b.group))
            S = grams[layer].S.reshape(shape).transpose(0, 2, 1, 3).reshape(len(one.first), len(other.first))
            F, G, H, K = one.first @ S, one.second @ S, S @ other.first, S @ other.second
        traces[layer - 1] = (inner(F, K) + inner(G, H)) / 2, inner(F, H), inner(G, K)
    return traces


def in_blocks(kernels: ConvKernels, rows: Any, columns: Any, demand: Demand) -> tuple[dict[int, LayerKernels], Any]:
    """Compute kernels some rows at a time, so that memory stays small."""
    plan = kernels.plan(demand)
    size = max(1, _NUMBERS // (max(map(len, plan.forward)) * len(columns)))
    parts = [kernels.between(part, columns, demand, plan) for part in np.split(rows, range(size, len(rows), size))]
    layers = {}
    for layer, one in parts[0][0].items():
        S, kappa = (np.concatenate([part[0][layer][i] for part in parts], axis=1) for i in (0, 1))
        layers[layer] = LayerKernels(S, kappa, one.pairs)
    return layers, np.concatenate([part[1] for part in parts]) if demand.function else None


def sample_weights(strata: Strata) -> tuple[Float[np.ndarray, "m m"], Float[np.ndarray, "m m m"]]:
    """Return what pairs and triples of drawn samples stand for, as means over all samples.

    A pair or triple is divided by the chance that all that is in it is drawn: parts are drawn independently, without
    replacement, and equal samples count once.
    """
    n, m = sum(map(len, strata.members)), sum(strata.drawn)
    part = np.repeat(np.arange(len(strata.drawn)), strata.drawn)
    one, two, three = (np.array(strata.inverse_chances(samples))[part] for samples in (1, 2, 3))
    same: Any = np.equal.outer(part, part)
    equal = np.eye(m, dtype=bool)
    pair = np.where(equal, one, np.where(same, two, one[:, None] * one))
    i, j, k = np.ix_(*[np.arange(m)] * 3)
    triple = pair[i, j] * one[k]
    for a, b, c in ((i, k, j), (j, k, i)):  # k is in the part of one of the two
        triple = np.where(same[a, b] & ~same[a, c], pair[a, b] * one[c], triple)
    triple = np.where(same[i, j] & same[j, k], three[i], triple)
    triple = np.where(equal[i, k] | equal[j, k], pair[i, j], triple)
    triple = np.where(equal[i, j], pair[i, k], triple)
    return pair / n**2, triple / n**3


def position_weights(size: int, drawn: int) -> tuple[Float[np.ndarray, "t t"], Float[np.ndarray, "t t t"]]:
    """Do the same for positions of one layer, as sums over all of them."""
    whole = Strata([np.arange(size)], [drawn])
    pair, triple = sample_weights(whole)
    return pair * size**2, triple * size**3


def unbiased_products(
    kappa: Float[np.ndarray, "t t m m"],
    samples: tuple[Float[np.ndarray, "m m"], Float[np.ndarray, "m m m"]],
    positions: tuple[Float[np.ndarray, "t t"], Float[np.ndarray, "t t t"]],
) -> tuple[Float[np.ndarray, "t t m m"], Float[np.ndarray, "t t m m"]]:
    """Weight the terms of ``kappa`` and of ``kappa^2`` by what they stand for."""
    P = kappa * samples[0] * positions[0][:, :, None, None]
    Q = np.zeros_like(P)
    there: Any = kappa.any(axis=(2, 3))
    for p, r in np.argwhere(there):
        for q in np.flatnonzero(there[r]):
            product = np.einsum("ijk,ik,kj->ij", samples[1], kappa[p, r], kappa[r, q])
            Q[p, q] += positions[1][p, q, r] * product
    return P, Q


def _residual_gram(problem: ConvProblem, subset: Subset, covariance: Any, rng: np.random.Generator) -> Any:
    if problem.R is not None:
        R = problem.R[subset.samples]
        return R @ R.T
    return expected_gram(problem.loss, problem.Y[subset.samples], covariance, rng)


def _as_blocks(kernels: LayerKernels, wanted: Any, t: int) -> Float[np.ndarray, "t t m m"]:
    """Spread what was computed over all pairs of positions; the rest is zero."""
    blocks = np.zeros((t * t, *kernels.kappa.shape[1:]), kernels.kappa.dtype)
    blocks[np.searchsorted(wanted, kernels.pairs)] = kernels.kappa
    return blocks.reshape(t, t, *kernels.kappa.shape[1:])
