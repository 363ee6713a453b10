"""The limit of infinite width from all samples: kernels between all pairs, no sampling but of random functions.

The layers are taken from the first to the last. At most two and a half square arrays and one panel of rows for each
thread exist at any time.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from nfa_theory.predict.kernels.all_pairs import AllPairs
from nfa_theory.predict.kernels.blocks import Step
from nfa_theory.predict.limit.layer_features import features_of_few_inputs, steps, traces_of_many_inputs
from nfa_theory.predict.limit.leading_order import Traces
from nfa_theory.predict.problem.problem import Problem
from numerics.backend.worker_threads import threads_kept


def limit_traces(
    problem: Problem, rng: np.random.Generator, progress: Callable[[int, int], None] | None = None
) -> list[Traces]:
    """Compute what the leading order says of ``F_c`` and ``G_c`` of every hidden layer at infinite width."""
    with threads_kept():
        pairs, depth = AllPairs(problem, rng), problem.net.depth
        step = _counter(steps(pairs, depth), progress)
        found = []
        for layer in range(1, depth + 1):
            if pairs.few_inputs:
                found.append(Traces.of(*features_of_few_inputs(pairs, step)))
            else:
                found.append(traces_of_many_inputs(pairs, step))
            if layer < depth:
                pairs.next_layer()
        return found


def limit_at_expected_residuals(
    problem: Problem, rng: np.random.Generator, progress: Callable[[int, int], None] | None = None
) -> Any:
    """Compute the C-NFA of every hidden layer at infinite width, (depth,); see `limit_traces`."""
    return np.array([each.alignment(i) for i, each in enumerate(limit_traces(problem, rng, progress), start=1)])


def _counter(total: int, progress: Callable[[int, int], None] | None) -> Step:
    """Count the panels that are done."""
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    return step
