"""When the centered trace of a linear network catches up with the average initial one."""

import numpy as np

from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.instruments.one_layer import Layer
from nfa_theory.verify.instruments.random_weights import uc_nfa_parts
from nfa_theory.verify.rules.check import Judge, Trial, at_sizes, grid
from nfa_theory.verify.rules.identity import identity
from numerics import MLP


def _crossover(trial: Trial, k: int, m: int, n: int) -> Judge:
    """Find the time at which the centered trace of a linear network is as large as the average initial one."""
    net, s = MLP((m, k, 4), activation="linear"), trial.rng.uniform(0.6, 0.9)
    layer = Layer.draw(net, 1, trial.rng, n)
    K, velocity = layer.values()["K"], -layer.gradient()
    nodes, weights = gaussian_nodes(k * m, degree=4)
    initial = weights @ uc_nfa_parts(s * nodes.reshape(-1, k, m), K)["UC-NFA numerator"]
    centered = uc_nfa_parts(velocity[None], K)["UC-NFA numerator"][0]
    P, Q = layer.early_kernels()
    values = layer.values()
    S = values["S"]
    traces = {"tr_kappa": np.trace(values["kappa"]), "tr_PSQS": np.trace(P @ S @ Q @ S)}
    sizes = {name: values[name] for name in ("n", "k", "m", "gamma")}
    measured = {"time": (initial / centered) ** 0.25}
    return identity(trial, measured, {**traces, **sizes, "s": s}, "exact average")


SIZES = grid(k=(2, 3, 5), m=(2, 3, 4), n=(5, 6, 7))[::4]
CHECKS = at_sizes("early.crossover", "every layer of a linear network", "exact average", _crossover, SIZES)
