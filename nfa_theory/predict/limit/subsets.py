"""The limit of infinite width on data too large for kernels between all pairs: from random subsets, without bias.

On a random subset, with a fixed share of every class, ``F_c`` and ``G_c`` are estimated without bias (`strata`). Two
subsets that are drawn independently give unbiased estimates of ``tr(F_c G_c)``, ``tr(F_c^2)`` and ``tr(G_c^2)``, which
a single one does not: its own noise would count as signal. The sums over all pairs of subsets are divided; a jackknife
over subsets removes the bias of the division and gives the standard error.
"""

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from nfa_theory.predict.kernels.between_groups import PairKernels
from nfa_theory.predict.kernels.blocks import in_threads, inner
from nfa_theory.predict.limit.leading_order import cosine
from nfa_theory.predict.limit.random_function import expected_gram
from nfa_theory.predict.limit.sample_weights import strata_of
from nfa_theory.predict.limit.strata import Strata, unbiased_kernels
from nfa_theory.predict.problem.problem import Problem
from nfa_theory.statistics.jackknife import jackknife_error
from numerics import InputError

SIZE = 256
"""Samples in a subset, about."""
COUNTS = (16, 32, 64)
"""Subsets: so many more each time the relative standard error of a layer stays above `AIM`."""
AIM = 0.01


class _Estimates(NamedTuple):
    """What one subset says of one layer.

    Parameters
    ----------
    first, second : array
        Of features, estimates of ``F_c`` and ``G_c``, (d, d); else of ``P`` and ``Q``, (m, m).
    of_features : bool
        True for the first layer if it has fewer inputs than the subset has samples.
    traces : tuple of two float
        Estimates of ``tr(F_c)`` and ``tr(G_c)``.
    """

    first: Any
    second: Any
    of_features: bool
    traces: tuple[float, float]


class _Subsets(NamedTuple):
    """Random subsets of the samples, in memory.

    Parameters
    ----------
    strata : Strata
        How they were drawn.
    chosen : list of (m,) array of int
        Sample numbers of each subset.
    kernels : PairKernels
        Of all subsets, one after the other.
    groups : list of slice
        Where each of them stands there.
    """

    strata: Strata
    chosen: list[Any]
    kernels: PairKernels
    groups: list[slice]

    @classmethod
    def of(cls, problem: Problem, strata: Strata, count: int, rng: np.random.Generator) -> "_Subsets":
        chosen = [strata.draw(rng) for _ in range(count)]
        size = len(chosen[0])
        kernels = PairKernels(np.concatenate([problem.inputs(each) for each in chosen]), problem.net)
        return cls(strata, chosen, kernels, [slice(i * size, (i + 1) * size) for i in range(count)])


def subset_limits(
    problem: Problem, rng: np.random.Generator, progress: Callable[[int, int], None]
) -> tuple[Any, Any, Any]:
    """Estimate the C-NFA of every hidden layer in the limit of infinite width."""
    strata = strata_of(problem, SIZE)
    for count in COUNTS:
        own, traces = _all_traces(problem, strata, count, rng, progress)
        if count == COUNTS[-1] or has_signal(traces):
            limit, error = divided(traces)
            if count == COUNTS[-1] or np.all(error <= AIM * abs(limit)):
                break
    return limit, error, _dimensions(own, traces)


def _all_traces(
    problem: Problem, strata: Strata, count: int, rng: np.random.Generator, progress: Callable[[int, int], None]
) -> tuple[Any, Any]:
    """Estimate tr(F_c) and tr(G_c) from each subset, (count, depth, 2), the rest from pairs, (depth, 3, count, count).

    The subsets are new ones each time: a result depends on those before it through their number alone.
    """
    drawn = _Subsets.of(problem, strata, count, rng)
    total, done, estimates = count * (count + 1) // 2, 0, []

    def step() -> None:
        nonlocal done
        progress(done := done + 1, total)

    for i in range(count):
        estimates.append(_estimate(problem, drawn, i, rng))
        step()
    traces = np.zeros((problem.net.depth, 3, count, count))
    pairs = list(combinations(range(count), 2))
    with np.errstate(over="ignore", invalid="ignore"):
        results = in_threads(lambda pair: _between(drawn, estimates, *pair), pairs, step)
    for (a, b), found in zip(pairs, results, strict=True):
        traces[:, :, a, b] = traces[:, :, b, a] = found
    return np.array([[each.traces for each in of_subset] for of_subset in estimates]), traces


def first_layer_estimates(problem: Problem, rng: np.random.Generator) -> list[tuple[Any, Any, Any]]:
    """Estimate ``P`` and ``Q`` of the first layer on random subsets, without bias."""
    drawn = _Subsets.of(problem, strata_of(problem, SIZE), COUNTS[0], rng)
    return [
        (drawn.kernels.X[group], *next(_weighted_kernels(problem, drawn, i, rng))[1:])
        for i, group in enumerate(drawn.groups)
    ]


