"""Misses of a quadratic and of a linear network, averaged over every node of a quadrature of its inputs."""

from functools import partial
from typing import Any

import numpy as np

from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.rules.check import Check, Judge, Trial
from nfa_theory.verify.rules.identity import identity
from numerics import MLP
from numerics.networks.backpropagation import tangent_features

CLAIM, LINEAR = "sgd.quadratic_moments", "sgd.linear_moments"


def _fields(net: MLP, weights: Any, readout: Any, X: Any) -> tuple[Any, Any]:
    """Let a network tell its outputs, and its fields: by tangent features ``2 a h``, or as activities if linear."""
    parameters = net.parameters([weights, readout[None]], X)
    activity = net.forward(X, parameters)
    if net.activation.name == "linear":
        return activity.outputs[:, 0], activity.inputs[1]
    features = dict(tangent_features(net, parameters, activity))[1][:, 0]
    return activity.outputs[:, 0], features / (2 * readout)


def _moments(trial: Trial, d: int, k: int, m: int) -> Judge:
    X, weights = gaussian_nodes(d, degree=8)
    student, teacher = (trial.rng.standard_normal((rows, d)) / np.sqrt(d) for rows in (k, m))
    a, v = (trial.rng.uniform(0.5, 1.5, rows) * trial.rng.choice((-1.0, 1.0), rows) for rows in (k, m))
    outputs, h = _fields(MLP((d, k, 1), "quadratic", parametrization="lecun"), student, a, X)
    labels, t = _fields(MLP((d, m, 1), "quadratic", parametrization="lecun"), teacher, v, X)
    miss, u, length = labels - outputs, np.concatenate([h, t], axis=1), np.sum(X**2, axis=1) / d
    factors = {"drift": miss, "scatter": miss**2, "noise of a step": length, "scatter of a step": miss**2 * length}
    measured = {name: np.einsum("n,ni,nj->ij", weights * each, u, u) for name, each in factors.items()}
    rows = np.concatenate([student, teacher])
    values = {"C": rows @ rows.T, "S": np.diag(np.concatenate([-a, v])), "d": d, "p": k + m}
    return identity(trial, measured, values, "exact average")


def _linear(trial: Trial, d: int, k: int, m: int) -> Judge:
    X, weights = gaussian_nodes(d, degree=4)
    rows = trial.rng.standard_normal((k + m, d)) / np.sqrt(d)
    a, v = trial.rng.standard_normal(k), trial.rng.standard_normal(m)
    outputs, h = _fields(MLP((d, k, 1), "linear", parametrization="lecun"), rows[:k], a, X)
    labels, t = _fields(MLP((d, m, 1), "linear", parametrization="lecun"), rows[k:], v, X)
    miss, length = labels - outputs, np.sum(X**2, axis=1) / d
    measured = {
        "drift": ((weights * miss) @ np.concatenate([h, t], axis=1))[:, None],
        "square": np.array([[weights @ miss**2]]),
        "square of a step": np.array([[weights @ (miss**2 * length)]]),
    }
    values = {"C": rows @ rows.T, "s": np.concatenate([-a, v])[:, None], "d": d, "p": k + m}
    return identity(trial, measured, values, "exact average")


CHECKS = (
    *(
        Check(CLAIM, f"{k} students, {m} teachers, {d} inputs", "exact average", partial(_moments, d=d, k=k, m=m))
        for d, k, m in ((5, 3, 2), (3, 2, 2))
    ),
    *(
        Check(LINEAR, f"{k} students, {m} teachers, {d} inputs", "exact average", partial(_linear, d=d, k=k, m=m))
        for d, k, m in ((5, 3, 2), (3, 2, 2))
    ),
)
