"""The slope of the alignment of two linear layers under speed-limited optimization."""

from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from nfa_theory.verify.instruments.features import C_NFA, layer_features
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.evaluated import both, by_function, named
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate
from numerics import MLP
from numerics.networks.backpropagation import weight_gradients

SLO = "linear.slo_slope"


def _slope(trial: Trial) -> Judge:
    """Integrate SLO in continuous time with the gradients of `numerics`."""
    net = MLP((5, 5, 4), activation="linear", parametrization="lecun")
    X, Y = trial.rng.standard_normal((8, 5)), trial.rng.standard_normal((8, 4))
    W1, W2 = net.initialize(trial.rng).weights
    speeds = (0.7, 1.2)
    times = tuple(0.004 / 2**i for i in range(4))
    start = _velocities(net, X, Y, (W1, W2))
    rates = [speed / np.linalg.norm(V) for speed, V in zip(speeds, start, strict=True)]
    Sigma_xx, Sigma_yx = X.T @ X / 8, Y.T @ X / 8
    values = {"W1": W1, "W2": W2, "Sigma_xx": Sigma_xx, "E": Sigma_yx - W2 @ W1 @ Sigma_xx}
    values |= {"s1": rates[0], "s2": rates[1]}
    found = []
    for A, B in (_slo(net, X, Y, (W1, W2), speeds, t) for t in times):
        found.append(layer_features(A, W1, B.T @ B))
    drift = _drift(net, X, Y, (W1, W2), speeds)
    measured = {name: [each[name] for each in found] for name in C_NFA}
    measured["slope"] = [each["C-NFA"] for each in found]

    def predict(closed_form: ClosedForm, t: float) -> ClosedForm:
        traces = evaluate({name: closed_form[name] for name in C_NFA}, values)
        sums = {name: t**4 * (first + t * (second + 2 * drift * first)) for name, (first, second) in traces.items()}
        letters = {f"{letter}_{i}": traces[name][i] for letter, name in zip("NPQ", C_NFA, strict=True) for i in (0, 1)}
        slope = evaluate({"slope": closed_form["slope"]}, letters)["slope"]
        zeroth = letters["N_0"] / np.sqrt(letters["P_0"] * letters["Q_0"])
        return {**sums, "slope": zeroth + t * slope}

    def call(function: Any, t: float) -> ClosedForm:
        early = function(W1, W2, Sigma_xx, Sigma_yx, speeds)
        return {"C-NFA": early["C-NFA"] + t * early["slope"]}

    judge = order(trial, times, measured, predict, dict.fromkeys(measured, 2))
    of_function = named({"C-NFA": measured["slope"]})
    return both(judge, order(trial, times, of_function, by_function(SLO, call), dict.fromkeys(of_function, 2)))


def _velocities(net: MLP, X: Any, Y: Any, weights: Any) -> list[Any]:
    activity = net.forward(X, weights)
    start = net.parameters(list(weights), X)
    gradients = weight_gradients(net, start, activity, (activity.outputs - Y) / len(X)).weights
    return [-each for each in gradients]


def _slo(net: MLP, X: Any, Y: Any, start: Any, speeds: tuple[float, float], time: float) -> list[Any]:
    """Follow ``dW_l/dt = C_l V_l / |V_l|``."""
    shapes = [W.shape for W in start]

    def unpack(flat: Any) -> list[Any]:
        split = np.split(flat, [start[0].size])
        return [part.reshape(shape) for part, shape in zip(split, shapes, strict=True)]

    def velocity(_: float, flat: Any) -> Any:
        V = _velocities(net, X, Y, unpack(flat))
        return np.concatenate([(C * each / np.linalg.norm(each)).ravel() for C, each in zip(speeds, V, strict=True)])

    flat = np.concatenate([W.ravel() for W in start])
    end = solve_ivp(velocity, (0.0, time), flat, method="DOP853", rtol=1e-13, atol=1e-15).y[:, -1]
    return unpack(end)


def _drift(net: MLP, X: Any, Y: Any, start: Any, speeds: tuple[float, float]) -> float:
    """Differentiate the logarithm of the first layer's rate, by central differences extrapolated twice."""

    def log_rate(t: float) -> float:
        return -float(np.log(np.linalg.norm(_velocities(net, X, Y, _slo(net, X, Y, start, speeds, t))[0])))

    coarse, middle, fine = ((log_rate(h) - log_rate(-h)) / (2 * h) for h in (0.02, 0.01, 0.005))
    once = ((4 * middle - coarse) / 3, (4 * fine - middle) / 3)
    return (16 * once[1] - once[0]) / 15


CHECKS = (Check(SLO, "continuous SLO of a 5-5-4 network", "order", _slope),)