def _residual_gram(problem: Problem, drawn: _Subsets, i: int, rng: np.random.Generator) -> Any:
    samples, group, kernels = drawn.chosen[i], drawn.groups[i], drawn.kernels
    if problem.R is not None:
        R = problem.R[samples]
        return R @ R.T
    return expected_gram(problem.loss, problem.Y[samples], kernels.covariance(group, group), rng)


def _weighted_kernels(
    problem: Problem, drawn: _Subsets, i: int, rng: np.random.Generator
) -> Iterator[tuple[Any, Any, Any]]:
    """Compute ``S`` of every layer on one subset; estimate ``P`` and ``Q``, per sample and per pair of samples."""
    group, kernels = drawn.groups[i], drawn.kernels
    A = _residual_gram(problem, drawn, i, rng)
    for S, kappa in zip(*kernels.all_layers(group, group), strict=True):
        P, Q = unbiased_kernels(kappa, drawn.strata)
        yield S, P * A, Q * A


def _estimate(problem: Problem, drawn: _Subsets, i: int, rng: np.random.Generator) -> list[_Estimates]:
    """Estimate what `_between` needs of every layer from one subset."""
    group, found = drawn.groups[i], []
    for layer, (gram, P, Q) in enumerate(_weighted_kernels(problem, drawn, i, rng)):
        Z = drawn.kernels.X[group]
        few = layer == 0 and Z.shape[1] < Z.shape[0]
        F, G = (Z.T @ P @ Z, Z.T @ Q @ Z) if few else (P, Q)
        S = np.eye(len(F), dtype=F.dtype) if few else gram
        found.append(_Estimates(F, G, few, (inner(F, S), inner(G, S))))
    return found


def _between(drawn: _Subsets, estimates: list[list[_Estimates]], a: int, b: int) -> Any:
    """Estimate the three traces of every layer from two subsets."""
    kernels, groups = drawn.kernels, drawn.groups
    traces = np.empty((kernels.net.depth, 3))
    grams: list[Any] = []
    for layer, (one, other) in enumerate(zip(estimates[a], estimates[b], strict=True)):
        if one.of_features:
            F, G, H, K = one.first, one.second, other.first, other.second
        else:
            grams = grams or kernels.gram_matrices(groups[a], groups[b])
            S = grams[layer]
            F, G, H, K = one.first @ S, one.second @ S, S @ other.first, S @ other.second
        traces[layer] = (inner(F, K) + inner(G, H)) / 2, inner(F, H), inner(G, K)
    return traces


def _dimensions(own: Any, traces: Any) -> Any:
    """Divide squared traces by traces of squares, both summed over pairs of subsets.

    `own` has shape (count, depth, 2), `traces` (depth, 3, count, count).
    """
    squared_traces = own.sum(axis=0) ** 2 - (own**2).sum(axis=0)
    return squared_traces / traces[:, 1:].sum(axis=(2, 3))


def divided(traces: Any) -> tuple[Any, Any]:
    """Divide sums over pairs of subsets, with standard errors; traces has shape (depth, 3, count, count)."""
    depth, _, count, _ = traces.shape
    totals = traces.sum(axis=(2, 3))
    without = totals[:, :, None] - 2 * traces.sum(axis=3)  # (depth, 3, count)
    limit, error = np.empty(depth), np.empty(depth)
    for i in range(depth):
        if not _stand_out(without[i]):
            raise InputError(
                f"the labels must stand out from noise in subsets of about {SIZE} samples, got squared norms of layer "
                f'{i + 1} within 3 standard errors of zero; use method="exact", perhaps on fewer samples'
            )
        whole, *parts = [
            cosine(float(N), float(D), float(E), i + 1, estimated=True) for N, D, E in (totals[i], *without[i].T)
        ]
        limit[i] = count * whole - (count - 1) * np.mean(parts)
        error[i] = jackknife_error(parts)
    return limit, error


def has_signal(traces: Any) -> bool:
    """Tell whether the squared norms of all layers stand out from noise."""
    totals = traces.sum(axis=(2, 3))
    return all(map(_stand_out, totals[:, :, None] - 2 * traces.sum(axis=3)))


def _stand_out(without: Any) -> bool:
    """Tell whether squared norms are more than three standard errors above zero; (3, count) sums, each without one."""
    norms = without[1:]
    error = jackknife_error(norms, axis=1)
    overflow = not np.isfinite(norms).all()  # of which `cosine` speaks
    return overflow or bool((norms.mean(axis=1) > 3 * error).all())
