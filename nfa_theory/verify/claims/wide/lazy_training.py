"""Networks whose kernels stand still: a network of which only the readout moves is one exactly."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.linalg import expm
from scipy.special import softmax

from nfa_theory.verify.claims.early.leading_order import LAYER, NET
from nfa_theory.verify.instruments.flow import FLOW
from nfa_theory.verify.instruments.one_layer import Layer
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate
from numerics import MLP, Measure, simulate


def _tangent_kernel(trial: Trial) -> Judge:
    """List the derivatives of every output with respect to every weight and bias of a layer."""
    layer = Layer.draw(NET, LAYER, trial.rng)
    values = layer.values()
    D, Z = values["D"], values["T"] @ values["Z"]
    by_weights = layer.gamma * np.einsum("ak,am->akm", D, Z).reshape(len(D), -1)
    e, other = trial.rng.standard_normal((2, len(D), 1))
    kernel = by_weights @ by_weights.T
    measured = {"Theta_W": kernel, "Theta_b": D @ D.T, "e^T Theta_W e'": float((e.T @ kernel @ other)[0, 0])}
    return identity(trial, measured, {**values, "e": e, "e'": other})


def _course(trial: Trial) -> Judge:
    """Let the readout flow alone: its tangent kernel is the Gram matrix of its inputs, and never changes."""
    net = MLP((4, 6, 2), activation="tanh")
    layer = Layer.draw(net, 1, trial.rng, n=5)
    n, c = layer.Y.shape
    Z, gamma = layer.activity.inputs[1], float(net.scaling(2).multiplier)
    Theta_0 = gamma**2 * Z @ Z.T
    R = layer.Y - layer.activity.outputs
    times = [0.04 / 2**i for i in range(4)]
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
        "dW": [(_readouts(layer, [t], layer.Y)[0] - layer.start.weights[1]) / t for t in times],
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


def _readouts(layer: Layer, times: Sequence[float], Y: Any, loss: str = "mse") -> list[Any]:
    """Integrate the flow of the readout to increasing times."""
    moved: list[Any] = []
    simulate(
        layer.X,
        Y,
        layer.net,
        steps=len(times),
        learning_rate=np.diff([0.0, *times]),
        loss=loss,
        optimizer=replace(FLOW, layer_rates=(0.0, 1.0)),
        initial_weights=list(layer.start.weights),
        measure=Measure(1, observe=lambda seed, step, parameters: moved.append(parameters.weights[1])),
    )
    return moved[1:]


def _any_loss(trial: Trial) -> Judge:
    """Let the readout flow alone on cross-entropy, and average its residuals by Gauss's rule."""
    layer = Layer.draw(MLP((4, 6, 3), activation="tanh"), 1, trial.rng, n=5)
    Z, gamma = layer.activity.inputs[1], float(layer.net.scaling(2).multiplier)
    Y = softmax(layer.Y, axis=1)
    n, c = Y.shape
    start, Theta_0, times = layer.start.weights[1], gamma**2 * Z @ Z.T, [0.32 / 2**i for i in range(4)]
    nodes, shares = leggauss(5)
    runs = [_readouts(layer, [*(t * (nodes + 1) / 2), t], Y, loss="cross_entropy") for t in times]
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


CHECKS = (
    Check("wide.layer_share", "middle layer of a tanh network", "identity", _tangent_kernel),
    Check("wide.lazy_course", "flow of a readout alone", "order", _course),
    Check("wide.lazy_course_any_loss", "flow of a readout alone, cross-entropy", "order", _any_loss),
)
