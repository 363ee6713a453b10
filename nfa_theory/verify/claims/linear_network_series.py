"""Series in time of linear networks, against a gradient flow integrated to twelve digits."""

from typing import Any

import numpy as np

from derivations.linear_network_features import STARTS
from nfa_theory.verify.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.flow import weights_at
from nfa_theory.verify.order import order
from nfa_theory.verify.quantities import evaluate
from numerics import MLP

TIMES = tuple(0.002 / 2**i for i in range(4))


def _two_layers(trial: Trial) -> Judge:
    """Flow from random weights; the multipliers of the layers are absorbed in the inputs."""
    net = MLP((4, 5, 3), activation="linear")
    X, Y = trial.rng.standard_normal((8, 4)), trial.rng.standard_normal((8, 3))
    W1, W2 = net.initialize(trial.rng).weights
    absorbed = X * net.scaling(1).multiplier * net.scaling(2).multiplier
    Sigma_xx, Sigma_yx = absorbed.T @ absorbed / len(X), Y.T @ absorbed / len(X)
    values = {"W1": W1, "W2": W2, "Sigma_xx": Sigma_xx, "E": Sigma_yx - W2 @ W1 @ Sigma_xx}
    moved = weights_at(net, X, Y, (W1, W2), TIMES)
    found = [_features(W, W1, readout) for W, readout in moved]
    measured = {name: [each[name] for each in found] for name in STARTS}

    def predict(closed_form: ClosedForm, time: float) -> dict[str, Any]:
        series = evaluate(closed_form, values)
        return {
            name: sum(c * time ** (STARTS[name] + i) for i, c in enumerate(series[name]))
            for name in STARTS
            if name in series
        }

    return order(trial, TIMES, measured, predict, dict.fromkeys(STARTS, 2))


def _features(W: Any, W0: Any, B: Any) -> dict[str, Any]:
    dW, K = W - W0, B.T @ B
    F, G, F_c, G_c = W.T @ W, W.T @ K @ W, dW.T @ dW, dW.T @ K @ dW
    pairs = {
        "tr(F_c G_c)": (F_c, G_c),
        "|F_c|^2": (F_c, F_c),
        "|G_c|^2": (G_c, G_c),
        "tr(F G)": (F, G),
        "|F|^2": (F, F),
        "|G|^2": (G, G),
    }
    return {"F_c": F_c, "G_c": G_c} | {name: np.sum(A * B) for name, (A, B) in pairs.items()}


CHECKS = (Check("linear_network_series.two_layers", "flow of a 4-5-3 network", "order", _two_layers),)
