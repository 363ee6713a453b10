"""Mean and standard deviation of the early C-NFA over initializations, at the widths that the network has.

The leading order in time holds at every width, with the kernels of the weights that were drawn. Its mean over random
weights is estimated from independent networks (`random_network`, or `seen_network` where the samples are few); where
theory knows how it depends on the width, less is left to chance (`one_hidden_layer`). With many samples each pair of
networks may see a part of them (`many_samples`); then the error of the mean has the spread between parts in it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from nfa_theory.predict.kernels.between_groups import LimitError
from nfa_theory.predict.limit.batches import draw_batch
from nfa_theory.predict.problem.problem import Problem
from nfa_theory.predict.progress import Progress
from nfa_theory.predict.width.many_samples import FEW, alignments_on_part, draw_part, samples_seen
from nfa_theory.predict.width.moments import FiniteWidth, moments, moments_of_groups
from nfa_theory.predict.width.neuron_averages import NeuronAverages
from nfa_theory.predict.width.one_hidden_layer import one_hidden_layer
from nfa_theory.predict.width.random_network import alignments_on_all, draw, early_alignments

_SHARED = 2  # networks on one part of the samples: their difference shows the spread at fixed samples


def finite_width(problem: Problem, networks: int, rng: np.random.Generator, progress: Progress) -> FiniteWidth:
    """Estimate mean and standard deviation over initializations."""
    if problem.batch_size:
        return moments(repeated(lambda: _on_batch(problem, rng), networks, progress))
    if samples_seen(problem) < problem.n:
        return _on_parts(problem, networks, rng, progress)
    if problem.n > FEW and not problem.described:
        everyone = draw_part(problem, rng)
        return moments(repeated(lambda: alignments_on_part(problem, everyone, rng)[0], networks, progress))
    try:
        averages = NeuronAverages.of(problem)
    except LimitError:  # finite networks may do without kernels
        averages = None
    if averages is not None:
        return one_hidden_layer(problem, averages, networks, rng, progress)
    return moments(repeated(lambda: alignments_on_all(problem, rng), networks, progress))


def _on_parts(problem: Problem, networks: int, rng: np.random.Generator, progress: Progress) -> FiniteWidth:
    groups, left_out = [], 0.0
    for i in range(0, networks, _SHARED):
        part = draw_part(problem, rng)
        groups.append([alignments_on_part(problem, part, rng) for _ in range(_SHARED)])
        left_out = part.left_out
        progress(i + _SHARED, networks)
    return moments_of_groups(np.array(groups), left_out)


def _on_batch(problem: Problem, rng: np.random.Generator) -> Any:
    """Draw a batch and a network; of the samples outside the batch some stand for all in the AGOP."""
    b = problem.batch_size or problem.n
    chosen = draw_batch(problem, None if problem.own_function else problem.R, rng, FEW)
    drawn = draw(problem, rng, chosen)
    dtype = problem.Y.dtype
    in_batch = (np.arange(len(chosen)) < b).astype(dtype)
    stands_for = np.ones(len(chosen), dtype)
    stands_for[b:] = (problem.n - b) / (len(chosen) - b)
    return np.array(early_alignments(drawn._replace(R=drawn.R * in_batch[:, None]), stands_for))


def repeated(sample: Callable[[], Any], networks: int, progress: Progress) -> Any:
    """Draw a number of independent networks."""
    found = []
    for i in range(networks):
        found.append(sample())
        progress(i + 1, networks)
    return np.array(found)
