"""The average over the random function that a wide network starts with.

In the limit of infinite width the function at initialization is a Gaussian process with covariance
``Sigma = Sigma^(depth + 1)``, independent over outputs, and the C-NFA a random number through ``R = Y - f``. Wanted is
the mean of that number: not the ratio of the means of its traces, not its value at ``E[R R^T] = Y Y^T + c Sigma``.
The last is cheap, so it is computed on all samples, and the mean of the difference to it is estimated on random
subsets: one draw of subset and function each, so that their scatter is an honest standard error.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from nfa_theory.predict.kernels import LayerKernels
from nfa_theory.predict.leading_order import ResidualRows, c_nfa

SUBSET = 128


def expected_rows(Y: Any, covariance: Any) -> ResidualRows:
    """Give the rows of ``E[R R^T] = Y Y^T + c Sigma`` on demand.

    Parameters
    ----------
    Y : (n, c) array
        Labels.
    covariance : (n, n) array
        ``Sigma``, of each of the ``c`` outputs.

    Returns
    -------
    callable
        From a slice of samples to an (rows, n) array.
    """
    return lambda rows: Y[rows] @ Y.T + Y.shape[1] * covariance[rows]


class RandomStart(NamedTuple):
    """A random function on a random subset of the samples.

    Parameters
    ----------
    chosen : (m,) array of int
        The subset, in ascending order.
    actual, expected : (m, m) array
        ``R R^T`` of the function that was drawn, and its mean over functions.
    """

    chosen: Any
    actual: Any
    expected: Any


def random_start(Y: Any, covariance: Any, rng: np.random.Generator) -> RandomStart:
    """Draw a subset of at most 128 samples and the function of a wide network on it.

    Parameters
    ----------
    Y : (n, c) array
        Labels.
    covariance : (n, n) array
        Of each output of the network's function at initialization.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    RandomStart
        Of the dtype of the labels.
    """
    chosen = np.sort(rng.choice(len(Y), min(len(Y), SUBSET), replace=False))
    labels, part = Y[chosen], covariance[np.ix_(chosen, chosen)]
    R = labels - draw_function(part, Y.shape[1], rng)
    return RandomStart(chosen, R @ R.T, expected_rows(labels, part)(slice(None)))


def correction(kernels: LayerKernels, starts: Sequence[RandomStart]) -> tuple[float, float]:
    """Estimate how far the mean over random functions is from the value at the expected ``R R^T``.

    Parameters
    ----------
    kernels : LayerKernels
        Of one layer, on all samples.
    starts : sequence of RandomStart
        At least 2.

    Returns
    -------
    mean, standard_error : float
        Of the difference. With at most 128 samples the subset is all of them, and the mean is unbiased.
    """
    differences = np.empty(len(starts))
    for i, start in enumerate(starts):
        grid = np.ix_(start.chosen, start.chosen)
        kappa, S = kernels.kappa[grid], kernels.S[grid]
        drawn, expected = (c_nfa(kappa, S, A.__getitem__, kernels.layer) for A in (start.actual, start.expected))
        differences[i] = drawn - expected
    return float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(starts)))


def draw_function(covariance: Any, outputs: int, rng: np.random.Generator) -> Any:
    """Draw the function of a wide network at initialization.

    Parameters
    ----------
    covariance : (n, n) array
        Symmetric and, up to rounding, positive semidefinite.
    outputs : int
        How many independent columns.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    (n, outputs) array
        Of the dtype of the covariance.
    """
    K = covariance.astype(np.float64)
    rounding = 4 * len(K) * np.finfo(covariance.dtype).eps * K.diagonal().max()
    K[np.diag_indices_from(K)] += rounding  # duplicate samples make it singular
    return (np.linalg.cholesky(K) @ rng.standard_normal((len(K), outputs))).astype(covariance.dtype)
