"""Data that break the alignment: quadratic networks as wide as an orthogonal matrix, on two directions with noise."""

from functools import partial
from typing import Any

import numpy as np
from scipy.optimize import brentq

from nfa_theory.verify.instruments.features import alignment, cosine, three_traces
from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.instruments.quadratic_start import centered_features
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.evaluated import both, by_function, named
from nfa_theory.verify.rules.identity import identity
from nfa_theory.verify.rules.quantities import evaluate

FREQUENCIES = (0.4, 0.15, 2.5)
TINY = 1e-30
"""A step along the imaginary axis, of which a derivative loses no digits."""


def _directions(trial: Trial) -> Judge:
    """Give two orthogonal samples their frequencies by their lengths."""
    a, b, p, q = np.array([1.3, -0.8, 0.35, 0.65]) * trial.rng.uniform(0.9, 1.1, 4)
    frame, W = (np.linalg.qr(trial.rng.standard_normal((4, 4)))[0] for _ in range(2))
    X = np.sqrt(2 * np.array([p, q]))[:, None] * frame[:2]
    F, G = centered_features(X, np.array([a / p, b / q]), W)
    return identity(trial, alignment("C-NFA", F, G), {"a": a, "b": b, "p": p, "q": q})


def _worst(trial: Trial) -> Judge:
    """Search for the strengths at which the alignment is least."""
    found = [_least(tau) for tau in FREQUENCIES]
    measured = {name: np.array([each[i] for each in found]) for i, name in enumerate(("worst", "minimum"))}

    def predict(form: ClosedForm) -> ClosedForm:
        return evaluate({name: form[name] for name in measured}, {"tau": np.array(FREQUENCIES)})

    return identity(trial, measured, predict)


def _least(tau: float) -> tuple[float, float]:
    def value(x: Any) -> Any:
        A, B = np.diag([1, x]), np.diag([1, tau])
        return cosine(three_traces(A @ A, A @ B @ A))

    x = brentq(lambda x: np.imag(value(x + TINY * 1j)) / TINY, 0.2, 5.0, xtol=1e-14)
    return x, value(x)


def _noisy(trial: Trial, inputs: int) -> Judge:
    """Take every noise of a quadrature as a sample, of both signs of both clusters."""
    a, b, p, q, v = np.array([0.9, 0.5, 0.3, 0.6, 0.25]) * trial.rng.uniform(0.9, 1.1, 5)
    frame, W = (np.linalg.qr(trial.rng.standard_normal((inputs, inputs)))[0] for _ in range(2))
    noise, weights = gaussian_nodes(inputs, degree=2)
    clusters = [
        (share / 2 * weights, sign * direction + np.sqrt(v) * noise, label)
        for share, label, direction in ((p, a / p, frame[0]), (q, b / q, frame[1]))
        for sign in (1, -1)
    ]
    shares = np.concatenate([share for share, _, _ in clusters])
    labels = np.concatenate([np.full(len(weights), label) for _, _, label in clusters])
    X = np.sqrt(shares * len(shares))[:, None] * np.concatenate([each for _, each, _ in clusters])
    F, G = centered_features(X, labels, W)
    A, B = X.T @ (labels[:, None] * X) / len(X), X.T @ X / len(X)
    outside = frame[2]
    measured = {"v_A": outside @ A @ outside, "v_B": outside @ B @ outside, **alignment("C-NFA", F, G)}
    values = {"a": a, "b": b, "p": p, "q": q, "v": v, "d": inputs, "alpha": np.diag([a, b]), "beta": np.diag([p, q])}
    judge = identity(trial, measured, values, "exact average")
    known = {name: values[name] for name in ("a", "b", "p", "q", "v", "d")}
    predict = by_function("data.noisy_mixture", lambda function: function(**known))
    return both(judge, identity(trial, named({"C-NFA": measured["C-NFA"]}), predict, "exact average"))


CHECKS = (
    Check("data.two_directions", "two samples", "identity", _directions),
    Check("data.two_directions", "least alignment", "identity", _worst),
    *(
        Check(
            "data.noisy_mixture",
            f"every noise, {inputs} inputs",
            "exact average",
            partial(_noisy, inputs=inputs),
        )
        for inputs in (3, 5)
    ),
)
