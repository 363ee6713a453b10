"""The C-NFA after one step on a random batch of ``b`` samples, on average over batches.

``F_c ~ Z_B^T P_BB Z_B`` and ``G_c ~ Z_B^T Q_BB Z_B``, where ``Q`` still sums over all samples (derivations
``stochastic_gradients``). The alignment of a batch is a ratio, and the mean of ratios is not the ratio of means: with
``b = 1`` every single step has alignment 1. So batches are drawn, each with its own random function if there is one.
A batch whose residuals all vanish moves nothing and has no alignment; it is left out of the mean.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from nfa_theory.predict.kernels.between_groups import PairKernels
from nfa_theory.predict.kernels.blocks import row_blocks
from nfa_theory.predict.limit.leading_order import Traces
from nfa_theory.predict.limit.random_function import draw_function
from nfa_theory.predict.problem.problem import Problem
from numerics import InputError

OTHERS = 8192
"""Samples outside the batch that stand for all of them in ``kappa^2``."""
_ROWS = 2048
_ATTEMPTS = 1000


def batch_limits(
    problem: Problem, draws: int, rng: np.random.Generator, progress: Callable[[int, int], None]
) -> tuple[Any, Any]:
    """Average the C-NFA over random batches."""
    values = []
    for done in range(draws):
        values.append(_one_batch(problem, rng))
        progress(done + 1, draws)
    found = np.array(values)
    return found.mean(axis=0), found.std(axis=0, ddof=1) / np.sqrt(draws)


def batch_kernels(kernels: PairKernels, batch: Any, others: Any, weight: float) -> list[tuple[Any, Any, Any]]:
    """Compute what the leading order needs on a batch."""
    grams, kappas = kernels.all_layers(batch, batch)
    squares = [kappa @ kappa.T for kappa in kappas]
    for rows in row_blocks(len(others), _ROWS):
        part = others[rows]
        _, across = kernels.all_layers(batch, part)
        for square, kappa in zip(squares, across, strict=True):
            square += square.dtype.type(weight) * (kappa @ kappa.T)
    return list(zip(grams, kappas, squares, strict=True))


def _one_batch(problem: Problem, rng: np.random.Generator) -> list[float]:
    drawn = draw_batch(problem, problem.R, rng, OTHERS)
    kernels = PairKernels(problem.inputs(drawn), problem.net)
    places, b = np.arange(len(drawn)), problem.batch_size or problem.n
    batch, others = places[:b], places[b:]
    weight = (problem.n - b) / max(len(others), 1)
    if problem.R is None:
        f = draw_function(kernels.covariance(batch, batch), problem.Y.shape[1], rng)
        R = problem.residuals_of(drawn[:b], f)
    else:
        R = problem.R[drawn[:b]]
    A = R @ R.T
    values = []
    for layer, (S, kappa, square) in enumerate(batch_kernels(kernels, batch, others, weight), start=1):
        values.append(Traces.of((kappa * A) @ S, (square * A) @ S).alignment(layer))
    return values


def draw_batch(problem: Problem, R: Any, rng: np.random.Generator, others: int) -> Any:
    """Draw a batch that moves the weights, and after it some of the samples outside it."""
    b = problem.batch_size or problem.n
    for _ in range(_ATTEMPTS):
        drawn = rng.permutation(problem.n)[: b + others]
        batch = drawn[:b]
        moving = problem.inputs(batch).any(axis=1)
        if R is not None:
            moving &= R[batch].any(axis=1)
        if moving.any():
            return drawn
    raise InputError(
        f"batches of {b} must have samples whose residuals and inputs are not zero, got {_ATTEMPTS} that have none"
    )
