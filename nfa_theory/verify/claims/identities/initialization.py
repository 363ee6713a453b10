"""Features before training, averaged over random weights: exactly over small layers, and by draws over larger ones."""

from typing import Any

import numpy as np

from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.instruments.random_weights import uc_nfa_parts
from nfa_theory.verify.rules.average import average
from nfa_theory.verify.rules.check import Check, Judge, Trial, at_sizes, grid
from nfa_theory.verify.rules.identity import identity
from numerics import MLP, features

UC_NFA = "identities.initial_uc_nfa"
SIZES = grid(k=(2, 3, 5), m=(2, 4, 5))


def _tangent_covariance(rng: np.random.Generator, k: int) -> Any:
    """Measure K of the first layer of a linear network: it depends on the readout alone."""
    net = MLP((3, k, 5), activation="linear")
    return features(rng.standard_normal((4, 3)), net, net.initialize(rng), layer=1).ptf_covariance


def _exact(trial: Trial, k: int, m: int) -> Judge:
    """Average over every entry of a k x m layer: traces are polynomials of degree 4."""
    K = _tangent_covariance(trial.rng, k)
    nodes, weights = gaussian_nodes(k * m, degree=4)
    averages = {name: weights @ each for name, each in uc_nfa_parts(nodes.reshape(-1, k, m), K).items()}
    number, first, second = averages.values()
    measured = {**averages, "value": number / np.sqrt(first * second), "defect": 1 - number**2 / (first * second)}
    values = {"K": K, "k": k, "m": m, "tr_K": np.trace(K), "tr_K2": np.sum(K * K)}
    return identity(trial, measured, values, "exact average")


def _drawn(trial: Trial) -> Judge:
    """Average over networks of 2 inputs and width 3; the rows of one wide layer are the rows of many narrow ones.

    The norm of Gaussian weights is independent of their direction, and its fourth moment is ``k m (k m + 2)``: only
    directions are drawn, which takes far fewer replicates.
    """
    k, m = 3, 2
    K = _tangent_covariance(trial.rng, k)

    def sample(rng: np.random.Generator, count: int) -> dict[str, Any]:
        W = MLP((m, k * count, 1), activation="linear").initialize(rng).weights[0].reshape(count, k, m)
        norm = np.sqrt(np.sum(W**2, axis=(1, 2), keepdims=True))
        return uc_nfa_parts(W / norm * (k * m * (k * m + 2)) ** 0.25, K)

    return average(trial, sample, {"K": K, "k": k, "m": m}, most=2**23)


def _growth(trial: Trial, k: int, m: int) -> Judge:
    """Average over every initial k x m layer, with a fixed velocity added."""
    s, t = trial.rng.uniform(0.7, 1.3, 2)
    K = _tangent_covariance(trial.rng, k)
    V = trial.rng.standard_normal((k, m))
    nodes, weights = gaussian_nodes(k * m, degree=4)
    W = nodes.reshape(-1, k, m)
    averages = {name: weights @ each for name, each in uc_nfa_parts(s * W + t * V, K).items()}
    initial = weights @ uc_nfa_parts(s * W, K)["UC-NFA numerator"]
    centered = uc_nfa_parts((t * V)[None], K)["UC-NFA numerator"][0]
    number, first, second = averages.values()
    measured = {
        **averages,
        "UC-NFA": number / np.sqrt(first * second),
        "initial": initial,
        "centered": centered,
        "cross": number - initial - centered,
    }
    return identity(trial, measured, {"K": K, "V": V, "k": k, "m": m, "s": s, "t": t}, "exact average")


CHECKS = (
    *at_sizes(UC_NFA, "every layer", "exact average", _exact, SIZES),
    Check(UC_NFA, "2 inputs, width 3", "average", _drawn),
    *at_sizes("identities.growth", "every layer", "exact average", _growth, SIZES),
)
