"""Early features of low-rank teachers: label moments over every input."""

from functools import partial
from typing import Any

import numpy as np

from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.instruments.label_moments import TEACHERS, label_moment
from nfa_theory.verify.rules.check import Check, ClosedForm, Judge, Trial
from nfa_theory.verify.rules.evaluated import both, by_function, named
from nfa_theory.verify.rules.identity import identity

POPULATION = "data.feature_quality"


def _moments(trial: Trial, inputs: int) -> Judge:
    rng = trial.rng
    x, weights = gaussian_nodes(inputs, degree=6)
    P, Q = (each + each.T for each in rng.standard_normal((2, inputs, inputs)))
    u = rng.standard_normal((inputs, 1))
    p, q = (np.sum(x @ each * x, axis=1) for each in (P, Q))
    labels = {"quadratic": q, "quartic": p * q, "square": (x @ u)[:, 0] ** 2}
    measured = {name: label_moment(weights, label, x) for name, label in labels.items()}
    return identity(trial, measured, {"P": P, "Q": Q, "u": u, "d": inputs}, "exact average")


def _gap(trial: Trial) -> Judge:
    """Compare the levels of directions of the teacher with that of the third input, which it ignores."""
    x, weights = gaussian_nodes(3, degree=4)
    strengths = np.array(TEACHERS)
    gaps, overlaps = [], []
    for pair in strengths:
        A = label_moment(weights, x[:, :2] ** 2 @ pair, x)
        levels = np.diag(A @ A)
        gaps.append(levels[:2] - levels[2])
        upper = np.linalg.eigh(A @ A)[1][:, 1:]
        overlaps.append(np.sum(upper[:2] ** 2) / 2)
    measured, values = {"gap": np.array(gaps)}, {"q": strengths, "tau": strengths.sum(axis=1)[:, None]}

    def call(function: Any) -> ClosedForm:
        return {"overlap": np.array([function(q=pair)["overlap"] for pair in strengths])}

    of_function, evaluated = named({"overlap": np.array(overlaps)}), by_function(POPULATION, call)
    return both(
        identity(trial, measured, values, "exact average"), identity(trial, of_function, evaluated, "exact average")
    )


CHECKS = (
    *(
        Check(POPULATION, f"every input, {inputs} of them", "exact average", partial(_moments, inputs=inputs))
        for inputs in (2, 4)
    ),
    Check(POPULATION, "levels of three directions", "exact average", _gap),
)
