"""How a layer starts to move, and what that makes of its features: the flow against its first order in time."""

from typing import Any

import numpy as np

from nfa_theory.verify.instruments.flow import weights_at
from nfa_theory.verify.instruments.one_layer import Layer
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import PARTS, evaluate
from numerics import MLP, ptf_covariances

NET, LAYER = MLP((4, 5, 6, 3), activation="tanh"), 2
TIMES = tuple(0.004 / 2**i for i in range(4))


def blocks(layer: Layer) -> tuple[Any, Any]:
    """Sum ``R^T kappa R`` and ``R^T kappa^2 R`` over outputs, sample by sample, as P and Q are defined."""
    n, c = layer.Y.shape
    kappa = layer.values()["kappa"].reshape(n, c, n, c)
    R = layer.Y - layer.activity.outputs
    P = np.einsum("mi,minj,nj->mn", R, kappa, R)
    Q = np.einsum("mi,mipq,pqnj,nj->mn", R, kappa, kappa, R, optimize=True)
    return P, Q


def _weight_change(trial: Trial) -> Judge:
    layer = Layer.draw(NET, LAYER, trial.rng)
    values = layer.values()
    moved = weights_at(NET, layer.X, layer.Y, layer.start.weights, TIMES)
    measured = {"dW": [weights[LAYER - 1] - layer.W for weights in moved]}
    return order(trial, TIMES, measured, lambda form, t: evaluate(form, {**values, "t": t}), {"dW": 1})


def _kernels(trial: Trial) -> Judge:
    layer = Layer.draw(NET, LAYER, trial.rng)
    P, Q = blocks(layer)
    return identity(trial, {"P": P, "Q": Q}, layer.values())


def _features(trial: Trial) -> Judge:
    """Centered features at small times, with the PTF covariance at the weights that are reached."""
    layer = Layer.draw(NET, LAYER, trial.rng)
    values = layer.values()
    P, Q = blocks(layer)
    found = [
        _centered(layer, weights, t)
        for t, weights in zip(TIMES, weights_at(NET, layer.X, layer.Y, layer.start.weights, TIMES), strict=True)
    ]
    names = ("F_c", "G_c", "C-NFA", *(f"C-NFA {part}" for part in PARTS))

    def predict(closed_form: ClosedForm, t: float) -> ClosedForm:
        return evaluate(closed_form, {**values, "P": P, "Q": Q, "t": t})

    measured = {name: [each[name] for each in found] for name in names}
    return order(trial, TIMES, measured, predict, dict.fromkeys(names, 1))


def _centered(layer: Layer, weights: Any, t: float) -> dict[str, Any]:
    """Measure the features; traces in the units of the closed form, without the powers of time and multipliers."""
    n = len(layer.X)
    dW = weights[LAYER - 1] - layer.W
    K = ptf_covariances(layer.X, NET, weights)[LAYER - 1]
    F, G = dW.T @ dW, dW.T @ K @ dW
    f, g = F * (n / (layer.gamma * t)) ** 2, G * n**3 / (layer.gamma * t) ** 2
    traces = {"numerator": np.sum(f * g), "first": np.sum(f * f), "second": np.sum(g * g)}
    alignment = np.sum(F * G) / np.sqrt(np.sum(F * F) * np.sum(G * G))
    return {"F_c": F, "G_c": G, "C-NFA": alignment} | {f"C-NFA {part}": value for part, value in traces.items()}


def _one_output(trial: Trial) -> Judge:
    layer = Layer.draw(MLP((4, 5, 6, 1), activation="tanh"), LAYER, trial.rng)
    P, Q = blocks(layer)
    return identity(trial, {"P": P, "Q": Q}, layer.values())


def _separate_outputs(trial: Trial) -> Judge:
    """Repeat one network for each output: three separate networks side by side in one layer."""
    one = MLP((4, 5, 1), activation="tanh")
    X, R = trial.rng.standard_normal((7, 4)), trial.rng.standard_normal((7, 3))
    start = one.initialize(trial.rng)
    (W, a), c = start.weights, 3
    wide = MLP((4, 5 * c, c), activation="tanh")
    scale = wide.scaling(2).multiplier / one.scaling(2).multiplier
    weights = (np.tile(W, (c, 1)), np.kron(np.eye(c), a) / scale)
    layer = Layer(wide, 1, X, R, wide.parameters(list(weights), X), wide.forward(X, list(weights)))
    n = len(X)
    kappa = layer.values()["kappa"].reshape(n, c, n, c)
    P = np.einsum("mi,minj,nj->mn", R, kappa, R)
    Q = np.einsum("mi,mipq,pqnj,nj->mn", R, kappa, kappa, R, optimize=True)
    return identity(trial, {"P": P, "Q": Q}, {"kappa0": kappa[:, 0, :, 0], "R": R})


CHECKS = (
    Check("early.weight_change", "flow of a tanh network", "order", _weight_change),
    Check("early.centered_features", "kernels of a tanh network", "identity", _kernels),
    Check("early.centered_features", "flow of a tanh network", "order", _features),
    Check("early.one_output", "tanh network", "identity", _one_output),
    Check("early.separate_outputs", "three networks side by side", "identity", _separate_outputs),
)
