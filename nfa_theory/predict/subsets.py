"""The limit of infinite width on data too large for kernels between all pairs: from random subsets, without bias.

On a random subset, with a fixed share of every class, ``F_c`` and ``G_c`` are estimated without bias (`strata`). Two
subsets that are drawn independently give unbiased estimates of ``tr(F_c G_c)``, ``tr(F_c^2)`` and ``tr(G_c^2)``, which
a single one does not: its own noise would count as signal. The sums over all pairs of subsets are divided; a jackknife
over subsets removes the bias of the division and gives the standard error.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from nfa_theory.predict.kernels import PairKernels
from nfa_theory.predict.leading_order import cosine
from nfa_theory.predict.problem import Problem
from nfa_theory.predict.random_function import expected_rows
from nfa_theory.predict.strata import Strata, stratify, unbiased_kernels
from numerics import InputError

SIZE = 256
"""Samples in a subset, about."""
COUNT = 16
"""Subsets."""


class _Estimates(NamedTuple):
    """What one subset says of one layer.

    Parameters
    ----------
    first, second : array
        Of features, estimates of ``F_c`` and ``G_c``, (d, d); else of ``P`` and ``Q``, (m, m).
    of_features : bool
        True for the first layer if it has fewer inputs than the subset has samples.
    """

    first: Any
    second: Any
    of_features: bool


def subset_limits(problem: Problem, rng: np.random.Generator, progress: Callable[[int, int], None]) -> tuple[Any, Any]:
    """Estimate the C-NFA of every hidden layer in the limit of infinite width.

    Parameters
    ----------
    problem : Problem
        All samples in one step.
    rng : numpy.random.Generator
        Source of randomness.
    progress : callable
        Called as ``progress(done, total)``.

    Returns
    -------
    limit, standard_error : (depth,) array
        At ``R R^T`` if the function is fixed, at its mean if it is random.

    Raises
    ------
    InputError
        The labels are so close to noise that subsets do not see the norm of the features.
    """
    strata = stratify(problem.Y, SIZE)
    chosen = [strata.draw(rng) for _ in range(COUNT)]
    size = len(chosen[0])
    kernels = PairKernels(np.concatenate([problem.inputs(each) for each in chosen]), problem.net)
    groups = [slice(i * size, (i + 1) * size) for i in range(COUNT)]
    total, done, estimates = COUNT * (COUNT + 1) // 2, 0, []
    for group, samples in zip(groups, chosen, strict=True):
        A = _residual_gram(problem, samples, kernels, group, rng)
        estimates.append(_estimate(kernels, group, A, strata))
        progress(done := done + 1, total)
    traces = np.zeros((problem.net.depth, 3, COUNT, COUNT))
    pairs = list(combinations(range(COUNT), 2))
    with ThreadPoolExecutor(max_workers=min(os.cpu_count() or 1, 8)) as pool:
        results = pool.map(lambda pair: _between(kernels, groups, estimates, *pair), pairs)
        for (a, b), found in zip(pairs, results, strict=True):
            traces[:, :, a, b] = traces[:, :, b, a] = found
            progress(done := done + 1, total)
    return _jackknife(traces)


def _residual_gram(problem: Problem, samples: Any, kernels: PairKernels, group: slice, rng: np.random.Generator) -> Any:
    if problem.R is not None:
        R = problem.R[samples]
        return R @ R.T
    return expected_rows(problem.loss, problem.Y[samples], kernels.covariance(group, group), rng)(slice(None))


def _estimate(kernels: PairKernels, group: slice, A: Any, strata: Strata) -> list[_Estimates]:
    """Estimate ``P`` and ``Q`` of every layer from one subset, per sample and per pair of samples."""
    grams = kernels.gram_matrices(group, group)
    found = []
    for layer, kappa in enumerate(kernels.tangent_kernels(grams, group, group)):
        P, Q = unbiased_kernels(kappa, strata)
        P *= A
        Q *= A
        Z = kernels.X[group]
        few = layer == 0 and Z.shape[1] < Z.shape[0]
        found.append(_Estimates(Z.T @ P @ Z, Z.T @ Q @ Z, True) if few else _Estimates(P, Q, False))
    return found


def _between(kernels: PairKernels, groups: list[slice], estimates: list[list[_Estimates]], a: int, b: int) -> Any:
    """Estimate the three traces of every layer from two subsets."""
    traces = np.empty((kernels.net.depth, 3))
    grams: list[Any] = []
    with np.errstate(over="ignore", invalid="ignore"):  # in a thread of its own
        for layer, (one, other) in enumerate(zip(estimates[a], estimates[b], strict=True)):
            if one.of_features:
                F, G, H, K = one.first, one.second, other.first, other.second
            else:
                grams = grams or kernels.gram_matrices(groups[a], groups[b])
                S = grams[layer]
                F, G, H, K = one.first @ S, one.second @ S, S @ other.first, S @ other.second
            traces[layer] = (_inner(F, K) + _inner(G, H)) / 2, _inner(F, H), _inner(G, K)
    return traces


def _inner(A: Any, B: Any) -> float:
    return float(np.sum(A * B, dtype=np.float64))


def _jackknife(traces: Any) -> tuple[Any, Any]:
    """Divide sums over pairs of subsets; traces has shape (depth, 3, count, count)."""
    depth, _, count, _ = traces.shape
    totals = traces.sum(axis=(2, 3))
    without = totals[:, :, None] - 2 * traces.sum(axis=3)  # (depth, 3, count)
    limit, error = np.empty(depth), np.empty(depth)
    for i in range(depth):
        _require_signal(without[i], i + 1)
        whole, *parts = [cosine(float(N), float(D), float(E), i + 1) for N, D, E in (totals[i], *without[i].T)]
        limit[i] = count * whole - (count - 1) * np.mean(parts)
        error[i] = np.sqrt((count - 1) * np.var(parts))
    return limit, error


def _require_signal(without: Any, layer: int) -> None:
    """Refuse squared norms that are within three standard errors of zero; (3, count) sums, each without one subset."""
    norms = without[1:]
    error = np.sqrt((norms.shape[1] - 1) * norms.var(axis=1))
    if np.isfinite(norms).all() and not (norms.mean(axis=1) > 3 * error).all():  # of an overflow `cosine` speaks
        raise InputError(
            f"the labels must stand out from noise in subsets of about {SIZE} samples, got squared norms of layer "
            f'{layer} within 3 standard errors of zero; use method="exact", perhaps on fewer samples'
        )
