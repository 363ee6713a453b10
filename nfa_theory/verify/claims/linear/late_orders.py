"""Late orders of two linear layers: where one output leaves alignment 1, and the slope under SLO."""

from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from nfa_theory.verify.instruments.features import C_NFA, layer_features
from nfa_theory.verify.instruments.flow import weights_at
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.evaluated import both, by_function, named
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate
from numerics import MLP
from numerics.networks.backpropagation import weight_gradients

SCALAR, SLO = "linear.scalar_departure", "linear.slo_slope"


def _departure(trial: Trial) -> Judge:
    """Measure one minus the alignment from the distance of unit matrices, which does not cancel."""
    net = MLP((3, 4, 1), activation="linear", parametrization="lecun")
    X, y = trial.rng.standard_normal((8, 3)), trial.rng.standard_normal((8, 1))
    W, readout = net.initialize(trial.rng).weights
    Sigma_xx, Sigma_xy = X.T @ X / 8, X.T @ y / 8
    a, e = readout.T, Sigma_xy - Sigma_xx @ W.T @ readout.T
    times = tuple(0.04 / 2**i for i in range(5))
    found = [
        _leaving((*moved, W), Sigma_xy - Sigma_xx @ moved[0].T @ moved[1].T, (a, e), t)
        for t, moved in zip(times, weights_at(net, X, y, (W, readout), times), strict=True)
    ]
    values = {"W1": W, "W2": readout, "E": e.T, "Sigma_xx": Sigma_xx, "a0": a, "e0": e}

    a1, e1 = W @ e, -Sigma_xx @ (W.T @ (W @ e) + (a @ e.T).T @ a)
    exact = {"a1": a1, "e1": e1} | _dots(a, a1, e, e1)

    def predict(closed_form: ClosedForm, time: float) -> ClosedForm:
        return evaluate(closed_form, {**values, **exact})

    def call(function: Any, time: float) -> ClosedForm:
        return {"coefficient": function(W=W, a=a, Sigma_xx=Sigma_xx, Sigma_yx=Sigma_xy.T)["coefficient"]}

    measured = {name: [each[name] for each in found] for name in found[0]}
    judge = order(trial, times, measured, predict, dict.fromkeys(measured, 1))
    of_function = named({"coefficient": measured["coefficient"]})
    return both(judge, order(trial, times, of_function, by_function(SCALAR, call), dict.fromkeys(of_function, 1)))


def _leaving(weights: Any, e_now: Any, start: Any, t: float) -> dict[str, Any]:
    """Measure the alignment's departure from 1, and how far readout and residual covariance have moved."""
    (W1, W2, W0), (a, e) = weights, start
    found = layer_features(W1, W0, W2.T @ W2)
    F, G = found["F_c"], found["G_c"]
    defect = np.sum((F / np.linalg.norm(F) - G / np.linalg.norm(G)) ** 2) / 2
    norms = np.sum(F * F) * np.sum(G * G)
    return {
        "norms": norms / t**8,
        "distance": norms * defect * (2 - defect) / t**14,
        "coefficient": -defect / t**6,
        "da/dt": (W2.T - a) / t,
        "de/dt": (e_now - e) / t,
    }


def _any_path(trial: Trial) -> Judge:
    """Multiply out the traces for readout and residual on straight paths, power by power."""
    a0, a1 = _directions(trial.rng, 3)
    e0, e1 = _directions(trial.rng, 2)
    a, e = np.stack([a0, a1]), np.stack([e0, e1])
    velocity = _product(a, _transposed(e))
    dW = np.concatenate([np.zeros_like(velocity[:1]), velocity / np.arange(1, 4)[:, None, None]])
    F = _product(_transposed(dW), dW)
    half = _product(_transposed(dW), a)
    G = _product(half, _transposed(half))
    FG, FF, GG = (np.trace(_product(A, B), axis1=1, axis2=2) for A, B in ((F, G), (F, F), (G, G)))
    norms, square = np.convolve(FF, GG), np.convolve(FG, FG)
    distance = norms - square
    first = int(np.argmax(np.abs(distance) > 1e-9 * np.max(np.abs(distance))))
    measured = {"norms": norms[8], "distance": distance[14], "order": np.float64(first - 8)}
    measured["coefficient"] = -distance[14] / (2 * norms[8])  # rho^2 = 1 - distance t^6 / norms
    return identity(trial, measured, {"a0": a0, "a1": a1, "e0": e0, "e1": e1} | _dots(a0, a1, e0, e1))


def _dots(a0: Any, a1: Any, e0: Any, e1: Any) -> dict[str, float]:
    pairs = {"aa": (a0, a0), "ab": (a0, a1), "bb": (a1, a1), "ee": (e0, e0), "ef": (e0, e1), "ff": (e1, e1)}
    return {name: float(np.sum(x * y)) for name, (x, y) in pairs.items()}


def _directions(rng: np.random.Generator, size: int) -> tuple[Any, Any]:
    """Draw two vectors at a wide angle that is not a right one: what is measured vanishes with the angle."""
    frame, _ = np.linalg.qr(rng.standard_normal((size, 2)))
    return frame[:, :1] * rng.uniform(0.8, 1.2), frame @ np.array([[0.5], [1.0]]) * rng.uniform(0.8, 1.2)


def _product(A: Any, B: Any) -> Any:
    """Multiply two matrices whose entries are polynomials, (powers, rows, columns)."""
    result = np.zeros((len(A) + len(B) - 1, A.shape[1], B.shape[2]))
    for i, left in enumerate(A):
        result[i : i + len(B)] += left @ B
    return result


def _transposed(A: Any) -> Any:
    return np.swapaxes(A, 1, 2)


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


CHECKS = (
    Check(SCALAR, "flow of a 3-4-1 network", "order", _departure),
    Check(SCALAR, "straight paths of readout and residual", "identity", _any_path),
    Check(SLO, "continuous SLO of a 4-5-3 network", "order", _slope),
)
