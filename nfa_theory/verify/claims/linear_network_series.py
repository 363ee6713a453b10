"""Series in time of linear networks, against a gradient flow integrated to twelve digits."""

from functools import reduce
from typing import Any

import numpy as np

from nfa_theory.verify.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.evaluated import both, by_function, named
from nfa_theory.verify.features import C_NFA, UC_NFA, layer_features
from nfa_theory.verify.flow import weights_at
from nfa_theory.verify.order import order
from nfa_theory.verify.quantities import evaluate
from numerics import MLP

TWO, FOUR = "linear_network_series.two_layers", "linear_network_series.four_layers"
STARTS = {"F_c": 2, "G_c": 2, **dict.fromkeys(C_NFA, 4), **dict.fromkeys(UC_NFA, 0)}
"""The power of time at which each quantity starts."""


def _series(trial: Trial, claim: str, widths: tuple[int, ...], layer: int, first: float) -> Judge:
    """Flow from random weights; with the LeCun parametrization multipliers are 1."""
    net = MLP(widths, activation="linear", parametrization="lecun")
    times = [first / 2**i for i in range(4)]
    X, Y = trial.rng.standard_normal((8, widths[0])), trial.rng.standard_normal((8, widths[-1]))
    start = net.initialize(trial.rng).weights
    Sigma_xx, Sigma_yx = X.T @ X / len(X), Y.T @ X / len(X)
    values = {f"W{i}": W for i, W in enumerate(start, start=1)} | {"Sigma_xx": Sigma_xx}
    values["E"] = Sigma_yx - reduce(np.matmul, start[::-1]) @ Sigma_xx
    found = []
    for weights in weights_at(net, X, Y, start, times):
        B = reduce(np.matmul, weights[: layer - 1 : -1])
        found.append(layer_features(weights[layer - 1], start[layer - 1], B.T @ B))
    names = (*STARTS, "C-NFA", "UC-NFA")
    measured = {name: [each[name] for each in found] for name in names}

    def predict(closed_form: ClosedForm, time: float) -> dict[str, Any]:
        return series_at(closed_form, values, time)

    def call(function: Any, time: float) -> ClosedForm:
        found = function(start, Sigma_xx, Sigma_yx, order=1, layer=layer)
        shift = {"F_c": 2, "G_c": 2}
        return {
            name: sum(c * time ** (shift.get(name, 0) + i) for i, c in enumerate(found[name])) for name in evaluated
        }

    evaluated = ("F_c", "G_c", "C-NFA", "UC-NFA")
    of_function = named({name: [each[name] for each in found] for name in evaluated})
    return both(
        order(trial, times, measured, predict, dict.fromkeys(names, 2)),
        order(trial, times, of_function, by_function(claim, call), dict.fromkeys(of_function, 2)),
    )


def series_at(closed_form: ClosedForm, values: ClosedForm, time: float) -> dict[str, Any]:
    """Sum the series of features and traces at a time, and those of both alignments, from the traces' coefficients."""
    found = evaluate({name: each for name, each in closed_form.items() if name in STARTS}, values)
    sums = {name: sum(c * time ** (STARTS[name] + i) for i, c in enumerate(found[name])) for name in STARTS}
    for alignment, names in (("C-NFA", C_NFA), ("UC-NFA", UC_NFA)):
        letters = {f"{letter}_{i}": found[name][i] for letter, name in zip("NPQ", names, strict=True) for i in range(2)}
        coefficients = evaluate({"alignment": closed_form["alignment"]}, letters)["alignment"]
        sums[alignment] = sum(c * time**i for i, c in enumerate(coefficients))
    return sums


def _two(trial: Trial) -> Judge:
    return _series(trial, TWO, (4, 5, 3), 1, 0.002)


def _four(trial: Trial) -> Judge:
    return _series(trial, FOUR, (3, 4, 4, 3, 2), 2, 0.00015)


CHECKS = (
    Check(TWO, "flow of a 4-5-3 network", "order", _two),
    Check(FOUR, "flow of a 3-4-4-3-2 network", "order", _four),
)
