"""Quadratic networks whose weights are averaged over: alignment given the data moments, as the width grows."""

from typing import Any

import numpy as np
from jaxtyping import Shaped

from nfa_theory.verify.instruments.features import cosine, three_traces
from nfa_theory.verify.instruments.gamma_nodes import sparse_wishart_nodes
from nfa_theory.verify.instruments.matrices import symmetric_matrix
from nfa_theory.verify.rules.check import Judge, Trial
from nfa_theory.verify.rules.order import order
from nfa_theory.verify.rules.quantities import PARTS, evaluate

WIDTHS = (500, 1000, 2000, 4000)
INPUTS, DEGREE = 4, 6
"""With this degree the averages are exact up to the fourth power of ``1/k``."""


def data_moments(rng: np.random.Generator, d: int) -> tuple[Any, Any]:
    """Draw a symmetric A and a positive B."""
    return symmetric_matrix(rng, d, signed=True), symmetric_matrix(rng, d)


def early_traces(M: Shaped[Any, "n d d"], A: Shaped[Any, "d d"], B: Shaped[Any, "d d"]) -> tuple[Any, Any, Any]:
    """Take the traces of ``F = A M A`` and ``G = A M B M A``."""
    return three_traces(A @ M @ A, A @ M @ B @ M @ A)


def growing_width(trial: Trial, name: str) -> Judge:
    """Let the width grow: the average C-NFA and its traces tend to the limit as 1/k."""
    A, B = data_moments(trial.rng, INPUTS)
    found = []
    for k in WIDTHS:
        S, weights = sparse_wishart_nodes(INPUTS, k, DEGREE)
        traces = early_traces(S / k, A, B)
        rho = float(weights @ (cosine(traces)))
        found.append({name: rho, **{f"{name} {p}": float(weights @ t) for p, t in zip(PARTS, traces, strict=True)}})
    measured = {key: [each[key] for each in found] for key in found[0]}
    values = {"A": A, "B": B, "d": INPUTS}
    return order(
        trial,
        [1 / k for k in WIDTHS],
        measured,
        lambda form, _: evaluate({name: form[name]}, values),
        dict.fromkeys(measured, 1),
    )
