"""Decoupled modes of two linear layers, against an integrated flow at one late time and near the start."""

from typing import Any

import numpy as np

from nfa_theory.verify.instruments.features import alignment
from nfa_theory.verify.instruments.flow import weights_at
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.evaluated import both, by_function, named
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate
from numerics import MLP, features

CLAIM = "linear.decoupled_alignments"
SIGNALS = np.array([1.6, 0.9, 1.2, 0.6, 0.0])
SPECTRUM = np.array([1.5, 0.7, 1.1, 0.9, 1.2])
START = np.array([0.02, 0.3, 0.1, 0.2, 0.15])


def _modes(rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw signals, spectrum and start, and make data and weights with these modes; multipliers are 1."""
    s, lam, u0 = (each * rng.uniform(0.95, 1.05, len(SIGNALS)) for each in (SIGNALS, SPECTRUM, START))
    net = MLP((7, 8, 6), activation="linear", parametrization="lecun")
    V, U, R, Q = (np.linalg.qr(rng.standard_normal((size, len(SIGNALS))))[0] for size in (7, 6, 8, 9))
    X, Y = 3 * Q * np.sqrt(lam) @ V.T, 3 * Q * (s / np.sqrt(lam)) @ U.T
    return net, X, Y, [R * np.sqrt(u0) @ V.T, U * np.sqrt(u0) @ R.T], V, (s, lam, u0)


def _late(trial: Trial) -> Judge:
    net, X, Y, weights, V, (s, lam, u0) = _modes(trial.rng)
    time = trial.rng.uniform(1.1, 1.4)
    (moved,) = weights_at(net, X, Y, weights, (time,))
    F = features(X, net, moved, layer=1)
    dW = moved[0] - weights[0]
    F_c, G_c = dW.T @ dW, dW.T @ F.ptf_covariance @ dW
    u, g = (np.diag(V.T @ each @ V) for each in (F.nfm, F_c))
    traces = {"UC-NFA": (F.nfm, F.agop), "C-NFA": (F_c, G_c)}
    measured = {"u": u[:-1], "u at s = 0": u[-1], "g": g}
    for name, (A, B) in traces.items():
        measured |= alignment(name, A, B)

    def predict(closed_form: ClosedForm) -> ClosedForm:
        modes = {"s": s[:-1], "lambda": lam[:-1], "u0": u0[:-1], "t": time}
        strengths = evaluate({"u": closed_form["u"]}, modes)["u"]
        still = {"lambda": lam[-1], "u0": u0[-1], "t": time}
        last = evaluate({"u at s = 0": closed_form["u at s = 0"]}, still)["u at s = 0"]
        every = np.array([*strengths, last])
        change = evaluate({"g": closed_form["g"]}, {"u": every, "u0": u0})["g"]
        rest = {name: closed_form[name] for name in traces}
        return {"u": strengths, "u at s = 0": last, "g": change} | evaluate(
            rest, {"u": np.diag(every), "g": np.diag(change)}
        )

    of_function = {"u": u, "UC-NFA": measured["UC-NFA"], "C-NFA": measured["C-NFA"]}
    evaluated = by_function(CLAIM, lambda function: function(s=s, u0=u0, t=time, lam=lam))
    return both(identity(trial, measured, predict), identity(trial, named(of_function), evaluated))


def _early(trial: Trial) -> Judge:
    net, X, Y, weights, V, (s, lam, u0) = _modes(trial.rng)
    times = tuple(0.004 / 2**i for i in range(4))
    changes = [moved[0] - weights[0] for moved in weights_at(net, X, Y, weights, times)]
    measured = [np.diag(V.T @ dW.T @ dW @ V) / t**2 for dW, t in zip(changes, times, strict=True)]
    values = {"s": s, "lambda": lam, "u0": u0}
    name = "g/t^2 at t = 0"
    return order(trial, times, {name: measured}, lambda form, _: evaluate({name: form[name]}, values), {name: 1})


CHECKS = (
    Check(CLAIM, "flow to a late time", "identity", _late),
    Check(CLAIM, "flow near the start", "order", _early),
)
