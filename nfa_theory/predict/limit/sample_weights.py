"""How much a sample counts among all: what the layers make of its norm, and how large its residual is.

With ``S``, ``kappa`` and ``A = R R^T`` as everywhere, a sample stands in ``F_c`` and ``G_c`` at an end, where its terms
are of the size of ``sqrt(S_ii kappa_ii A_ii)``, or in the middle of ``kappa^2``, where they are of the size of
``kappa_ii``. Networks that are homogeneous of a high degree raise norms to a high power, and few samples are the sum.
"""

from typing import Any

import numpy as np
from jaxtyping import Shaped

from nfa_theory.predict.kernels.between_groups import LimitError, PairKernels
from nfa_theory.predict.limit.strata import Strata, stratify
from nfa_theory.predict.problem.checks import pieces
from nfa_theory.predict.problem.problem import Problem

NODES = 129
"""Norms at which the kernels are computed, at most; weights need not be exact."""


def strata_of(problem: Problem, size: int) -> Strata:
    """Divide the samples by their labels; also by their size, if less than half of them count."""
    weights = sample_weights(problem)
    few = effective_number(weights) < problem.n / 2
    return stratify(problem.Y, size, weights if few else None)


def sample_weights(problem: Problem) -> Shaped[Any, "n"]:
    """Compute the share of every sample in sums over samples, roughly."""
    norms = np.concatenate([_mean_squares(problem.inputs(rows)) for rows in pieces(problem.X)])
    nodes = np.unique(np.quantile(norms, np.linspace(0, 1, min(NODES, problem.n))))
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is refused where it is drawn
        try:
            kernels = PairKernels(np.sqrt(nodes)[:, None], problem.net)  # one input each, of that norm
            diagonals = list(zip(*kernels.diagonals(), strict=True))
        except LimitError:
            return np.ones(problem.n)
    if not all(np.isfinite(each).all() for pair in diagonals for each in pair):
        return np.ones(problem.n)
    residuals = _squared_residuals(problem, np.interp(norms, nodes, kernels.function_variance))
    shares = []
    for S, kappa in diagonals:
        ends, middle = np.interp(norms, nodes, S * kappa) * residuals, np.interp(norms, nodes, kappa)
        shares += [each / (each.sum() or 1) for each in (np.sqrt(ends), middle)]
    return np.max(shares, axis=0)


def effective_number(weights: Shaped[Any, "n"]) -> float:
    """Count samples of equal weight that would scatter as much, ``(sum w)^2 / sum w^2``.

    Examples
    --------
    >>> effective_number(np.array([1.0, 1.0, 0.0]))
    2.0
    """
    return float(np.sum(weights) ** 2 / np.sum(weights**2))


def _mean_squares(X: Any) -> Any:
    return np.einsum("ij,ij->i", X, X, dtype=np.float64) / X.shape[1]


def _squared_residuals(problem: Problem, variance: Any) -> Any:
    """Compute the squared residuals of every sample, for a random function on average but for its softmax."""
    if problem.R is not None:
        return np.sum(np.square(problem.R, dtype=np.float64), axis=1)
    if problem.loss != "mse":
        return np.ones(problem.n)  # probabilities are bounded
    return np.sum(np.square(problem.Y, dtype=np.float64), axis=1) + problem.Y.shape[1] * variance
