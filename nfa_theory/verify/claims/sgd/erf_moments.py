"""Products of values and slopes of an erf network, averaged by a quadrature of its inputs."""

from functools import partial
from typing import Any

import numpy as np

from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.quantities import evaluate
from numerics import Activation

CLAIM = "sgd.erf_moments"
DEGREE = 100
"""Gauss-Hermite errors fall faster than any power; with variances below .4 they are rounding."""


def _moments(trial: Trial, same: bool) -> Judge:
    """Draw four fields of two inputs, or three of which one stands with both slopes."""
    X, weights = gaussian_nodes(2, DEGREE)
    rows = trial.rng.uniform(0.3, 0.6, (4, 1)) * _directions(trial.rng, 4)
    rows[1] = rows[0] if same else rows[1]
    phi, fields = Activation("erf"), X @ rows.T
    value = phi(fields / np.sqrt(2))
    slope = phi.derivative(fields / np.sqrt(2)) / np.sqrt(2)
    bend = -fields * slope
    C = rows @ rows.T
    measured: dict[str, Any] = {
        "values": weights @ (value[:, 2] * value[:, 3]),
        "slopes": weights @ (slope[:, 0] * slope[:, 1]),
        "four": weights @ (slope[:, 0] * slope[:, 1] * value[:, 2] * value[:, 3]),
        "bend": weights @ (bend[:, 0] * value[:, 2]),
        "tilted": _tilted(X, weights, fields),
    }

    def predict(closed_form: ClosedForm) -> ClosedForm:
        plain = _symbols(C, (0, 1, 2, 3))
        tilts = {
            name: evaluate({"tilted": closed_form["tilted"]}, _symbols(C, (0, 1, b, c)))["tilted"]
            for name, (b, c) in {"t_bb": (2, 2), "t_cc": (3, 3), "t_bc": (2, 3)}.items()
        }
        return evaluate(closed_form, plain | tilts)

    return identity(trial, measured, predict, "exact average")


def _directions(rng: np.random.Generator, count: int) -> Any:
    angles = rng.uniform(0, 2 * np.pi, count)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _tilted(X: Any, weights: Any, fields: Any) -> float:
    """Average two fields with the weights that two slopes give to inputs."""
    tilt = weights * np.exp(-(fields[:, 0] ** 2 + fields[:, 1] ** 2) / 2)
    return float(tilt @ (fields[:, 2] * fields[:, 3]) / tilt.sum())


def _symbols(C: Any, fields: tuple[int, int, int, int]) -> dict[str, float]:
    names = "ijbc"
    found = {f"v_{names[p]}": float(C[i, i]) for p, i in enumerate(fields)}
    pairs = ((p, q) for p in range(4) for q in range(p + 1, 4))
    return found | {f"c_{names[p]}{names[q]}": float(C[fields[p], fields[q]]) for p, q in pairs}


CHECKS = tuple(
    Check(CLAIM, f"four fields of two inputs, draw {i}", "exact average", partial(_moments, same=i == 4))
    for i in range(1, 5)
)
