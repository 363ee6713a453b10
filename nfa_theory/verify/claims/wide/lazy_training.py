"""Networks whose kernels stand still: a network of which only the readout moves is one exactly."""

from typing import Any

import numpy as np
from scipy.linalg import expm

from nfa_theory.verify.instruments.flow import readouts_at
from nfa_theory.verify.instruments.one_layer import HIDDEN, NET, Layer
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial, at_sizes, grid
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate
from numerics import MLP


def _tangent_kernel(trial: Trial) -> Judge:
    """List the derivatives of every output with respect to every weight and bias of a layer."""
    layer = Layer.draw(NET, HIDDEN, trial.rng)
    values = layer.values()
    D, Z = values["D"], values["T"] @ values["Z"]
    by_weights = layer.gamma * np.einsum("ak,am->akm", D, Z).reshape(len(D), -1)
    e, other = trial.rng.standard_normal((2, len(D), 1))
    kernel = by_weights @ by_weights.T
    measured = {"Theta_W": kernel, "Theta_b": D @ D.T, "e^T Theta_W e'": float((e.T @ kernel @ other)[0, 0])}
    return identity(trial, measured, {**values, "e": e, "e'": other})


def _course(trial: Trial, n: int) -> Judge:
    """Let the readout flow alone: its tangent kernel is the Gram matrix of its inputs, and never changes."""
    net = MLP((4, 6, 5), activation="tanh")
    layer = Layer.draw(net, 1, trial.rng, n)
    c = net.outputs
    Z, gamma = layer.activity.inputs[1], float(net.scaling(2).multiplier)
    Theta_0 = gamma**2 * Z @ Z.T
    R = layer.Y - layer.activity.outputs
    times = [0.64 / 2**i for i in range(4)]
    averages = [_average_decay(Theta_0 / n, t) @ R for t in times]
    values = {
        "D": np.tile(np.eye(c), (n, 1)),
        "T": np.repeat(np.eye(n), c, axis=0),
        "Z": Z,
        "gamma": gamma,
        "n": n,
        "r": R.reshape(-1, 1),
        "Theta": np.kron(Theta_0, np.eye(c)),
        "A": R @ R.T,
        "Theta_0": Theta_0,
    }
    measured = {
        "r_bar": [each.reshape(-1, 1) for each in averages],
        "A": [each @ each.T for each in averages],
        "dW": [(readouts_at(layer, [t], layer.Y)[0] - layer.start.weights[1]) / t for t in times],
    }

    def predict(closed_form: ClosedForm, t: float) -> ClosedForm:
        series = evaluate(closed_form, values)
        return {name: sum(each * t**i for i, each in enumerate(found)) for name, found in series.items()}

    return order(trial, times, measured, predict, dict.fromkeys(measured, 3))


def _average_decay(rate: Any, time: float) -> Any:
    """Average ``exp(-rate s)`` over ``0 <= s <= time``: the corner of the exponential of a matrix twice as large."""
    n = len(rate)
    block = np.zeros((2 * n, 2 * n))
    block[:n, :n], block[:n, n:] = -rate, np.eye(n)
    return expm(block * time)[:n, n:] / time


CHECKS = (
    Check("wide.layer_share", "middle layer of a tanh network", "identity", _tangent_kernel),
    *at_sizes("wide.lazy_course", "flow of a readout alone", "order", _course, grid(n=(4, 5, 6, 7))),
)
