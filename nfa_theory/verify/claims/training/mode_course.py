"""Wide linear networks with signals along principal axes, against an integrated flow: on the way and at the end."""

from typing import Any

import numpy as np

from nfa_theory.verify.instruments.flow import weights_at
from nfa_theory.verify.instruments.wide_start import orthogonal_layers
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.evaluated import both, by_function, named
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.quantities import evaluate
from numerics import alignment
from numerics.networks.backpropagation import weight_gradients

CLAIM = "training.mode_course"
SIGNALS, SPECTRUM, INPUTS, OUTPUTS, WIDTH = np.array([1.6, 0.9, 0.5]), np.array([1.5, 0.7, 1.2]), 5, 4, 11
LATE = 40.0


def _course(trial: Trial) -> Judge:
    """Follow a network whose data have orthogonal modes, to a time on the way and to the end."""
    rng = trial.rng
    s, lam = (each * rng.uniform(0.95, 1.05, 3) for each in (SIGNALS, SPECTRUM))
    net, start, s1, s2 = orthogonal_layers(trial, INPUTS, OUTPUTS, WIDTH)
    V, U, Q = (np.linalg.qr(rng.standard_normal((size, 3)))[0] for size in (INPUTS, OUTPUTS, 9))
    X, Y = 3 * Q * np.sqrt(lam) @ V.T, 3 * Q * (s / np.sqrt(lam)) @ U.T
    time = rng.uniform(0.5, 0.8)
    moved, end = weights_at(net, X, Y, start, (time, LATE))
    angle, rest = (_angles(each, start, U, V) for each in (moved, end))
    parameters = net.parameters(moved, X)
    activity = net.forward(X, parameters)
    gradient = weight_gradients(net, parameters, activity, (activity.outputs - Y) / len(X)).weights[0]
    speed = -np.sum((moved[1].T @ U) * (gradient @ V), axis=0) / np.sum((moved[1].T @ U) ** 2, axis=0)
    dW = moved[0] - start[0]
    F, G, F_c, G_c = moved[0].T @ moved[0], _squared(moved[1] @ moved[0]), dW.T @ dW, _squared(moved[1] @ dW)
    modes = {name: np.diag(V.T @ each @ V) for name, each in (("F", F), ("G", G), ("F_c", F_c), ("G_c", G_c))}
    measured = {"tau'": speed, "u": np.exp(2 * angle), "tau at the end": rest, **modes}
    known = {"s": s, "lambda": lam, "s1": s1, "s2": s2, "t": time}

    def predict(form: ClosedForm) -> ClosedForm:
        first = evaluate({"alpha": form["alpha"]}, known)
        second = evaluate({"r": form["r"]}, {**known, **first})
        course = evaluate({name: form[name] for name in ("u", "tau at the end")}, {**known, **first, **second})
        rest = {name: form[name] for name in ("tau'", *modes)}
        return first | second | course | evaluate(rest, {**known, "tau": angle})

    halves = lam * (s1 + s2) / 2
    measured |= {"alpha": halves, "r": np.hypot(s, halves)}
    of_function = {"tau": angle, "UC-NFA": alignment(F, G), "C-NFA": alignment(F_c, G_c)}
    evaluated = by_function(CLAIM, lambda function: function(s=s, lam=lam, s1=s1, s2=s2, t=time, d=INPUTS))
    return both(identity(trial, measured, predict), identity(trial, named(of_function), evaluated))


def _squared(matrix: Any) -> Any:
    return matrix.T @ matrix


def _angles(weights: Any, start: Any, U: Any, V: Any) -> Any:
    """Read the hyperbolic angle of each mode off the two start vectors that the weights of its input are made of."""
    a, a_0, b_0 = weights[0] @ V, start[0] @ V, start[1].T @ U
    even, odd = (np.sum(a * each, axis=0) / np.sum(each**2, axis=0) for each in (a_0, b_0))
    return np.arctanh(odd / even)


CHECKS = (Check(CLAIM, "flow on the way and to the end", "identity", _course),)
