"""The limit of infinite width from all samples: kernels between all pairs, no sampling but of random functions."""

from collections.abc import Callable
from typing import Any

import numpy as np

from nfa_theory.predict.kernels import WideNetwork
from nfa_theory.predict.leading_order import c_nfa, c_nfa_of_few_inputs, gram_rows
from nfa_theory.predict.problem import Problem
from nfa_theory.predict.random_function import expected_rows


def limit_at_expected_residuals(
    problem: Problem, rng: np.random.Generator, progress: Callable[[int, int], None] | None = None
) -> Any:
    """Compute the C-NFA of every hidden layer in the limit of infinite width.

    Parameters
    ----------
    problem : Problem
        All samples in one step.
    rng : numpy.random.Generator
        Source of randomness, where ``E[R R^T]`` has no closed form.
    progress : callable, optional
        Called as ``progress(done, total)``.

    Returns
    -------
    (depth,) array
        At ``R R^T`` if the function is fixed, at its mean if it is random.
    """
    X, depth = problem.inputs(), problem.net.depth
    network = WideNetwork(X, problem.net)
    if problem.R is None:
        A = expected_rows(problem.loss, problem.Y, network.output_covariance(), rng)
    else:
        A = gram_rows(problem.R)
    limit = np.empty(depth)
    for done, (layer, S, kappa, _) in enumerate(network.layers(), start=1):
        few = layer == 1 and X.shape[1] < X.shape[0]
        limit[layer - 1] = c_nfa_of_few_inputs(kappa, X, A, 1) if few else c_nfa(kappa, S, A, layer)
        if progress is not None:
            progress(done, depth)
    return limit
