"""How a quadratic network starts to move."""

from dataclasses import replace
from typing import Any

import numpy as np

from nfa_theory.verify.instruments.features import alignment, layer_features
from nfa_theory.verify.instruments.flow import FLOW
from nfa_theory.verify.instruments.one_layer import Layer
from nfa_theory.verify.rules.check import Judge, Trial, at_sizes, grid
from nfa_theory.verify.rules.evaluated import both, by_function, named
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate
from numerics import MLP, Measure, ptf_covariances, simulate

LEADING = "quadratic.leading_order"


def _moments_of_data(trial: Trial, n: int) -> Judge:
    layer = _layer(trial, n)
    r = (layer.Y - layer.activity.outputs).ravel()
    X, (W, a) = layer.X, layer.start.weights
    A = sum(r[i] * np.outer(X[i], X[i]) for i in range(n)) / n
    M = sum(a[0, j] ** 2 * np.outer(W[j], W[j]) for j in range(len(W)))
    K = ptf_covariances(X, layer.net, layer.start)[0]
    values = {"Z": X, "r": r[:, None], "W": W, "a": np.diag(a[0]), "n": n}
    measured = {"A": A, "B": X.T @ X / n, "M": M, "K": K}
    evaluated = by_function(LEADING, lambda function: function(**values, t=1.0))
    return both(identity(trial, measured, values), identity(trial, named(measured), evaluated))


def _layer(trial: Trial, n: int) -> Layer:
    return Layer.draw(MLP((4, 5, 1), "quadratic", parametrization="lecun"), 1, trial.rng, n)


def _early(trial: Trial, n: int) -> Judge:
    """Let the hidden layer flow; K is taken at the weights that are reached."""
    layer = _layer(trial, n)
    X, (W, a) = layer.X, layer.start.weights
    values = {"Z": X, "r": layer.Y - layer.activity.outputs, "W": W, "a": np.diag(a[0]), "n": len(X)}
    times = [0.002 / 2**i for i in range(4)]
    found = []
    for t in times:
        moved = _moved(layer, t)
        features = layer_features(moved, W, ptf_covariances(X, layer.net, (moved, a))[0])
        F, G = features["F_c"] / (4 * t**2), features["G_c"] / (16 * t**2)
        found.append({"dW": moved - W, "F_c": features["F_c"], "G_c": features["G_c"], **alignment("C-NFA", F, G)})
    measured = {name: [each[name] for each in found] for name in found[0]}
    called = {name: measured[name] for name in ("dW", "F_c", "G_c", "C-NFA")}
    evaluated = by_function(LEADING, lambda function, t: function(**values, t=t))
    return both(
        order(trial, times, measured, lambda form, t: evaluate(form, {**values, "t": t}), dict.fromkeys(measured, 1)),
        order(trial, times, named(called), evaluated, named(dict.fromkeys(called, 1))),
    )


def _moved(layer: Layer, time: float) -> Any:
    reached: list[Any] = []
    simulate(
        layer.X,
        layer.Y,
        layer.net,
        steps=1,
        learning_rate=time,
        optimizer=replace(FLOW, layer_rates=(1.0, 0.0)),
        initial_weights=list(layer.start.weights),
        measure=Measure(1, observe=lambda seed, step, parameters: reached.append(parameters.weights[0])),
    )
    return reached[-1]


CHECKS = (
    *at_sizes(LEADING, "moments and PTF covariance of a network", "identity", _moments_of_data, grid(n=(8, 9))),
    *at_sizes(LEADING, "flow of the hidden layer", "order", _early, grid(n=(7, 9))),
)
