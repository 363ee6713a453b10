"""The course of the C-NFA at infinite width: the leading-order formula at residuals that are averaged over time.

The tangent kernel of all parameters stands still and the residuals decay exponentially (derivation
``lazy_network.course``). One eigendecomposition of the kernel gives their average over any time.
"""

from typing import Any

import numpy as np

from nfa_theory.predict.leading_order import early_features
from nfa_theory.predict.problem import Problem
from nfa_theory.predict.tangent_kernel import wide_kernels
from numerics import MLP

SAMPLES = 2000
"""Up to so many samples the kernel is decomposed."""


class LazyNetwork:
    """Kernels of an infinitely wide network, with their units.

    Parameters
    ----------
    X : (n, d) array
        Inputs.
    net : MLP
        Its widths count where the scaling says so.
    """

    def __init__(self, X: Any, net: MLP) -> None:
        self.net, kernels = net, wide_kernels(X, net)
        self.output_covariance = kernels.outputs
        self.layers = list(zip(kernels.grams, kernels.tangents, strict=True))
        self.values, self.vectors = np.linalg.eigh(self._tangent_kernel() / len(X))

    def _tangent_kernel(self) -> Any:
        """Sum the shares of all layers, at the learning rates that `numerics` gives to raw weights and biases."""
        net = self.net
        # The readout takes in what its covariance is made of: weight variance times Gram matrix plus bias variance.
        gram = (self.output_covariance - net.bias_variance(net.depth + 1)) / net.weight_variance(net.depth + 1)
        total = _share(net, net.depth + 1, gram, np.ones_like(gram))
        for layer, (S, kappa) in enumerate(self.layers, start=1):
            total += _share(net, layer, S, kappa)
        return total

    def averaged(self, R: Any, time: float) -> Any:
        """Average residuals over the time passed.

        Parameters
        ----------
        R : (n, c) array
            Residuals at initialization.
        time : float
            From 0.

        Returns
        -------
        (n, c) array
            ``(1/t) int_0^t exp(-Theta s / n) R ds``.
        """
        passed = self.values * time
        share = np.where(abs(passed) < 1e-8, 1 - passed / 2, -np.expm1(-passed) / np.where(passed == 0, 1, passed))
        return self.vectors @ (share[:, None] * (self.vectors.T @ R))

    def course(self, R: Any, times: Any) -> Any:
        """Compute the C-NFA of every hidden layer.

        Parameters
        ----------
        R : (n, c) array
            Residuals at initialization.
        times : (T,) array
            From 0.

        Returns
        -------
        (T, depth) array
            The alignments.
        """
        found = np.empty((len(times), self.net.depth))
        for i, time in enumerate(times):
            averaged = self.averaged(R, time)
            A = averaged @ averaged.T
            traces = [early_features(kappa, S, A) for S, kappa in self.layers]
            found[i] = [each.alignment(layer) for layer, each in enumerate(traces, start=1)]
        return found


def _share(net: MLP, layer: int, S: Any, kappa: Any) -> Any:
    """Compute what one layer adds to the tangent kernel (derivation ``lazy_network.tangent_kernel``)."""
    fan_in = net.widths[layer - 1]
    return kappa * (net.multipliers[layer - 1] ** 2 * fan_in * S + (1.0 if net.bias else 0.0))


def has_limit(problem: Problem) -> bool:
    """Tell whether the course at infinite width is known.

    Parameters
    ----------
    problem : Problem
        Data and network.

    Returns
    -------
    bool
        False in muP, whose features move at infinite width too, and for more than `SAMPLES` samples.
    """
    return problem.net.parametrization != "mup" and problem.n <= SAMPLES


def limit_course(problem: Problem, times: Any, draws: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Compute the course at infinite width.

    Parameters
    ----------
    problem : Problem
        Data and network.
    times : (T,) array
        From 0.
    draws : int
        Random initial functions, where the function is random.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    limit, limit_error : (T, depth) array
        C-NFA, its mean over random initial functions, and the standard error.
    """
    network = LazyNetwork(problem.inputs().astype(np.float64, copy=False), problem.net)
    if problem.R is not None:
        limit = network.course(problem.R.astype(np.float64), times)
        return limit, np.zeros_like(limit)
    values, vectors = np.linalg.eigh(network.output_covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))
    found = np.array(
        [network.course(problem.Y - root @ rng.standard_normal(problem.Y.shape), times) for _ in range(draws)]
    )
    return found.mean(axis=0), found.std(axis=0, ddof=1) / np.sqrt(draws)
