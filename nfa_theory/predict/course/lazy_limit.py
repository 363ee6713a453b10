"""The course of the C-NFA at infinite width: the leading-order formula at residuals that are averaged over time.

The tangent kernel of all parameters stands still. For squared error the residuals decay exponentially (derivation
``wide.lazy_course``), and one eigendecomposition of the kernel gives their average over any time. For cross-entropy
their path is integrated (``wide.lazy_course_any_loss``).
"""

from functools import cached_property
from itertools import count
from typing import Any

import numpy as np
from jaxtyping import Shaped

from nfa_theory.predict.course.flow_integration import integrate
from nfa_theory.predict.kernels.tangent_kernel import wide_kernels
from nfa_theory.predict.limit.leading_order import early_features
from nfa_theory.predict.problem.problem import Problem
from nfa_theory.predict.problem.residuals import residuals
from numerics import MLP, InputError

SAMPLES = 2000
"""Up to so many samples the kernel is decomposed."""
EVALUATIONS = 100_000
"""Of the residuals of cross-entropy, at most, for one initial function."""


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

    @cached_property
    def rates(self) -> Any:
        """Tangent kernel over the samples, at the learning rates that `numerics` gives to raw weights and biases."""
        net = self.net
        # The readout takes in what its covariance is made of: weight variance times Gram matrix plus bias variance.
        gram = (self.output_covariance - net.bias_variance(net.depth + 1)) / net.weight_variance(net.depth + 1)
        total = _share(net, net.depth + 1, gram, np.ones_like(gram))
        for layer, (S, kappa) in enumerate(self.layers, start=1):
            total += _share(net, layer, S, kappa)
        return total / len(total)

    @cached_property
    def _principal(self) -> Any:
        return np.linalg.eigh(self.rates)

    def averaged(self, R: Shaped[Any, "n c"], time: float) -> Shaped[Any, "n c"]:
        """Average residuals of squared error over the time passed."""
        values, vectors = self._principal
        passed = values * time
        share = np.where(abs(passed) < 1e-8, 1 - passed / 2, -np.expm1(-passed) / np.where(passed == 0, 1, passed))
        return vectors @ (share[:, None] * (vectors.T @ R))

    def averages(self, loss: str, Y: Shaped[Any, "n c"], f: Shaped[Any, "n c"], times: Shaped[Any, "T"]) -> list[Any]:
        """Average residuals over the times passed."""
        R = residuals(loss, Y, f)
        if loss == "mse":
            return [self.averaged(R, time) for time in times]
        evaluations = count(1)

        def velocity(A: list[Any]) -> list[Any]:
            """Return the residuals: their integral A is all that moves, f is its start plus Theta A / n."""
            if next(evaluations) > EVALUATIONS:
                raise InputError(
                    "times must end before the residuals of infinite width take more than "
                    f"{EVALUATIONS} evaluations to integrate, got times to {times[-1]:g}"
                )
            return [residuals(loss, Y, f + self.rates @ A[0])]

        passed = integrate(velocity, [np.zeros_like(R)], times)
        return [A[0] / time if time > 0 else R for A, time in zip(passed, times, strict=True)]

    def course(self, averages: list[Any]) -> Shaped[Any, "T depth"]:
        """Compute the C-NFA of every hidden layer."""
        found = np.empty((len(averages), self.net.depth))
        for i, R in enumerate(averages):
            A = R @ R.T
            traces = [early_features(kappa, S, A) for S, kappa in self.layers]
            found[i] = [each.alignment(layer) for layer, each in enumerate(traces, start=1)]
        return found


def _share(net: MLP, layer: int, S: Any, kappa: Any) -> Any:
    """Compute what one layer adds to the tangent kernel (derivation ``wide.layer_share``)."""
    fan_in = net.widths[layer - 1]
    return kappa * (net.multipliers[layer - 1] ** 2 * fan_in * S + (1.0 if net.bias else 0.0))


def has_limit(problem: Problem) -> bool:
    """Tell whether the course at infinite width is known."""
    return problem.net.parametrization != "mup" and problem.n <= SAMPLES


def limit_course(problem: Problem, times: Shaped[Any, "T"], draws: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Compute the course at infinite width."""
    network = LazyNetwork(problem.inputs().astype(np.float64, copy=False), problem.net)
    Y = problem.Y.astype(np.float64)

    def course(f: Any) -> Any:
        return network.course(network.averages(problem.loss, Y, f, times))

    if problem.f is not None:
        limit = course(problem.f.astype(np.float64))
        return limit, np.zeros_like(limit)
    values, vectors = np.linalg.eigh(network.output_covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))
    found = np.array([course(root @ rng.standard_normal(Y.shape)) for _ in range(draws)])
    return found.mean(axis=0), found.std(axis=0, ddof=1) / np.sqrt(draws)
