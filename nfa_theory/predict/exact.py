"""The limit of infinite width from all samples: kernels between all pairs, no sampling but of random functions."""

from collections.abc import Callable
from typing import Any

import numpy as np

from nfa_theory.predict.kernels import WideNetwork
from nfa_theory.predict.leading_order import c_nfa, c_nfa_of_few_inputs, gram_rows
from nfa_theory.predict.problem import Problem
from nfa_theory.predict.random_function import correction, expected_rows


def exact_limits(
    problem: Problem, draws: int, rng: np.random.Generator, progress: Callable[[int, int], None]
) -> tuple[Any, Any]:
    """Compute the C-NFA of every hidden layer in the limit of infinite width.

    Parameters
    ----------
    problem : Problem
        All samples in one step.
    draws : int
        Random functions, if the function is random.
    rng : numpy.random.Generator
        Source of randomness.
    progress : callable
        Called as ``progress(done, total)``.

    Returns
    -------
    limit, standard_error : (depth,) array
        The error is zero if the function is fixed.
    """
    X, depth = problem.inputs(), problem.net.depth
    network = WideNetwork(X, problem.net)
    if problem.R is None:
        A = expected_rows(problem.loss, problem.Y, network.output_covariance(), rng)
        shift, error = correction(problem, draws, rng)
    else:
        A, shift, error = gram_rows(problem.R), np.zeros(depth), np.zeros(depth)
    limit = np.empty(depth)
    for done, (layer, S, kappa) in enumerate(network.layers(), start=1):
        few = layer == 1 and X.shape[1] < X.shape[0]
        limit[layer - 1] = c_nfa_of_few_inputs(kappa, X, A, 1) if few else c_nfa(kappa, S, A, layer)
        progress(done, depth)
    return limit + shift, error
