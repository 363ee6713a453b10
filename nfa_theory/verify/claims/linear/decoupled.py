"""Decoupled modes of two linear layers, against an integrated flow at one late time and near the start."""

from typing import Any

import numpy as np

from nfa_theory.verify.instruments.flow import weights_at
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.evaluated import both, by_function, named
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate
from numerics import MLP, cosine_alignment, features

CLAIM = "linear.decoupled_alignments"
SIGNALS, SPECTRUM, START = np.array([1.61, 0.92, 0.0]), np.array([1.53, 0.71, 1.22]), np.array([0.021, 0.31, 0.153])
TIME = 1.3


def _modes(rng: np.random.Generator) -> tuple[MLP, Any, Any, Any, Any]:
    """Make data with these covariances and weights with these modes; multipliers are 1."""
    net = MLP((5, 6, 4), activation="linear", parametrization="lecun")
    V, U, R, Q = (np.linalg.qr(rng.standard_normal((size, 3)))[0] for size in (5, 4, 6, 9))
    X, Y = 3 * Q * np.sqrt(SPECTRUM) @ V.T, 3 * Q * (SIGNALS / np.sqrt(SPECTRUM)) @ U.T
    return net, X, Y, [R * np.sqrt(START) @ V.T, U * np.sqrt(START) @ R.T], V


def _late(trial: Trial) -> Judge:
    net, X, Y, weights, V = _modes(trial.rng)
    (moved,) = weights_at(net, X, Y, weights, (TIME,))
    F = features(X, net, moved, layer=1)
    dW = moved[0] - weights[0]
    F_c, G_c = dW.T @ dW, dW.T @ F.ptf_covariance @ dW
    u, g = (np.diag(V.T @ each @ V) for each in (F.nfm, F_c))
    traces = {"UC-NFA": (F.nfm, F.agop), "C-NFA": (F_c, G_c)}
    measured = {"u": u[:2], "u at s = 0": u[2], "g": g}
    for name, (A, B) in traces.items():
        measured[name] = cosine_alignment(A, B)
        pairs = {"numerator": (A, B), "first": (A, A), "second": (B, B)}
        measured |= {f"{name} {part}": np.sum(C * D) for part, (C, D) in pairs.items()}

    def predict(closed_form: ClosedForm) -> ClosedForm:
        modes = {"s": SIGNALS[:2], "lambda": SPECTRUM[:2], "u0": START[:2], "t": TIME}
        strengths = evaluate({"u": closed_form["u"]}, modes)["u"]
        still = {"lambda": SPECTRUM[2], "u0": START[2], "t": TIME}
        last = evaluate({"u at s = 0": closed_form["u at s = 0"]}, still)["u at s = 0"]
        every = np.array([*strengths, last])
        change = evaluate({"g": closed_form["g"]}, {"u": every, "u0": START})["g"]
        rest = {name: closed_form[name] for name in traces}
        return {"u": strengths, "u at s = 0": last, "g": change} | evaluate(
            rest, {"u": np.diag(every), "g": np.diag(change)}
        )

    of_function = {"u": u, "UC-NFA": measured["UC-NFA"], "C-NFA": measured["C-NFA"]}
    evaluated = by_function(CLAIM, lambda function: function(s=SIGNALS, u0=START, t=TIME, lam=SPECTRUM))
    return both(identity(trial, measured, predict), identity(trial, named(of_function), evaluated))


def _early(trial: Trial) -> Judge:
    net, X, Y, weights, V = _modes(trial.rng)
    times = tuple(0.004 / 2**i for i in range(4))
    changes = [moved[0] - weights[0] for moved in weights_at(net, X, Y, weights, times)]
    measured = [np.diag(V.T @ dW.T @ dW @ V) / t**2 for dW, t in zip(changes, times, strict=True)]
    values = {"s": SIGNALS, "lambda": SPECTRUM, "u0": START}
    name = "g/t^2 at t = 0"
    return order(trial, times, {name: measured}, lambda form, _: evaluate({name: form[name]}, values), {name: 1})


CHECKS = (
    Check(CLAIM, "flow to a late time", "identity", _late),
    Check(CLAIM, "flow near the start", "order", _early),
)
