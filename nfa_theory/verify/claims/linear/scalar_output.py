"""Where one output of two linear layers leaves alignment 1."""

from typing import Any

import numpy as np

from nfa_theory.verify.instruments.features import layer_features
from nfa_theory.verify.instruments.flow import weights_at
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.evaluated import both, by_function, named
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate
from numerics import MLP

SCALAR = "linear.scalar_departure"


def _departure(trial: Trial) -> Judge:
    """Measure one minus the alignment from the distance of unit matrices, which does not cancel."""
    net = MLP((5, 5, 1), activation="linear", parametrization="lecun")
    X, y = trial.rng.standard_normal((8, 5)), trial.rng.standard_normal((8, 1))
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
    a0, a1 = _directions(trial.rng, 5)
    e0, e1 = _directions(trial.rng, 4)
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


CHECKS = (
    Check(SCALAR, "flow of a 5-5-1 network", "order", _departure),
    Check(SCALAR, "straight paths of readout and residual", "identity", _any_path),
)
