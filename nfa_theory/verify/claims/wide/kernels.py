"""Kernels of wide networks: one layer averaged over its weights, two layers as their width grows."""

from typing import Any

import numpy as np
from jaxtyping import Shaped

from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.rules.check import Check, Judge, Trial
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.limit import limit
from numerics import MLP, Activation, Parameters

SAMPLES, OUTPUTS = 2, 16
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(60)


def gaussian_mean(function: Any, covariance: Shaped[Any, "n n"]) -> Shaped[Any, "n n"]:
    """Average ``function(u) function(v)`` over every pair of Gaussian variables, by its definition on a grid."""
    w = np.outer(_WEIGHTS, _WEIGHTS) / _WEIGHTS.sum() ** 2
    result = np.empty_like(covariance)
    for i, j in np.ndindex(*covariance.shape):
        scale = np.sqrt(covariance[i, i])
        slope = covariance[i, j] / scale
        rest = np.sqrt(max(covariance[j, j] - slope**2, 0.0))
        u, v = scale * _NODES[:, None], slope * _NODES[:, None] + rest * _NODES
        result[i, j] = np.sum(w * function(u) * function(v))
    return result


def _forward(trial: Trial) -> Judge:
    """Average over every weight and bias of one neuron with three inputs."""
    X, (gain, bias) = trial.rng.standard_normal((SAMPLES, 3)), trial.rng.uniform(0.7, 1.3, 2)
    net = MLP((3, 1, 1), activation="tanh", bias=True, bias_std=bias)
    nodes, weights = gaussian_nodes(4, degree=2)
    h = [net.forward(X, _neuron(gain * node[:3], bias * node[3:])).preactivations[0] for node in nodes]
    values = {"Sigma": X @ X.T / 3, "sigma_w": gain, "sigma_b": bias}
    return identity(trial, {"K": np.einsum("i,iaj,ibj->ab", weights, h, h)}, values, "exact average")


def _neuron(weights: Any, bias: Any) -> Parameters:
    return Parameters((weights[None], np.ones((1, 1))), (bias, np.zeros(1)))


def _tangent(trial: Trial) -> Judge:
    """Let two hidden layers grow; the kernel of the first is that of the second times the dual of the slope."""
    X, gain = trial.rng.standard_normal((SAMPLES, 3)), trial.rng.uniform(1.1, 1.3)
    erf = Activation("erf")
    below = X @ X.T / 3
    above = gain**2 * gaussian_mean(erf, below)
    values = {
        "Sigma_dot": gaussian_mean(erf.derivative, below),
        "kappa_above": gaussian_mean(erf.derivative, above),
        "sigma_w": gain,
    }

    def sample(rng: np.random.Generator, size: int, count: int) -> dict[str, Any]:
        W1, W2 = rng.standard_normal((count, size, 3)), gain * rng.standard_normal((count, size, size)) / np.sqrt(size)
        h1 = X @ np.swapaxes(W1, 1, 2) / np.sqrt(3)
        slopes = erf.derivative(erf(h1) @ np.swapaxes(W2, 1, 2))
        readout = rng.standard_normal((count, OUTPUTS, 1, size))
        D = ((readout * slopes[:, None]) @ W2[:, None]) * erf.derivative(h1)[:, None] / np.sqrt(size)
        return {"kappa": np.mean(D @ np.swapaxes(D, 2, 3), axis=1)}

    return limit(trial, sample, values, size=16, block=512, most=2**17)


CHECKS = (
    Check("wide.forward_kernel", "every neuron with three inputs", "exact average", _forward),
    Check("wide.tangent_kernel", "two hidden layers of growing width", "limit", _tangent),
)
