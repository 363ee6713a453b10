"""When the centered trace of a linear network catches up with the average initial one."""

import numpy as np

from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.instruments.one_layer import Layer
from nfa_theory.verify.instruments.random_weights import uc_nfa_parts
from nfa_theory.verify.rules.check import Check, Judge, Trial
from nfa_theory.verify.rules.identity import identity
from numerics import MLP


def _crossover(trial: Trial) -> Judge:
    """Find the time at which the centered trace of a linear network is as large as the average initial one."""
    net, s = MLP((3, 2, 4), activation="linear"), 0.8
    layer = Layer.draw(net, 1, trial.rng, n=5)
    K, velocity = layer.values()["K"], -layer.gradient()
    nodes, weights = gaussian_nodes(6, degree=4)
    initial = weights @ uc_nfa_parts(s * nodes.reshape(-1, 2, 3), K)["UC-NFA numerator"]
    centered = uc_nfa_parts(velocity[None], K)["UC-NFA numerator"][0]
    P, Q = layer.early_kernels()
    values = layer.values()
    S = values["S"]
    traces = {"tr_kappa": np.trace(values["kappa"]), "tr_PSQS": np.trace(P @ S @ Q @ S)}
    sizes = {name: values[name] for name in ("n", "k", "m", "gamma")}
    measured = {"time": (initial / centered) ** 0.25}
    return identity(trial, measured, {**traces, **sizes, "s": s}, "exact average")


CHECKS = (Check("early.crossover", "every 2 x 3 layer of a linear network", "exact average", _crossover),)
