"""Averages over batches, against the average over every batch that can be drawn."""

import itertools
from typing import Any

import numpy as np

from nfa_theory.verify.rules.check import Judge, Trial, at_sizes, grid
from nfa_theory.verify.rules.identity import identity
from numerics import MLP
from numerics.networks.backpropagation import tangent_features, weight_gradients


def _one_batch(trial: Trial, n: int, b: int) -> Judge:
    """Take every batch; with four samples or more in it all ways in which samples can agree occur."""
    rng = trial.rng
    net, eta = MLP((5, 6, 1), activation="erf"), rng.uniform(0.5, 0.9)
    X, y, start = rng.standard_normal((n, 5)), rng.standard_normal((n, 1)), net.initialize(rng)
    activity = net.forward(X, start)
    D = dict(tangent_features(net, start, activity))[1].reshape(n, -1)
    r, kernel, K = y - activity.outputs, D @ D.T, D.T @ D / n
    values = {"n": n, "b": b, "eta": eta, "gamma": net.scaling(1).multiplier, "Z": X, "S": X @ X.T}
    kernels = {"P": r * kernel * r.T, "Q": r * (kernel @ kernel) * r.T}
    steps = [eta * _gradient(net, start, X[list(B)], y[list(B)]) for B in itertools.combinations(range(n), b)]
    return identity(trial, _averages(steps, K), {**values, **kernels}, "exact average")


def _gradient(net: MLP, start: Any, X: Any, y: Any) -> Any:
    activity = net.forward(X, start)
    return weight_gradients(net, start, activity, (activity.outputs - y) / len(y)).weights[0]


def _averages(steps: list[Any], K: Any) -> dict[str, Any]:
    F, G = np.array([W.T @ W for W in steps]), np.array([W.T @ K @ W for W in steps])
    FG, FF, GG = (np.mean(np.sum(A * B, axis=(1, 2))) for A, B in ((F, G), (F, F), (G, G)))
    return {"E F_c": F.mean(axis=0), "E G_c": G.mean(axis=0), "ratio of averages": FG / np.sqrt(FF * GG)}


SIZES = [each for each in grid(n=(5, 6, 7, 8, 9), b=(1, 2, 3, 4, 5, 6, 7, 8)) if each["b"] < each["n"]]
CHECKS = at_sizes("early.one_batch", "every batch", "exact average", _one_batch, SIZES)
