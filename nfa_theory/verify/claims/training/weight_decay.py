"""Linear networks from unbalanced starts, along the flow of loss and weight decay."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from nfa_theory.verify.instruments.flow import FLOW, weights_at
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.evaluated import both
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate
from numerics import MLP, features
from numerics.networks.backpropagation import weight_gradients

DIFFERENCES, AGOP = "training.decaying_differences", "training.unbalanced_agop"
SAMPLES = 10


def _problem(trial: Trial, widths: tuple[int, ...]) -> tuple[MLP, Any, Any, list[Any], float]:
    rng = trial.rng
    net = MLP(widths, activation="linear", parametrization="lecun")
    X, Y = rng.standard_normal((SAMPLES, widths[0])), 2 * rng.standard_normal((SAMPLES, widths[-1]))
    return net, X, Y, list(net.initialize(rng).weights), float(rng.uniform(0.15, 0.25))


def _differences(weights: Any) -> list[Any]:
    return [V.T @ V - W @ W.T for W, V in pairwise(weights)]


def _rate(trial: Trial) -> Judge:
    """Measure the velocity of the difference at the start, and what is left of it later."""
    net, X, Y, start, decay = _problem(trial, (4, 5, 4))
    parameters = net.parameters(start, X)
    activity = net.forward(X, parameters)
    gradients = weight_gradients(net, parameters, activity, (activity.outputs - Y) / SAMPLES).weights
    (W, V), (P, Q) = start, (-g - decay * each for g, each in zip(gradients, start, strict=True))
    time = float(trial.rng.uniform(0.8, 1.2))
    (moved,) = weights_at(net, X, Y, start, (time,), replace(FLOW, weight_decay=decay))
    (before,), (after,) = _differences(start), _differences(moved)
    measured = {"rate": Q.T @ V + V.T @ Q - P @ W.T - W @ P.T, "q": after / before}
    values = {"W1": W, "W2": V, "lambda": decay, "t": time}

    def predict(form: ClosedForm) -> ClosedForm:
        found = evaluate(form, values)
        return {**found, "q": np.full_like(before, found["q"])}

    return identity(trial, measured, predict)


def _agop(trial: Trial) -> Judge:
    """Compare the AGOP of two and of three layers with the differences that they started with."""
    judges = []
    for place, widths in enumerate(((5, 4, 5), (5, 4, 6, 5))):
        net, X, Y, start, decay = _problem(trial, widths)
        time = float(trial.rng.uniform(0.8, 1.2))
        (moved,) = weights_at(net, X, Y, start, (time,), replace(FLOW, weight_decay=decay))
        found = features(X, net, moved, layer=1)
        values = {f"W{i}": W for i, W in enumerate(moved, start=1)} | {"F": found.nfm, "q": np.exp(-2 * decay * time)}
        values |= {f"D{i}": D for i, D in enumerate(_differences(start), start=1)}
        judges.append(_of_place(trial, place, found.agop, values))
    return both(*judges)


def _of_place(trial: Trial, place: int, measured: Any, values: ClosedForm) -> Judge:
    name = f"G of {place + 2} layers"
    return identity(trial, {name: measured}, lambda form: evaluate({name: form["G"][place]}, values))


def _misalignment(trial: Trial) -> Judge:
    """Follow a network until little is left of its differences, at times at which the share that is left halves."""
    net, X, Y, start, decay = _problem(trial, (4, 5, 4))
    shares = [2.0**-j for j in range(5, 9)]
    times = [-np.log(share) / (2 * decay) for share in shares]
    measured, values = [], []
    for share, weights in zip(
        shares, weights_at(net, X, Y, start, times, replace(FLOW, weight_decay=decay)), strict=True
    ):
        found = features(X, net, weights, layer=1)
        A = found.nfm @ found.nfm
        a, m, b = (float(np.sum(x * y)) for x, y in ((A, A), (A, found.agop - A), *[(found.agop - A,) * 2]))
        apart = A / np.linalg.norm(A) - found.agop / np.linalg.norm(found.agop)
        measured.append(np.array(np.sum(apart**2) / 2 / share**2))  # 1 - rho without cancellation
        values.append({"a": a, "m": m / share, "b": b / share**2})

    def predict(form: ClosedForm, share: float) -> ClosedForm:
        at = {**values[shares.index(share)], "q": share}
        return {name: value / share**2 for name, value in evaluate({"1 - rho": form["1 - rho"]}, at).items()}

    return order(trial, shares, {"1 - rho": measured}, predict, {"1 - rho": 1})


CHECKS = (
    Check(DIFFERENCES, "a 4-5-4 network with decay", "identity", _rate),
    Check(AGOP, "two and three layers with decay", "identity", _agop),
    Check(AGOP, "misalignment as the differences decay", "order", _misalignment),
)
