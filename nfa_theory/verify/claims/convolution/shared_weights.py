"""How shared weights start to move, and what that makes of their features: the flow against its first order in time."""

from typing import Any

import numpy as np

from nfa_theory.verify.instruments.flow import weights_at
from nfa_theory.verify.rules.check import ClosedForm, Judge, Trial, at_sizes, grid
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate
from numerics import Conv, ConvNet, ptf_covariances
from numerics.networks.backpropagation import tangent_features

TIMES = tuple(0.004 / 2**i for i in range(4))
NET = ConvNet((2, 3, 3), [Conv(3), Conv(8, 2, padding=0)], 2, activation="tanh", readout="dense")
LAYER = 2


def _values(trial: Trial, n: int) -> tuple[dict[str, Any], Any, Any, Any]:
    """Draw a network and data; return what the symbols stand for, and inputs, labels and weights."""
    X, Y = trial.rng.standard_normal((n, NET.inputs)), trial.rng.standard_normal((n, NET.outputs))
    start = NET.initialize(trial.rng)
    activity = NET.forward(X, start)
    D, outputs = dict(tangent_features(NET, start, activity))[LAYER], NET.outputs
    positions = NET.positions[LAYER - 1]
    rows = len(D) * outputs
    samples, outputs_of = np.repeat(np.arange(n), positions * outputs), np.tile(np.arange(outputs), n * positions)
    values = {
        "D": D.reshape(rows, -1),  # rows are ordered by sample, position, output
        "X": np.repeat(activity.inputs[LAYER - 1], outputs, axis=0),
        "J": np.equal.outer(np.arange(n * outputs), samples * outputs + outputs_of).astype(float),
        "r": (Y - activity.outputs).reshape(-1, 1),
        "gamma": NET.multipliers[LAYER - 1],
        "n": n,
        "N": rows,
        "M": n * outputs,
        "k": D.shape[2],
        "m": NET.fan_ins[LAYER - 1],
    }
    return values | {"kappa": values["D"] @ values["D"].T}, X, Y, start


def _features(trial: Trial, n: int) -> Judge:
    values, X, Y, start = _values(trial, n)
    measured: dict[str, Any] = {"dW": [], "F_c": [], "G_c": []}
    for weights in weights_at(NET, X, Y, start.weights, TIMES):
        dW, K = weights[LAYER - 1] - start.weights[LAYER - 1], ptf_covariances(X, NET, weights)[LAYER - 1]
        for name, value in (("dW", dW), ("F_c", dW.T @ dW), ("G_c", dW.T @ K @ dW)):
            measured[name].append(value)

    def predict(closed_form: ClosedForm, t: float) -> ClosedForm:
        return evaluate(closed_form, {**values, "t": t})

    return order(trial, TIMES, measured, predict, dict.fromkeys(measured, 1))


CHECKS = at_sizes("convolution.shared_weights", "flow of a tanh network", "order", _features, grid(n=(3, 4, 5, 6)))
