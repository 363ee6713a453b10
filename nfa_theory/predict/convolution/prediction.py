"""The prediction for a convolutional network."""

from typing import Any

import numpy as np

from nfa_theory.predict.convolution.exact import limit_traces
from nfa_theory.predict.convolution.networks import finite_width
from nfa_theory.predict.convolution.subsets import subset_limits
from nfa_theory.predict.kernels.between_groups import LimitError
from nfa_theory.predict.problem.problem import ConvProblem
from nfa_theory.predict.progress import Progress
from nfa_theory.predict.read_only import read_only
from nfa_theory.predict.result import AlignmentPrediction
from numerics import InputError

ROWS = 4000
"""Up to so many rows, positions times samples, all pairs are taken: several square matrices of rows a layer."""


def predict_convolutional(
    problem: ConvProblem,
    method: str,
    draws: int,
    networks: int,
    seed: int,
    progress: Progress,
    settings: dict[str, Any],
) -> AlignmentPrediction:
    """Predict the early C-NFA of every convolution; arguments are those of `predict_alignment`."""
    net, refused = problem.net, None
    if problem.batch_size:
        raise InputError(f"batches are predicted for an MLP, got batch_size={problem.batch_size} for a ConvNet")
    rows = problem.n * max(net.positions)
    if method == "auto":
        method = "exact" if rows <= ROWS else "subsets"
    dimensions = None
    rng = np.random.default_rng(seed)
    with np.errstate(over="ignore", invalid="ignore"):  # an overflow is found in the result and becomes one clear line
        try:
            if method == "exact":
                traces, shift, spread = limit_traces(problem, draws, rng, progress)
                limit = np.array([each.alignment(layer) for layer, each in enumerate(traces, start=1)])
                limit, error = np.clip(limit + shift, 0, 1), np.zeros(net.depth) + spread
                if problem.R is not None:
                    dimensions = read_only(np.array([each.effective_dimensions() for each in traces]))
            else:
                limit, error = subset_limits(problem, rng, progress)
        except LimitError as reason:
            limit, error, refused = *np.full((2, net.depth), np.nan), str(reason)
    config = {
        **net.config(),
        "initial_function": problem.start,
        "loss": problem.loss,
        "samples": problem.n,
        "method": method,
        "draws": draws,
        "networks": networks,
        "seed": seed,
    }
    return AlignmentPrediction(
        read_only(limit),
        read_only(error),
        tuple(range(1, net.depth + 1)),
        config | settings,
        lambda: finite_width(problem, networks, np.random.default_rng([seed, 1]), progress),
        dimensions,
        None,
        refused,
    )
