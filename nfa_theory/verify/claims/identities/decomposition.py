"""The terms of NFM and AGOP, and their shares in the UC-NFA."""

import itertools

import numpy as np

from nfa_theory.verify.rules.check import Check, Judge, Trial
from nfa_theory.verify.rules.identity import identity
from numerics import measure_layer

PARTS = ("initial", "cross", "centered")


def _terms(trial: Trial) -> Judge:
    rng = trial.rng
    W0, dW, root = rng.standard_normal((6, 4)), rng.standard_normal((6, 4)), rng.standard_normal((6, 6))
    W, K = W0 + dW, root @ root.T
    shares = measure_layer(W, W0, K).decomposition
    whole = np.linalg.norm(W.T @ W) * np.linalg.norm(W.T @ K @ W)
    pairs = itertools.product(enumerate(PARTS), enumerate(PARTS))
    measured = {f"{first}-{second}": shares[i, j] * whole for (i, first), (j, second) in pairs}
    for name, middle in (("F", np.eye(6)), ("G", K)):
        measured[f"{name} initial"] = W0.T @ middle @ W0
        measured[f"{name} centered"] = dW.T @ middle @ dW
        measured[f"{name} cross"] = W.T @ middle @ W - measured[f"{name} initial"] - measured[f"{name} centered"]
    return identity(trial, measured, {"W0": W0, "dW": dW, "K": K})


CHECKS = (Check("identities.decomposition", "random weights and covariance", "identity", _terms),)
