"""One step of gradient descent and one of Muon, taken by a network, and the alignment that it measures."""

from typing import Any

import numpy as np

from nfa_theory.verify.instruments.one_layer import Layer
from nfa_theory.verify.instruments.step_taken import change_of_a_step
from nfa_theory.verify.rules.check import Judge, Trial, at_sizes, grid
from nfa_theory.verify.rules.identity import identity
from numerics import MLP, alignment
from numerics.optimizers import Descent, Muon


def aligned(name: str, change: Any, K: Any) -> dict[str, Any]:
    """Measure the traces and the alignment of the features of a change."""
    F, G = change.T @ change, change.T @ K @ change
    return {
        f"{name} numerator": np.sum(F * G),
        f"{name} first": np.sum(F * F),
        f"{name} second": np.sum(G * G),
        name: alignment(F, G),
    }


def _first_step(trial: Trial, n: int) -> Judge:
    """Take both steps; with one output and fewer samples than neurons the gradient has a rank of the samples.

    Slopes that differ much from sample to sample keep its singular values close, so that no identity is nearly met.
    """
    layer = Layer.draw(MLP((8, 6, 7, 1), activation="quadratic"), 1, trial.rng, n=n)
    g, K = -layer.gradient(), layer.values()["K"]
    U = np.linalg.svd(g, full_matrices=False)[0][:, :n]
    measured = {
        **aligned("descent", change_of_a_step(layer, Descent()), K),
        **aligned("muon", change_of_a_step(layer, Muon(0.0)), K),
    }
    values = {"g": g, "K": K, "M": U.T @ K @ U, "r": n, "k": len(g), "m": g.shape[1]}
    return identity(trial, measured, values)


CHECKS = at_sizes("sgd.first_step", "first layer of a quadratic network", "identity", _first_step, grid(n=(4, 5, 6)))
