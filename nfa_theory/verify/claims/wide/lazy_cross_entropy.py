"""A network of which only the readout moves, on cross-entropy."""

from typing import Any

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.special import softmax

from nfa_theory.verify.instruments.flow import readouts_at
from nfa_theory.verify.instruments.one_layer import Layer
from nfa_theory.verify.rules.check import ClosedForm, Judge, Trial, at_sizes, grid
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate
from numerics import MLP


def _any_loss(trial: Trial, n: int) -> Judge:
    """Let the readout flow alone on cross-entropy, and average its residuals by Gauss's rule."""
    layer = Layer.draw(MLP((4, 6, 3), activation="tanh"), 1, trial.rng, n)
    Z, gamma = layer.activity.inputs[1], float(layer.net.scaling(2).multiplier)
    Y = softmax(layer.Y, axis=1)
    c = Y.shape[1]
    start, Theta_0, times = layer.start.weights[1], gamma**2 * Z @ Z.T, [0.32 / 2**i for i in range(4)]
    nodes, shares = leggauss(5)
    runs = [readouts_at(layer, [*(t * (nodes + 1) / 2), t], Y, loss="cross_entropy") for t in times]
    averages = [
        sum(share / 2 * (Y - softmax(gamma * Z @ W.T, axis=1)) for share, W in zip(shares, run, strict=False))
        for run in runs
    ]
    P = softmax(layer.activity.outputs, axis=1)
    path = _path_on_softmax(Y - P, P, Theta_0 / n)
    values = {
        "D": np.tile(np.eye(c), (n, 1)),
        "T": np.repeat(np.eye(n), c, axis=0),
        "Z": Z,
        "gamma": gamma,
        "n": n,
        "c": c,
        "P": P,
        "R": path[0],
        "Theta_0": Theta_0,
        **{f"r{j}": each.reshape(-1, 1) for j, each in enumerate(path)},
    }
    measured = {
        "r_bar": [each.reshape(-1, 1) for each in averages],
        "dW": [(run[-1] - start) / t for run, t in zip(runs, times, strict=True)],
        "dP/dt": [(softmax(gamma * Z @ run[-1].T, axis=1) - P) / t for run, t in zip(runs, times, strict=True)],
        "R_bar": averages,
    }

    def predict(closed_form: ClosedForm, t: float) -> ClosedForm:
        found = evaluate(closed_form, values)
        return {
            name: sum(each * t**i for i, each in enumerate(value)) if isinstance(value, tuple | list) else value
            for name, value in found.items()
        }

    return order(trial, times, measured, predict, {"r_bar": 3, "dW": 3, "dP/dt": 1, "R_bar": 2})


def _path_on_softmax(R: Any, P: Any, rate: Any) -> tuple[Any, Any, Any]:
    """Expand the residuals to second order, sample by sample: the Jacobian of the softmax, and how it changes."""
    first, second = np.empty_like(R), np.empty_like(R)
    for mu, p in enumerate(P):
        first[mu] = -(np.diag(p) - np.outer(p, p)) @ (rate @ R)[mu]
    for mu, p in enumerate(P):
        p_dot = -first[mu]
        jacobian_dot = np.diag(p_dot) - np.outer(p_dot, p) - np.outer(p, p_dot)
        second[mu] = -jacobian_dot @ (rate @ R)[mu] - (np.diag(p) - np.outer(p, p)) @ (rate @ first)[mu]
    return R, first, second / 2


CHECKS = at_sizes(
    "wide.lazy_course_any_loss", "flow of a readout alone, cross-entropy", "order", _any_loss, grid(n=(4, 5))
)
