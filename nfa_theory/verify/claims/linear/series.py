"""Series in time of linear networks: their order against a flow, their coefficients against complex times."""

from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np

from nfa_theory.verify.instruments.complex_flow import taylor_coefficients
from nfa_theory.verify.instruments.features import C_NFA, UC_NFA, layer_features
from nfa_theory.verify.instruments.flow import weights_at
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.evaluated import both, by_function, named
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import evaluate
from numerics import MLP

TWO, FOUR = "linear.two_layers", "linear.four_layers"
STARTS = {"F_c": 2, "G_c": 2, **dict.fromkeys(C_NFA, 4), **dict.fromkeys(UC_NFA, 0)}
"""The power of time at which each quantity starts."""
TWO_MOVED, FOUR_MOVED = 0.006, 0.001
"""How far the fastest layer has moved at the longest time, relative to itself: errors of the second order are then far
above rounding, whatever was drawn, and the third order is small beside them."""
ALIGNMENTS = {"C-NFA": C_NFA, "UC-NFA": UC_NFA}
"""The traces of each alignment."""


class _Start:
    """A network at random weights with data that it misses in every direction; with LeCun scaling multipliers are 1.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    widths : tuple of int
        Of the network.
    layer : int
        The layer whose features are expanded.
    """

    def __init__(self, rng: np.random.Generator, widths: tuple[int, ...], layer: int) -> None:
        self.net, self.layer = MLP(widths, activation="linear", parametrization="lecun"), layer
        self.weights = [_no_direction_small(rng, rows, cols) for cols, rows in pairwise(widths)]
        self.X = 8**0.5 * _no_direction_small(rng, 8, widths[0])
        # The residuals, too, are as large in every direction.
        E = _no_direction_small(rng, widths[-1], widths[0])
        self.Y = self.X @ (reduce(np.matmul, self.weights[::-1]) + E).T

    def values(self) -> dict[str, Any]:
        """Return what the symbols of the series stand for."""
        Sigma_xx, Sigma_yx = self.covariances()
        E = Sigma_yx - reduce(np.matmul, self.weights[::-1]) @ Sigma_xx
        return {f"W{i}": W for i, W in enumerate(self.weights, start=1)} | {"Sigma_xx": Sigma_xx, "E": E}

    def covariances(self) -> tuple[Any, Any]:
        """Return ``Sigma_xx`` and ``Sigma_yx``."""
        return self.X.T @ self.X / len(self.X), self.Y.T @ self.X / len(self.X)

    def rate(self) -> float:
        """Tell how fast the fastest layer starts to change, relative to itself."""
        soon = 1e-6
        (moved,) = weights_at(self.net, self.X, self.Y, self.weights, [soon])
        changes = (np.linalg.norm(W - W0) / np.linalg.norm(W0) for W, W0 in zip(moved, self.weights, strict=True))
        return float(max(changes)) / soon

    def features(self, weights: Any) -> dict[str, Any]:
        """Measure features of the layer at weights that were reached."""
        B = reduce(np.matmul, weights[: self.layer - 1 : -1])
        return layer_features(weights[self.layer - 1], self.weights[self.layer - 1], B.T @ B)


def _no_direction_small(rng: np.random.Generator, rows: int, cols: int) -> Any:
    """Draw a matrix whose singular values are of one size: a term that is a determinant is then not small."""
    U, _, Vt = np.linalg.svd(rng.standard_normal((rows, cols)), full_matrices=False)
    return U * rng.uniform(0.7, 1.3, len(Vt)) @ Vt


def _series(trial: Trial, claim: str, widths: tuple[int, ...], layer: int, moved: float) -> Judge:
    """Flow from random weights until some layer has moved by a share of itself, shorter and shorter."""
    start = _Start(trial.rng, widths, layer)
    first = moved / start.rate()
    times = [first / 2**i for i in range(4)]
    found = [start.features(each) for each in weights_at(start.net, start.X, start.Y, start.weights, times)]
    names = (*STARTS, *ALIGNMENTS)
    measured = {name: [each[name] for each in found] for name in names}
    values = start.values()

    def predict(closed_form: ClosedForm, time: float) -> dict[str, Any]:
        return series_at(closed_form, values, time)

    def call(function: Any, time: float) -> ClosedForm:
        found = function(start.weights, *start.covariances(), order=1, layer=layer)
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


def _coefficients(trial: Trial, widths: tuple[int, ...], layer: int) -> Judge:
    """Take the first two coefficients of each series."""
    start = _Start(trial.rng, widths, layer)

    def observe(weights: Any, time: complex) -> dict[str, Any]:
        found = start.features(weights)
        scaled = {name: found[name] / time**power for name, power in STARTS.items()}
        for alignment, (number, first, second) in ALIGNMENTS.items():
            scaled[alignment] = scaled[number] / np.sqrt(scaled[first] * scaled[second])
        return scaled

    found: dict[str, Any] = {}
    radius = 0.04 / start.rate()
    while not all(_without_zero(found.get(name), radius) for name in (*C_NFA[1:], *UC_NFA[1:])):
        radius /= 2
        found = taylor_coefficients(start.net, start.X, start.Y, start.weights, radius, observe)
    values = start.values()

    def predict(closed_form: ClosedForm) -> dict[str, Any]:
        return {name: np.array(each) for name, each in coefficients(closed_form, values).items()}

    return identity(trial, {name: each[:2] for name, each in found.items()}, predict)


def _without_zero(series: Any, radius: float) -> bool:
    """Tell by Rouché's theorem that a trace has no zero in the circle, where its root would have a branch point."""
    if series is None:
        return False
    sizes = np.abs(series) * radius ** np.arange(len(series))
    return bool(np.sum(sizes[1:]) < sizes[0] / 2)


def coefficients(closed_form: ClosedForm, values: ClosedForm) -> dict[str, Any]:
    """Evaluate the coefficients of features and traces, and those of both alignments from the traces' coefficients."""
    found = evaluate({name: each for name, each in closed_form.items() if name in STARTS}, values)
    for alignment, names in ALIGNMENTS.items():
        letters = {f"{letter}_{i}": found[name][i] for letter, name in zip("NPQ", names, strict=True) for i in range(2)}
        found[alignment] = evaluate({"alignment": closed_form["alignment"]}, letters)["alignment"]
    return found


def series_at(closed_form: ClosedForm, values: ClosedForm, time: float) -> dict[str, Any]:
    """Sum the series of features, traces and alignments at a time."""
    found = coefficients(closed_form, values)
    return {
        name: sum(c * time ** (STARTS.get(name, 0) + i) for i, c in enumerate(each)) for name, each in found.items()
    }


def _two(trial: Trial) -> Judge:
    return _series(trial, TWO, (5, 5, 4), 1, TWO_MOVED)


def _two_coefficients(trial: Trial) -> Judge:
    return _coefficients(trial, (5, 5, 4), 1)


def _four(trial: Trial) -> Judge:
    return _series(trial, FOUR, (4, 5, 5, 4, 4), 2, FOUR_MOVED)


def _four_coefficients(trial: Trial) -> Judge:
    return _coefficients(trial, (4, 5, 5, 4, 4), 2)


CHECKS = (
    Check(TWO, "flow of a 5-5-4 network", "order", _two),
    Check(TWO, "5-5-4 network at complex times", "identity", _two_coefficients),
    Check(FOUR, "flow of a 4-5-5-4-4 network", "order", _four),
    Check(FOUR, "4-5-5-4-4 network at complex times", "identity", _four_coefficients),
)
