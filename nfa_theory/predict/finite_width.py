"""Mean and standard deviation of the early C-NFA over initializations, at the widths that the network has.

The leading order in time holds at every width, with the kernels of the weights that were drawn. Its mean over random
weights is estimated from independent networks. With more samples than `SAMPLES` the networks see random subsets, and
the mean is the limit on all samples plus the mean difference to the limit on the subset: only the effect of the
finite width is taken from subsets.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nfa_theory.predict.exact import limit_at_expected_residuals
from nfa_theory.predict.first_order import FirstOrder
from nfa_theory.predict.problem import Problem
from nfa_theory.predict.random_network import early_alignments, forward

SAMPLES = 1024
"""Samples that a random network sees, at most."""
_SHARED = 2  # networks on one subset: their difference shows the spread at fixed samples


@dataclass(frozen=True)
class FiniteWidth:
    """Moments over initializations by layer, with standard errors.

    Parameters
    ----------
    mean, mean_error, std, std_error : (depth,) array
        Of the C-NFA, float64.
    """

    mean: Any
    mean_error: Any
    std: Any
    std_error: Any


def finite_width(
    problem: Problem,
    on_all: tuple[Any, Any],
    networks: int,
    rng: np.random.Generator,
    progress: Callable[[int, int], None],
    at_most: int = SAMPLES,
) -> FiniteWidth:
    """Estimate mean and standard deviation over initializations.

    Parameters
    ----------
    problem : Problem
        Data and network.
    on_all : tuple of (depth,) array
        The limit on all samples at the expected ``R R^T``, and its standard error; used if there are more than
        `SAMPLES`.
    networks : int
        Random networks, at least 4; with more than `SAMPLES` samples an even number.
    rng : numpy.random.Generator
        Source of randomness.
    progress : callable
        Called as ``progress(done, total)``.
    at_most : int
        Samples that a network sees, at most, if there are no batches.

    Returns
    -------
    FiniteWidth
        The moments.
    """
    if problem.batch_size or problem.n <= at_most:
        control = None if problem.batch_size else FirstOrder.of(problem)
        found = np.array([_one(problem, control, rng, i, networks, progress) for i in range(networks)])
        values, reduced = found[:, 0], found[:, 1]
        return _moments(values[None], reduced)
    groups, shifts = [], []
    for i in range(0, networks, _SHARED):
        chosen = np.sort(rng.choice(problem.n, SAMPLES, replace=False))
        part = on_subset(problem, chosen)
        group = [_one(part, None, rng, i + j, networks, progress)[0] for j in range(_SHARED)]
        groups.append(group)
        shifts.append(np.mean(group, axis=0) - limit_at_expected_residuals(part, rng))
    moments = _moments(np.array(groups), np.array(shifts) + on_all[0])
    return replace(moments, mean_error=np.hypot(moments.mean_error, on_all[1]))


def on_subset(problem: Problem, chosen: Any) -> Problem:
    """Restrict a problem to some samples.

    Parameters
    ----------
    problem : Problem
        On all samples.
    chosen : (m,) array of int
        The subset.

    Returns
    -------
    Problem
        On these alone, in memory.
    """
    R = None if problem.R is None else problem.R[chosen]
    return replace(problem, X=problem.inputs(chosen), Y=problem.Y[chosen], R=R)


def _one(
    problem: Problem,
    control: FirstOrder | None,
    rng: np.random.Generator,
    number: int,
    total: int,
    progress: Callable[[int, int], None],
) -> tuple[Any, Any]:
    """Draw a network; return its alignments as they are and less their first-order fluctuation, which has mean 0."""
    net = problem.net
    chosen, in_batch, stands_for = _samples(problem, rng)
    X, Y = problem.inputs(chosen), problem.Y[chosen]
    weights, biases = net.initialize(rng, Y.dtype)
    inputs, slopes, f = forward(X, net, weights, biases)
    own = problem.own_function or problem.R is None
    R = problem.residuals_of(chosen, f) if own else problem.R[chosen]
    values = np.array(early_alignments(net, weights, inputs, slopes, R * in_batch[:, None], stands_for))
    progress(number + 1, total)
    return values, values if control is None else values - control.fluctuation(weights[-1], slopes[0])


def _samples(problem: Problem, rng: np.random.Generator) -> tuple[Any, Any, Any]:
    """Choose the samples that a network sees, whether each is in its batch, and for how many it stands elsewhere."""
    dtype = problem.Y.dtype
    if problem.batch_size is None:
        return np.arange(problem.n), np.ones(problem.n, dtype), np.ones(problem.n, dtype)
    b = problem.batch_size
    chosen = rng.permutation(problem.n)[: b + SAMPLES]
    while problem.R is not None and not problem.own_function and not problem.R[chosen[:b]].any():
        chosen = rng.permutation(problem.n)[: b + SAMPLES]
    in_batch = (np.arange(len(chosen)) < b).astype(dtype)
    stands_for = np.ones(len(chosen), dtype)
    stands_for[b:] = (problem.n - b) / (len(chosen) - b)
    return chosen, in_batch, stands_for


def _moments(groups: Any, means: Any) -> FiniteWidth:
    """Take the moments of (groups, members, depth) alignments, and of independent values whose mean is wanted.

    The spread is that within groups; its error is a jackknife over groups, or over members if there is one group.
    """
    error = means.std(axis=0, ddof=1) / np.sqrt(len(means))
    variances = groups.var(axis=1, ddof=1)
    std = np.sqrt(variances.mean(axis=0))
    if len(groups) > 1:
        left_out = np.array([np.delete(variances, i, axis=0).mean(axis=0) for i in range(len(groups))])
    else:
        left_out = np.array([np.delete(groups[0], i, axis=0).var(axis=0, ddof=1) for i in range(groups.shape[1])])
    count = len(left_out)
    std_error = np.sqrt((count - 1) * np.sqrt(left_out).var(axis=0))
    return FiniteWidth(means.mean(axis=0), error, std, std_error)
