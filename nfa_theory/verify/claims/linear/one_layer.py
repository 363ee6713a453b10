"""One layer of a linear network that moves alone, at any time."""

from dataclasses import replace
from typing import Any

import numpy as np

from nfa_theory.verify.instruments.one_layer import Layer
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.evaluated import both, by_function, named
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate
from numerics import MLP, Measure, Parameters, simulate
from numerics import alignment as cosine
from numerics.optimizers import GradientFlow

PATH = "linear.one_layer_path"


NET = MLP((5, 5, 4, 4), activation="linear", parametrization="lecun")


def _path(trial: Trial) -> Judge:
    """Let the middle layer flow alone."""
    layer = Layer.draw(NET, 2, trial.rng)
    A, W, B = layer.start.weights
    K, H = B.T @ B, A @ (layer.X.T @ layer.X / len(layer.X)) @ A.T
    (kappa, U), (lambda_, V) = np.linalg.eigh(K), np.linalg.eigh(H)
    theta = trial.rng.uniform(1.2, 1.8)
    entries, start = U.T @ (_moved(layer, theta) - W) @ V, U.T @ -layer.gradient() @ V
    dW = trial.rng.standard_normal(W.shape)
    moved = Layer(NET, 2, layer.X, layer.Y, layer.start, NET.forward(layer.X, (A, W + dW, B)))
    changed = _gradient_at(moved, (A, W + dW, B)) - layer.gradient()

    def predict(closed_form: ClosedForm) -> ClosedForm:
        modes = {"v": start, "kappa": kappa[:, None], "lambda": lambda_, "theta": theta}
        first = evaluate({"dV": closed_form["dV"]}, {"K": K, "H": H, "dW": dW})
        return first | evaluate({"entry": closed_form["entry"]}, modes)

    X, n, change = layer.X, len(layer.X), U @ entries @ V.T
    covariances = {"Sigma_xx": X.T @ X / n, "Sigma_yx": layer.Y.T @ X / n}
    of_function = {"dW": change, "C-NFA": cosine(change.T @ change, change.T @ K @ change)}
    evaluated = by_function(PATH, lambda function: function(W=W, B=B, A=A, **covariances, theta=theta))
    judge = identity(trial, {"dV": -changed, "entry": entries}, predict)
    return both(judge, identity(trial, named(of_function), evaluated))


def _flat_direction(trial: Trial) -> Judge:
    """Let the variance of one input go to zero, not its covariance with the labels: curvature goes, the pull stays."""
    theta, name = trial.rng.uniform(1.2, 1.8), "entry at lambda = 0"
    curvatures = [0.004 / 2**i for i in range(4)]
    identity_, B = np.eye(5), trial.rng.standard_normal((4, 4))
    W, pull = trial.rng.standard_normal((2, 4, 5))
    entries, velocities = [], []
    for curvature in curvatures:
        scales = np.sqrt(5 * np.array([1.0, 0.7, 1.3, 0.85, curvature]))
        start = Parameters((identity_, W, B), ())
        X, Y = np.diag(scales), 5 * (pull / scales).T
        layer = Layer(NET, 2, X, Y, start, NET.forward(X, start))
        U = np.linalg.eigh(B.T @ B)[1]
        entries.append((U.T @ (_moved(layer, theta) - W))[:, 4])
        velocities.append((U.T @ -layer.gradient())[:, 4])

    def predict(closed_form: ClosedForm, curvature: float) -> ClosedForm:
        v = velocities[curvatures.index(curvature)]
        return evaluate({name: closed_form[name]}, {"v": v, "theta": theta})

    return order(trial, curvatures, {name: entries}, predict, {name: 1})


def _gradient_at(layer: Layer, weights: Any) -> Any:
    return Layer(NET, 2, layer.X, layer.Y, NET.parameters(list(weights), layer.X), layer.activity).gradient()


def _moved(layer: Layer, time: float) -> Any:
    reached: list[Any] = []
    simulate(
        layer.X,
        layer.Y,
        NET,
        steps=1,
        learning_rate=time,
        optimizer=replace(GradientFlow(rtol=1e-13, atol=1e-15), layer_rates=(0.0, 1.0, 0.0)),
        initial_weights=list(layer.start.weights),
        measure=Measure(1, observe=lambda seed, step, parameters: reached.append(parameters.weights[1])),
    )
    return reached[-1]


CHECKS = (
    Check(PATH, "middle layer of three alone", "identity", _path),
    Check(PATH, "an input of vanishing variance", "order", _flat_direction),
)
