"""The limit of infinite width from all samples: kernels between all pairs, no sampling but of random functions.

The layers are taken from the first to the last: the Gram matrix of a layer's inputs turns into that of the next in
place, and each layer's tangent kernel is computed from it upwards. At most two and a half square arrays and some panels
of rows exist at any time.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from nfa_theory.predict.all_pairs import Step, features_of_few_inputs, steps, traces_of_many_inputs
from nfa_theory.predict.blocks import for_each_upper_block
from nfa_theory.predict.kernels import PairKernels
from nfa_theory.predict.leading_order import Traces
from nfa_theory.predict.problem import Problem
from nfa_theory.predict.products import gram_triangle
from nfa_theory.predict.random_function import sampled_residuals
from nfa_theory.predict.storage import HalfMatrix, TwoTriangles


class AllPairs:
    """The kernels of one layer after the other, between all pairs of samples.

    Parameters
    ----------
    problem : Problem
        All samples in one step.
    rng : numpy.random.Generator
        Source of randomness, where ``E[R R^T]`` has no closed form.

    Attributes
    ----------
    kappa : HalfMatrix
        Tangent kernel of the current layer, the first at the beginning.
    S_and_A : TwoTriangles
        Gram matrices of the layer's inputs and of the residuals, ``E[R R^T]`` if they are random.
    """

    def __init__(self, problem: Problem, rng: np.random.Generator) -> None:
        self.X = np.ascontiguousarray(problem.inputs())
        self._kernels, self.layer = PairKernels(self.X, problem.net), 1
        square = gram_triangle(self.X)
        square /= self.X.shape[1]
        np.fill_diagonal(square, self._kernels.input_variance)
        self.S_and_A, self.kappa = TwoTriangles(square), HalfMatrix(len(square), square.dtype)
        if problem.R is None and problem.loss == "mse":
            self._climb(lambda rows, columns, last: self._mean_of_squares(problem.Y, rows, columns, last))
            return
        R = problem.R if problem.R is not None else self._sampled_residuals(problem, rng)
        self._climb(lambda rows, columns, _: R[rows] @ R[columns].T)

    @property
    def few_inputs(self) -> bool:
        """Whether the features of the current layer are cheaper in the space of its inputs."""
        return self.layer == 1 and 2 * self.X.shape[1] <= len(self.X)

    def next_layer(self) -> None:
        """Go up by one layer."""
        S, self.layer = self.S_and_A, self.layer + 1

        def rise(rows: slice, columns: slice) -> None:
            S.write_first(rows, columns, self._kernels.rise(S.first(rows, columns), self.layer - 1, rows, columns))

        for_each_upper_block(S.n, rise)
        self._climb()

    def _climb(self, residuals: Callable[[slice, slice, Any], Any] | None = None) -> None:
        """Compute the tangent kernel, and the residuals' Gram matrix from the inputs of the last hidden layer."""

        def fill(rows: slice, columns: slice) -> None:
            block = self.S_and_A.first(rows, columns)
            kappa, last = self._kernels.climb(block, self.layer, rows, columns)
            self.kappa.write(rows, columns, kappa)
            if residuals is not None:
                self.S_and_A.write_second(rows, columns, residuals(rows, columns, last))

        for_each_upper_block(self.kappa.n, fill)

    def _sampled_residuals(self, problem: Problem, rng: np.random.Generator) -> Any:
        """Draw residuals of random functions, from their covariance on and above the diagonal of a square array."""
        covariance = np.empty_like(self.S_and_A.square)

        def fill(rows: slice, columns: slice) -> None:
            _, last = self._kernels.climb(self.S_and_A.first(rows, columns), 1, rows, columns)
            covariance[rows, columns] = self._kernels.function_covariance(last, rows, columns)

        for_each_upper_block(len(covariance), fill)
        return sampled_residuals(problem.loss, problem.Y, covariance, rng)

    def _mean_of_squares(self, Y: Any, rows: slice, columns: slice, last: Any) -> Any:
        """Compute a block of ``E[R R^T] = Y Y^T + c Sigma``."""
        return Y[rows] @ Y[columns].T + Y.shape[1] * self._kernels.function_covariance(last, rows, columns)


def limit_traces(
    problem: Problem, rng: np.random.Generator, progress: Callable[[int, int], None] | None = None
) -> list[Traces]:
    """Compute what the leading order says of ``F_c`` and ``G_c`` of every hidden layer at infinite width.

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
    list of Traces
        By layer; at ``R R^T`` if the function is fixed, at its mean if it is random.
    """
    pairs, depth = AllPairs(problem, rng), problem.net.depth
    step = _counter(steps(problem.n, depth, pairs.few_inputs), progress)
    found = []
    for layer in range(1, depth + 1):
        if pairs.few_inputs:
            found.append(Traces.of(*features_of_few_inputs(pairs.kappa, pairs.S_and_A, pairs.X, step)))
        else:
            found.append(traces_of_many_inputs(pairs.kappa, pairs.S_and_A, step))
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
