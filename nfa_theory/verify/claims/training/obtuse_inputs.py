"""A ReLU network trained to its rest from a start beside it."""

from dataclasses import replace
from typing import Any

import numpy as np

from nfa_theory.verify.instruments.flow import FLOW, weights_at
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.quantities import evaluate
from numerics import MLP, features

CLAIM = "training.obtuse_inputs"
UNTIL = 170.0
"""The slowest direction at rest, across the inputs, relaxes at the rate of the decay and of what it leaves over."""


def _inputs(d: int) -> Any:
    """Return d + 1 unit vectors with negative products: a simplex, tilted a little."""
    corners = np.eye(d + 1) - 1 / (d + 1)
    frame = np.linalg.svd(corners)[2][:d].T
    return (corners @ frame) / np.linalg.norm(corners @ frame, axis=1, keepdims=True)


def _rest(trial: Trial, d: int) -> Judge:
    """Train until the network rests, and read what it gives for each input."""
    rng, n = trial.rng, d + 1
    tilted = _inputs(d) + 0.05 * rng.standard_normal((n, d))
    X = tilted / np.linalg.norm(tilted, axis=1, keepdims=True)
    labels, decay = rng.uniform(2.0, 3.0, n), float(rng.uniform(0.19, 0.21))
    net = MLP((d, n, 1), "relu", parametrization="lecun")
    lengths = np.sqrt(labels - n * decay) * rng.uniform(0.9, 1.1, n)
    start = [lengths[:, None] * (X + 0.05 * rng.standard_normal((n, d))), (lengths * rng.uniform(0.9, 1.1, n))[None]]
    flow = replace(FLOW, weight_decay=decay)
    (weights,) = weights_at(net, X, labels[:, None], start, (UNTIL,), flow, center_labels=False)
    found, outputs = features(X, net, weights, layer=1), net(X, net.parameters(weights, X))[:, 0]
    values = {"X": X, "u": np.diag(outputs), "n": n}
    measured = {"F": found.nfm, "G": found.agop, "y": labels}

    def predict(form: ClosedForm) -> ClosedForm:
        matrices = evaluate({name: form[name] for name in ("F", "G")}, values)
        return matrices | evaluate({"y": form["y"]}, {"u": outputs, "n": n, "lambda": decay})

    return identity(trial, measured, predict)


def _plane(trial: Trial) -> Judge:
    """Train on the example in the plane."""
    X, u, decay = np.array([[1, 0], [-0.6, 0.8], [-0.6, -0.8]]), np.array([0.56, 1, 1]), 0.2
    net = MLP((2, 3, 1), "relu", parametrization="lecun")
    lengths = np.sqrt(u) * trial.rng.uniform(0.9, 1.1, 3)
    start = [lengths[:, None] * (X + 0.05 * trial.rng.standard_normal((3, 2))), lengths[None]]
    flow = replace(FLOW, weight_decay=decay)
    (weights,) = weights_at(net, X, (u + 3 * decay)[:, None], start, (UNTIL,), flow, center_labels=False)
    found = features(X, net, weights, layer=1)
    measured = {f"{name} in the plane": np.diag(each) for name, each in (("F", found.nfm), ("G", found.agop))}

    def predict(form: ClosedForm) -> ClosedForm:
        return {
            name: np.array(each, dtype=float) for name, each in evaluate(dict(form), {}).items() if name in measured
        }

    return identity(trial, measured, predict)


CHECKS = (
    Check(CLAIM, "training to rest in three dimensions", "identity", lambda trial: _rest(trial, 3)),
    Check(CLAIM, "training to rest in four dimensions", "identity", lambda trial: _rest(trial, 4)),
    Check(CLAIM, "the example in the plane", "identity", _plane),
)
