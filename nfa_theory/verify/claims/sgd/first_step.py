"""One step of gradient descent and one of Muon, taken by a network, and the alignment that it measures."""

from typing import Any

import numpy as np

from nfa_theory.verify.instruments.one_layer import Layer
from nfa_theory.verify.rules.check import Check, Judge, Trial
from nfa_theory.verify.rules.identity import identity
from numerics import MLP, alignment

SAMPLES = 4
"""With one output fewer samples than neurons: the gradient does not have full rank."""


def _first_step(trial: Trial) -> Judge:
    layer = Layer.draw(MLP((8, 6, 7, 1), activation="tanh"), 1, trial.rng, n=SAMPLES)
    g, K = -layer.gradient(), layer.values()["K"]
    U, _, Vt = np.linalg.svd(g, full_matrices=False)
    U, Vt = U[:, :SAMPLES], Vt[:SAMPLES]
    measured: dict[str, Any] = {}
    for name, change in (("descent", g), ("muon", U @ Vt)):
        F, G = change.T @ change, change.T @ K @ change
        measured |= {
            f"{name} numerator": np.sum(F * G),
            f"{name} first": np.sum(F * F),
            f"{name} second": np.sum(G * G),
            name: alignment(F, G),
        }
    values = {"g": g, "K": K, "M": U.T @ K @ U, "r": SAMPLES, "k": len(g), "m": g.shape[1]}
    return identity(trial, measured, values)


CHECKS = (Check("sgd.first_step", "first layer of a tanh network, four samples", "identity", _first_step),)
