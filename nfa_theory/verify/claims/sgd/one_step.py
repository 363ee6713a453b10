"""A step of SGD on every ordered batch, taken by backpropagation, and the mean of the overlaps after it."""

from itertools import product
from typing import Any

from nfa_theory.verify.instruments.one_layer import Layer
from nfa_theory.verify.rules.check import Judge, Trial, at_sizes
from nfa_theory.verify.rules.identity import identity
from numerics import MLP
from numerics.networks.backpropagation import tangent_features, weight_gradients

K, P = 4, 3
"""Neurons, and rows that stay."""


def _every_batch(trial: Trial, n: int, b: int, d: int) -> Judge:
    rng = trial.rng
    layer = Layer.draw(MLP((d, K, 1), "tanh", parametrization="ntk"), 1, rng, n=n)
    root, U = rng.standard_normal((d, d)), rng.standard_normal((P, d))
    M, (rate, slow) = root + root.T, rng.uniform(0.5, 2.0, 2)
    found: dict[str, Any] = {"overlaps": 0.0, "overlaps with U": 0.0, "readout": 0.0}
    for batch in product(range(n), repeat=b):
        activity = layer.net.forward(layer.X[list(batch)], layer.start)
        misses = (activity.outputs - layer.Y[list(batch)]) / b
        first, last = weight_gradients(layer.net, layer.start, activity, misses).weights
        W, a = layer.W - rate * first, layer.start.weights[1] - slow / d * last
        found["overlaps"] += W @ M @ W.T / d
        found["overlaps with U"] += W @ M @ U.T / d
        found["readout"] += a.T
    measured = {name: total / n**b for name, total in found.items()}
    tangents = dict(tangent_features(layer.net, layer.start, layer.activity))[1][:, 0]
    delta = layer.Y - layer.activity.outputs
    values = {
        "g": delta * tangents,
        "Z": layer.X * layer.gamma,
        "M": M,
        "W": layer.W,
        "U": U,
        "a": layer.start.weights[1].T,
        "A": layer.activity.inputs[1] * float(layer.net.scaling(2).multiplier),
        "delta": delta,
        "eta": rate,
        "eta_a": slow,
        "b": b,
        "n": n,
        "d": d,
        "k": K,
        "p": P,
    }
    return identity(trial, measured, values, "exact average")


CHECKS = at_sizes(
    "sgd.one_step",
    "every ordered batch of a tanh network",
    "exact average",
    _every_batch,
    [
        {"n": n, "b": b, "d": d}
        for n, b, d in ((4, 1, 5), (5, 1, 6), (6, 1, 7), (4, 2, 5), (5, 2, 6), (4, 3, 7), (5, 3, 5))
    ],
)
