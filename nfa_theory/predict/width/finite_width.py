"""Mean and standard deviation of the early C-NFA over initializations, at the widths that the network has.

The leading order in time holds at every width, with the kernels of the weights that were drawn. Its mean over random
weights is estimated from independent networks (`random_network`, or `seen_network` where the samples are few); where
theory knows how it depends on the width, less is left to chance (`one_hidden_layer`). With more samples than
`SAMPLES` the networks see random subsets, and the mean is the limit on all samples plus the mean difference to the
limit on the subset: only the effect of the finite width is taken from subsets.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Shaped

from nfa_theory.predict.limit.batches import draw_batch
from nfa_theory.predict.limit.exact import limit_at_expected_residuals
from nfa_theory.predict.problem.problem import Problem
from nfa_theory.predict.width.moments import FiniteWidth, moments, moments_of_groups
from nfa_theory.predict.width.neuron_averages import NeuronAverages
from nfa_theory.predict.width.one_hidden_layer import one_hidden_layer
from nfa_theory.predict.width.random_network import alignments_on_all, draw, early_alignments

SAMPLES = 1024
"""Samples that a random network sees, at most."""
_SHARED = 2  # networks on one subset: their difference shows the spread at fixed samples

Progress = Callable[[int, int], None]


def finite_width(
    problem: Problem,
    on_all: tuple[Any, Any],
    networks: int,
    rng: np.random.Generator,
    progress: Progress,
    at_most: int = SAMPLES,
) -> FiniteWidth:
    """Estimate mean and standard deviation over initializations."""
    if problem.batch_size:
        return moments(_repeated(lambda: _on_batch(problem, rng), networks, progress))
    if problem.n > at_most:
        return _on_subsets(problem, on_all, networks, rng, progress)
    averages = NeuronAverages.of(problem)
    if averages is not None:
        return one_hidden_layer(problem, averages, networks, rng, progress)
    return moments(_repeated(lambda: alignments_on_all(problem, rng), networks, progress))


def _on_subsets(
    problem: Problem, on_all: tuple[Any, Any], networks: int, rng: np.random.Generator, progress: Progress
) -> FiniteWidth:
    def group() -> tuple[Any, Any]:
        part = on_subset(problem, np.sort(rng.choice(problem.n, SAMPLES, replace=False)))
        values = np.array([alignments_on_all(part, rng) for _ in range(_SHARED)])
        return values, values.mean(axis=0) - limit_at_expected_residuals(part, rng)

    groups, shifts = [], []
    for i in range(0, networks, _SHARED):
        values, shift = group()
        groups.append(values)
        shifts.append(shift)
        progress(i + _SHARED, networks)
    found = moments_of_groups(np.array(groups), np.array(shifts) + on_all[0])
    return replace(found, mean_error=np.hypot(found.mean_error, on_all[1]))


def on_subset(problem: Problem, chosen: Shaped[Any, "m"]) -> Problem:
    """Restrict a problem to some samples."""
    f, R = (None if each is None else each[chosen] for each in (problem.f, problem.R))
    return replace(problem, X=problem.inputs(chosen), Y=problem.Y[chosen], f=f, R=R)


def _on_batch(problem: Problem, rng: np.random.Generator) -> Any:
    """Draw a batch and a network; of the samples outside the batch some stand for all in the AGOP."""
    b = problem.batch_size or problem.n
    chosen = draw_batch(problem, None if problem.own_function else problem.R, rng, SAMPLES)
    drawn = draw(problem, rng, chosen)
    dtype = problem.Y.dtype
    in_batch = (np.arange(len(chosen)) < b).astype(dtype)
    stands_for = np.ones(len(chosen), dtype)
    stands_for[b:] = (problem.n - b) / (len(chosen) - b)
    return np.array(early_alignments(drawn._replace(R=drawn.R * in_batch[:, None]), stands_for))


def _repeated(sample: Callable[[], Any], networks: int, progress: Progress) -> Any:
    found = []
    for i in range(networks):
        found.append(sample())
        progress(i + 1, networks)
    return np.array(found)
