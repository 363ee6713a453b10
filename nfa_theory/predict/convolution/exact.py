"""The limit of infinitely many channels from all pairs of rows, a row being a position of a sample.

``F_c ~ Z^T P Z`` and ``G_c ~ Z^T Q Z`` with rows of patches ``Z``, ``P = kappa o A`` and ``Q = kappa^2 o A``; ``A`` has
the residuals' Gram matrix at every pair of positions, since the outputs do not know positions.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from nfa_theory.predict.convolution.kernels import ConvKernels, Demand
from nfa_theory.predict.limit.leading_order import Traces, early_features
from nfa_theory.predict.limit.random_function import draw_function, expected_gram
from nfa_theory.predict.problem.problem import ConvProblem
from nfa_theory.predict.progress import Progress

_NUMBERS = 2**23
"""Entries of kernels, over all nodes, that are computed together."""
_SUBSET_ROWS = 512
"""Rows of the subsets on which random functions are drawn, about."""


class RowKernels(NamedTuple):
    """Gram matrix and tangent kernel of one layer between rows, samples first: (n positions, n positions) each."""

    S: Float[np.ndarray, "r r"]
    kappa: Float[np.ndarray, "r r"]


def all_rows(
    kernels: ConvKernels, progress: Progress, *, function: bool = False
) -> tuple[list[RowKernels], Float[np.ndarray, "n n"]]:
    """Compute the kernels of all layers between all rows, and the covariance of the function if that is asked for."""
    n, layers = kernels.n, range(1, kernels.net.depth + 1)
    every = {layer: kernels.all_pairs(layer) for layer in layers}
    demand = Demand(every, every, function)
    plan, covariance = kernels.plan(demand), np.zeros((n, n), kernels.dtype)
    shapes = [(n, positions, n, positions) for positions in kernels.net.positions]
    whole = [RowKernels(*(np.zeros(shape, kernels.dtype) for _ in "Sk")) for shape in shapes]
    parts = _parts(n, sum(map(len, plan.forward)))
    for done, (rows, columns) in enumerate(parts, start=1):
        found, Sigma = kernels.between(rows, columns, demand, plan)
        for layer in layers:
            S, kappa, pairs = found[layer]
            _put(whole[layer - 1].S, rows, columns, every[layer], S)
            _put(whole[layer - 1].kappa, rows, columns, pairs, kappa)
        if Sigma is not None:
            covariance[np.ix_(rows, columns)] = Sigma
            covariance[np.ix_(columns, rows)] = Sigma.T
        progress(done, len(parts))
    flat = [n * positions for positions in kernels.net.positions]
    return [RowKernels(*(each.reshape(r, r) for each in of)) for of, r in zip(whole, flat, strict=True)], covariance


def limit_traces(
    problem: ConvProblem, draws: int, rng: np.random.Generator, progress: Progress
) -> tuple[list[Traces], Any, Any]:
    """Compute the traces of every layer on all samples; the shift by a random function, and the error of that."""
    kernels = ConvKernels(problem.inputs(), problem.net)
    random = problem.R is None
    rows, covariance = all_rows(kernels, progress, function=random)
    A = expected_gram(problem.loss, problem.Y, covariance, rng) if random else problem.R @ problem.R.T
    traces = [_traces(each, A) for each in rows]
    if not random:
        return traces, 0.0, 0.0
    differences = np.array([_difference(problem, rng) for _ in range(draws)])
    return traces, differences.mean(axis=0), differences.std(axis=0, ddof=1) / np.sqrt(draws)


def _traces(kernels: RowKernels, A: Float[np.ndarray, "n n"]) -> Traces:
    positions = len(kernels.S) // len(A)
    return early_features(kernels.kappa, kernels.S, np.kron(A, np.ones((positions, positions), A.dtype)))


def _difference(problem: ConvProblem, rng: np.random.Generator) -> list[float]:
    """Draw samples and a function on them; compare its C-NFA with that at the expected ``R R^T``, layer by layer."""
    size = max(8, _SUBSET_ROWS // max(problem.net.positions))
    chosen = np.sort(rng.choice(problem.n, min(problem.n, size), replace=False))
    kernels = ConvKernels(problem.inputs(chosen), problem.net)
    rows, covariance = all_rows(kernels, lambda done, total: None, function=True)
    Y = problem.Y[chosen]
    R = problem.residuals_of(chosen, draw_function(covariance, Y.shape[1], rng))
    grams = R @ R.T, expected_gram(problem.loss, Y, covariance, rng)
    differences = []
    for layer, each in enumerate(rows, start=1):
        drawn, expected = (_traces(each, A).alignment(layer) for A in grams)
        differences.append(drawn - expected)
    return differences


def _parts(n: int, pairs: int) -> list[tuple[Any, Any]]:
    """Cut pairs of samples, on and above the diagonal, into blocks."""
    size = max(1, int((_NUMBERS / pairs) ** 0.5))
    groups = np.split(np.arange(n), range(size, n, size))
    return [(rows, columns) for i, rows in enumerate(groups) for columns in groups[i:]]


def _put(whole: Any, rows: Any, columns: Any, pairs: Any, values: Any) -> None:
    """Write a block and its mirror image, (t, a, b), into (n, positions, n, positions)."""
    p, q = (each[:, None, None] for each in np.divmod(pairs, whole.shape[1]))
    whole[rows[:, None], p, columns, q] = values
    whole[columns, q, rows[:, None], p] = values
