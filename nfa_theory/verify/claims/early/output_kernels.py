"""The kernels of the early features where there is one output, or separate networks for several."""

import numpy as np

from nfa_theory.verify.instruments.one_layer import HIDDEN, Layer, early_kernels
from nfa_theory.verify.rules.check import Check, Judge, Trial
from nfa_theory.verify.rules.identity import identity
from numerics import MLP


def _one_output(trial: Trial) -> Judge:
    layer = Layer.draw(MLP((4, 5, 6, 1), activation="tanh"), HIDDEN, trial.rng)
    P, Q = layer.early_kernels()
    return identity(trial, {"P": P, "Q": Q}, layer.values())


def _separate_outputs(trial: Trial) -> Judge:
    """Repeat one network for each output: three separate networks side by side in one layer."""
    one = MLP((4, 5, 1), activation="tanh")
    X, R = trial.rng.standard_normal((7, 4)), trial.rng.standard_normal((7, 3))
    start = one.initialize(trial.rng)
    (W, a), c = start.weights, 3
    wide = MLP((4, 5 * c, c), activation="tanh")
    scale = wide.scaling(2).multiplier / one.scaling(2).multiplier
    weights = (np.tile(W, (c, 1)), np.kron(np.eye(c), a) / scale)
    layer = Layer(wide, 1, X, R, wide.parameters(list(weights), X), wide.forward(X, list(weights)))
    n = len(X)
    kappa = layer.values()["kappa"].reshape(n, c, n, c)
    P, Q = early_kernels(R, kappa)
    return identity(trial, {"P": P, "Q": Q}, {"kappa0": kappa[:, 0, :, 0], "R": R})


CHECKS = (
    Check("early.one_output", "tanh network", "identity", _one_output),
    Check("early.separate_outputs", "three networks side by side", "identity", _separate_outputs),
)
