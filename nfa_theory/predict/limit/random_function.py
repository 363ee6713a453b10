"""The average over the random function that a wide network starts with.

In the limit of infinite width the function at initialization is a Gaussian process with covariance
``Sigma = Sigma^(depth + 1)``, independent over outputs, and the C-NFA a random number through the residuals ``R``.
Wanted is the mean of that number: not the ratio of the means of its traces, not its value at ``E[R R^T]``. The last
is cheap, so it is computed on all samples, and the mean of the difference to it is estimated on random subsets: one
draw of subset and function each, so that their scatter is an honest standard error.
"""

from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.linalg import cholesky

from nfa_theory.predict.kernels.between_groups import LimitError, PairKernels
from nfa_theory.predict.limit.leading_order import Traces
from nfa_theory.predict.limit.sample_weights import strata_of
from nfa_theory.predict.problem.problem import Problem
from nfa_theory.predict.problem.residuals import residuals

SUBSET = 128
FUNCTIONS = 64
"""Random functions whose mean stands for ``E[R R^T]`` where there is no closed form."""
_TRIALS = 6
_SMALL = 1000  # samples: a covariance that may be copied


def expected_gram(
    loss: str, Y: Float[np.ndarray, "n c"], covariance: Float[np.ndarray, "n n"], rng: np.random.Generator
) -> Any:
    """Compute ``E[R R^T]`` for few samples, (n, n)."""
    if loss == "mse":
        return Y @ Y.T + Y.shape[1] * covariance
    R = sampled_residuals(loss, Y, covariance.copy(), rng)
    return R @ R.T


def sampled_residuals(
    loss: str, Y: Float[np.ndarray, "n c"], covariance: Float[np.ndarray, "n n"], rng: np.random.Generator
) -> Any:
    """Draw residuals ``R`` of `FUNCTIONS` random functions, side by side, so that ``R R^T`` is a mean over them."""
    L, outputs = _factor(covariance), Y.shape[1]
    R = np.empty((len(Y), FUNCTIONS * outputs), Y.dtype)
    for start in range(0, R.shape[1], outputs):
        f = L @ rng.standard_normal((len(L), outputs)).astype(L.dtype)
        R[:, start : start + outputs] = residuals(loss, Y, f)
    R /= np.sqrt(FUNCTIONS).astype(R.dtype)
    return R


def correction(problem: Problem, draws: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Estimate how far the mean over random functions is from the value at the expected ``R R^T``."""
    differences = np.array([_difference(problem, rng) for _ in range(draws)])
    return differences.mean(axis=0), differences.std(axis=0, ddof=1) / np.sqrt(draws)


def _difference(problem: Problem, rng: np.random.Generator) -> list[float]:
    """Draw a subset and a function on it; compare its C-NFA with that at the expected ``R R^T``, layer by layer."""
    chosen, w = _subset(problem, rng)
    kernels, every = PairKernels(problem.inputs(chosen), problem.net), slice(None)
    grams, kappas = kernels.all_layers(every, every)
    covariance, Y = kernels.function_covariance(grams[-1], problem.net.depth, every, every), problem.Y[chosen]
    R = problem.residuals_of(chosen, draw_function(covariance, Y.shape[1], rng))
    both = (R @ R.T, expected_gram(problem.loss, Y, covariance, rng))
    drawn, expected = (A * np.outer(w, w) for A in both)
    differences = []
    for layer, (S, kappa) in enumerate(zip(grams, kappas, strict=True), start=1):
        square = (kappa * w) @ kappa.T
        one, other = (Traces.of((kappa * A) @ S, (square * A) @ S) for A in (drawn, expected))
        differences.append(one.alignment(layer) - other.alignment(layer))
    return differences


def _subset(problem: Problem, rng: np.random.Generator) -> tuple[Any, Any]:
    """Draw samples with a share of every class, and the weights with which they stand for all."""
    if problem.n <= SUBSET:
        return np.arange(problem.n), np.ones(problem.n, problem.Y.dtype)
    strata = strata_of(problem, SUBSET)
    weights = np.repeat(strata.inverse_chances(1), strata.drawn) * (sum(strata.drawn) / problem.n)
    return strata.draw(rng), weights.astype(problem.Y.dtype)


def draw_function(covariance: Float[np.ndarray, "n n"], outputs: int, rng: np.random.Generator) -> Any:
    """Draw the function of a wide network at initialization, (n, outputs)."""
    return factor(covariance) @ rng.standard_normal((len(covariance), outputs)).astype(covariance.dtype)


def factor(covariance: Float[np.ndarray, "n n"]) -> Float[np.ndarray, "n n"]:
    """Factor a covariance, with as much on the diagonal as rounding asks for."""
    added = _rounding(covariance)
    for _ in range(_TRIALS):
        try:
            K = covariance + np.diag(np.full(len(covariance), added, covariance.dtype))
            return np.linalg.cholesky(K)
        except np.linalg.LinAlgError:
            added *= 8
    raise LimitError("the covariance of random functions must be definite to rounding; take float64 inputs")


def _factor(covariance: Float[np.ndarray, "n n"]) -> Float[np.ndarray, "n n"]:
    """Factor a covariance, a large one in its place; what is on and above its diagonal counts."""
    if len(covariance) <= _SMALL:
        return factor(np.triu(covariance) + np.triu(covariance, 1).T)
    np.fill_diagonal(covariance, covariance.diagonal() + _rounding(covariance))
    try:
        return cholesky(covariance.T, lower=True, overwrite_a=True, check_finite=False)  # type: ignore[no-any-return]
    except np.linalg.LinAlgError:
        raise LimitError(
            "the covariance of random functions must be definite to rounding; take fewer or float64 samples"
        ) from None


def _rounding(covariance: Float[np.ndarray, "n n"]) -> Any:
    """Return what makes a covariance definite that rounding or duplicate samples have made singular."""
    return 4 * len(covariance) * np.finfo(covariance.dtype).eps * covariance.diagonal().max()
