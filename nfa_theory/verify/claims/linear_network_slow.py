"""Late orders of two linear layers: where one output leaves alignment 1, and the slope under speed-limited optimization."""

from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from nfa_theory.verify.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.features import C_NFA, layer_features
from nfa_theory.verify.flow import weights_at
from nfa_theory.verify.order import order
from nfa_theory.verify.quantities import evaluate
from numerics import MLP
from numerics.backpropagation import weight_gradients

SCALAR, SLO = "linear_network_scalar.departure", "linear_network_slo.early_slope"


def _departure(trial: Trial) -> Judge:
    """Measure one minus the alignment from the distance of unit matrices, which does not cancel."""
    net = MLP((3, 4, 1), activation="linear", parametrization="lecun")
    X, y = trial.rng.standard_normal((8, 3)), trial.rng.standard_normal((8, 1))
    W, readout = net.initialize(trial.rng).weights
    Sigma_xx, Sigma_xy = X.T @ X / 8, X.T @ y / 8
    a, e = readout.T, Sigma_xy - Sigma_xx @ W.T @ readout.T
    times = tuple(0.04 / 2**i for i in range(5))
    found = [_leaving(*moved, W, Sigma_xx, Sigma_xy, a, e, t) for t, moved in _at(net, X, y, W, readout, times)]
    values = {"W1": W, "W2": readout, "E": e.T, "Sigma_xx": Sigma_xx, "a0": a, "e0": e}

    def predict(closed_form: ClosedForm, time: float) -> ClosedForm:
        velocities = evaluate({name: closed_form[name] for name in ("da/dt", "de/dt")}, values)
        return velocities | _at_fixed_velocities(closed_form, {**values, **exact})

    a1, e1 = W @ e, -Sigma_xx @ (W.T @ (W @ e) + (a @ e.T).T @ a)
    dots = {"aa": (a, a), "ab": (a, a1), "bb": (a1, a1), "ee": (e, e), "ef": (e, e1), "ff": (e1, e1)}
    exact = {name: float(np.sum(x * y)) for name, (x, y) in dots.items()} | {"a1": a1, "e1": e1}
    measured = {name: [each[name] for each in found] for name in found[0]}
    return order(trial, times, measured, predict, dict.fromkeys(measured, 1))


def _at(net: MLP, X: Any, y: Any, W: Any, readout: Any, times: Any) -> Any:
    return zip(times, weights_at(net, X, y, (W, readout), times), strict=True)


def _at_fixed_velocities(closed_form: ClosedForm, values: ClosedForm) -> ClosedForm:
    names = ("distance", "norms", "coefficient", "order")
    return evaluate({name: closed_form[name] for name in names}, values)


def _leaving(W1: Any, W2: Any, W0: Any, Sigma_xx: Any, Sigma_xy: Any, a: Any, e: Any, t: float) -> dict[str, Any]:
    found = layer_features(W1, W0, W2.T @ W2)
    F, G = found["F_c"], found["G_c"]
    defect = np.sum((F / np.linalg.norm(F) - G / np.linalg.norm(G)) ** 2) / 2
    norms = np.sum(F * F) * np.sum(G * G)
    e_now = Sigma_xy - Sigma_xx @ W1.T @ W2.T
    return {
        "norms": norms / t**8,
        "distance": norms * defect * (2 - defect) / t**14,
        "coefficient": -defect / t**6,
        "da/dt": (W2.T - a) / t,
        "de/dt": (e_now - e) / t,
    }


def _slope(trial: Trial) -> Judge:
    """Integrate SLO in continuous time with the gradients of `numerics`."""
    net = MLP((4, 5, 3), activation="linear", parametrization="lecun")
    X, Y = trial.rng.standard_normal((8, 4)), trial.rng.standard_normal((8, 3))
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
    measured = {name: [each[name] for each in found] for name in (*C_NFA, "slope") if name in found[0]}
    measured["slope"] = [each["C-NFA"] for each in found]

    def predict(closed_form: ClosedForm, t: float) -> ClosedForm:
        traces = evaluate({name: closed_form[name] for name in C_NFA}, values)
        sums = {name: t**4 * (first + t * (second + 2 * drift * first)) for name, (first, second) in traces.items()}
        letters = {f"{letter}_{i}": traces[name][i] for letter, name in zip("NPQ", C_NFA, strict=True) for i in (0, 1)}
        slope = evaluate({"slope": closed_form["slope"]}, letters)["slope"]
        zeroth = letters["N_0"] / np.sqrt(letters["P_0"] * letters["Q_0"])
        return {**sums, "slope": zeroth + t * slope}

    return order(trial, times, measured, predict, dict.fromkeys(measured, 2))


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
    # The rate is 1 + a t with a half of the derivative's weight in dW: the integral of a t is a t^2 / 2.
    return (16 * once[1] - once[0]) / 15


CHECKS = (
    Check(SCALAR, "flow of a 3-4-1 network", "order", _departure),
    Check(SLO, "continuous SLO of a 4-5-3 network", "order", _slope),
)
