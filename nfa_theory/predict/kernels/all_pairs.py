"""The kernels of one layer after the other between all pairs of samples.

The Gram matrix of a layer's inputs turns into that of the next in place, and each layer's tangent kernel is computed
from it upwards. The residuals' Gram matrix is made block by block when it is needed. The covariance of a random
function, which is part of it on average, comes out of the same way up, and waits below the diagonal of the inputs'
Gram matrix.
"""

from typing import Any

import numpy as np

from nfa_theory.predict.kernels.between_groups import PairKernels
from nfa_theory.predict.kernels.blocks import (
    LONG,
    Step,
    for_each_upper_block,
    in_threads,
    panels,
    row_blocks,
    write_symmetric,
)
from nfa_theory.predict.kernels.storage import HalfMatrix, TwoTriangles
from nfa_theory.predict.limit.random_function import sampled_residuals
from nfa_theory.predict.problem.problem import Problem


class AllPairs:
    """Two square arrays: what the current layer sees, and how its samples are coupled.

    Parameters
    ----------
    problem : Problem
        All samples in one step.
    rng : numpy.random.Generator
        Source of randomness, where ``E[R R^T]`` has no closed form.

    Attributes
    ----------
    X : (n, d) array
        Inputs of the network, row-major.
    S : (n, n) array
        Gram matrix of the inputs of the current layer, the first at the beginning. Whole once `weighted` was called.
    layer : int
        The current layer.
    panels : list of slice
        Rows that one thread works on in a matrix product.
    """

    def __init__(self, problem: Problem, rng: np.random.Generator) -> None:
        self.X, self.layer = np.ascontiguousarray(problem.inputs()), 1
        self._kernels, n = PairKernels(self.X, problem.net), problem.n
        self.S, self._square = np.empty((2, n, n), self.X.dtype)
        self.panels = panels(n, self._kernels.numbers_per_sample)
        in_threads(self._gram, self.panels)
        np.fill_diagonal(self.S, self._kernels.input_variance)
        self._Y, self._R = problem.Y, problem.R
        if problem.R is None and problem.loss != "mse":
            self._R = self._sampled_residuals(problem, rng)
        self._Sigma = TwoTriangles(self.S, self._kernels.function_variance) if self._R is None else None
        for_each_upper_block(n, self._climb, LONG)

    @property
    def few_inputs(self) -> bool:
        """Whether the features of the current layer are cheaper in the space of its inputs."""
        return self.layer == 1 and 2 * self.X.shape[1] <= len(self.X)

    def next_layer(self) -> None:
        """Go up by one layer."""

        def rise(rows: slice, columns: slice) -> None:
            self.S[rows, columns] = self._kernels.rise(self.S[rows, columns], self.layer - 1, rows, columns)
            self._climb(rows, columns)

        self.layer += 1
        for_each_upper_block(len(self.S), rise, LONG)

    def weighted(self, step: Step | None = None) -> tuple[HalfMatrix, Any]:
        """Compute ``P = kappa o A`` and ``Q = kappa^2 o A`` of the layer, with the residuals' Gram matrix ``A``."""
        K, half = self._square, HalfMatrix(len(self.S), self.S.dtype)
        in_threads(lambda rows: np.matmul(K[rows], K[:, rows.start :], out=half.panel(rows)), row_blocks(len(K)), step)

        def exchange(rows: slice, columns: slice) -> None:
            A, V = self._residual_gram(rows, columns), half.block(rows, columns)
            Q = A * V
            np.multiply(A, K[rows, columns], out=V)
            write_symmetric(K, rows, columns, Q)

        for_each_upper_block(len(K), exchange)
        return half, K

    def _gram(self, rows: slice) -> None:
        """Write rows of the Gram matrix of the first layer's inputs, from the diagonal on, and their mirror image."""
        upper = self.S[rows, rows.start :]
        np.matmul(self.X[rows] / self.X.shape[1], self.X[rows.start :].T, out=upper)
        self.S[rows.start :, rows] = upper.T

    def _climb(self, rows: slice, columns: slice) -> None:
        """Compute a block of the tangent kernel, and one of the function's covariance, from the layer's inputs."""
        S = self.S[rows, columns]
        if self._Sigma is None:
            kappa = self._kernels.tangent_kernel(S, self.layer, rows, columns)
            self.S[columns, rows] = S.T
        else:
            kappa, Sigma = self._kernels.to_the_output(S, self.layer, rows, columns)
            self._Sigma.put(rows, columns, Sigma)
        write_symmetric(self._square, rows, columns, kappa)

    def _residual_gram(self, rows: slice, columns: slice) -> Any:
        """Compute a block of ``R R^T``, or of its mean ``Y Y^T + c Sigma`` over random functions, divided by ``c``."""
        if self._Sigma is None:
            return self._R[rows] @ self._R[columns].T
        A = self._Sigma.take(rows, columns)
        A += (self._Y[rows] / self._Y.shape[1]) @ self._Y[columns].T
        return A

    def _sampled_residuals(self, problem: Problem, rng: np.random.Generator) -> Any:
        """Draw residuals of random functions, from their covariance on and above the diagonal of a square array."""
        covariance = self._square

        def fill(rows: slice, columns: slice) -> None:
            covariance[rows, columns] = self._kernels.function_covariance(self.S[rows, columns], 1, rows, columns)

        for_each_upper_block(len(covariance), fill)
        return sampled_residuals(problem.loss, problem.Y, covariance, rng)
