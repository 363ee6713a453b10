"""Averages over batches, against the average over every batch that can be drawn."""

import itertools
from typing import Any

import numpy as np

from nfa_theory.verify.rules.check import Check, Judge, Trial
from nfa_theory.verify.rules.identity import identity
from numerics import MLP
from numerics.networks.backpropagation import tangent_features, weight_gradients

NAME = "all batches of 5 of 7"


def _one_batch(trial: Trial) -> Judge:
    """Take five of seven samples: all four ways in which samples can agree occur, and no factor of a chance is 1."""
    rng = trial.rng
    net, n, b, eta = MLP((5, 6, 1), activation="erf"), 7, 5, 0.7
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


CHECKS = (Check("early.one_batch", NAME, "exact average", _one_batch),)
