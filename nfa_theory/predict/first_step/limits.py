"""The first step of sign descent and of Muon at infinite width, layer by layer."""

from collections.abc import Callable
from typing import Any

import numpy as np

from nfa_theory.predict.first_step.muon import muon_alignment
from nfa_theory.predict.first_step.sign import Sees, sign_alignment
from nfa_theory.predict.kernels.between_groups import PairKernels
from nfa_theory.predict.limit.random_function import draw_function, factor
from nfa_theory.predict.problem.problem import Problem
from numerics import InputError

MOST = 4096
"""Samples at most: all pairs are kept, and factored."""


def first_step_limits(
    problem: Problem, optimizer: str, draws: int, rng: np.random.Generator, progress: Callable[[int, int], None]
) -> tuple[Any, Any]:
    """Average the C-NFA over random functions and, for signs, over draws of neurons."""
    kernels, everyone = PairKernels(problem.inputs(), problem.net), slice(None)
    layers = list(zip(*kernels.all_layers(everyone, everyone), strict=True))
    certain = optimizer == "muon" and problem.R is not None
    seen = _what_neurons_see(problem, layers) if optimizer == "sign" else []
    values = []
    for done in range(1 if certain else draws):
        R = problem.R if problem.R is not None else _random_residuals(problem, kernels, rng)
        if optimizer == "muon":
            found = [
                muon_alignment(
                    kappa * (R @ R.T), (kappa @ kappa) * (R @ R.T), problem.inputs() if i == 1 else None, S, i
                )
                for i, (S, kappa) in enumerate(layers, start=1)
            ]
        else:
            X = problem.inputs().astype(np.float64)
            found = [
                sign_alignment(problem.net, X, R.astype(np.float64), each, i, rng) for i, each in enumerate(seen, 1)
            ]
        values.append(found)
        progress(done + 1, draws)
    mean = np.mean(values, axis=0)
    error = np.zeros_like(mean) if certain else np.std(values, axis=0, ddof=1) / np.sqrt(draws)
    return np.minimum(mean, 1.0), error


def _random_residuals(problem: Problem, kernels: PairKernels, rng: np.random.Generator) -> Any:
    everyone = slice(None)
    f = draw_function(kernels.covariance(everyone, everyone), problem.Y.shape[1], rng)
    return problem.residuals_of(everyone, f)


def _what_neurons_see(problem: Problem, layers: list[tuple[Any, Any]]) -> list[Sees]:
    """Factor the covariances of pre-activations and of what comes back; scales of the latter do not count."""
    net = problem.net
    forward = [
        factor(S.astype(np.float64) * net.weight_variance(i) + net.bias_variance(i))
        for i, (S, _) in enumerate(layers, start=1)
    ]
    backward = [factor(kappa.astype(np.float64)) for _, kappa in layers[1:]]
    return [Sees(*each) for each in zip(forward, [*backward, None], [None, *forward[:-1]], strict=True)]


def check_first_step(problem: Problem, optimizer: str) -> None:
    """Refuse what the first step of another optimizer than descent cannot be predicted for."""
    if problem.described or problem.batch_size:
        raise InputError(f"optimizer {optimizer!r} takes all of some samples, got statistics or a batch_size")
    if problem.n > MOST:
        raise InputError(f"optimizer {optimizer!r} takes at most {MOST} samples, got {problem.n}")
