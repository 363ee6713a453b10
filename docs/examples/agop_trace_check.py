"""The trace of the AGOP, against the slopes of a network: the other witness, which knows nothing of the theory."""

import numpy as np

from nfa_theory.verify.instruments.one_layer import Layer
from nfa_theory.verify.rules.check import Check, Judge, Trial
from nfa_theory.verify.rules.identity import identity
from numerics import MLP, features

NET = MLP((5, 7, 6, 8, 3), activation="tanh", bias=True)


def _trace(trial: Trial) -> Judge:
    layer = Layer.draw(NET, 2, trial.rng)
    found = features(layer.X, NET, layer.start, layer=2)
    return identity(trial, {"tr(G)": np.trace(found.agop)}, layer.values())


CHECKS = (Check("identities.agop_trace", "tanh network with biases, three outputs", "identity", _trace),)
