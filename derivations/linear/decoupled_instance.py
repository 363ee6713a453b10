"""A concrete decoupled network with exact singular vectors, differentiated sample by sample."""

from functools import lru_cache
from typing import Any

import sympy

from derivations.errors import DerivationError
from derivations.judging.instances import cosine_traces, drawn, orthogonal_matrix
from derivations.linear.instance import LinearInstance


@lru_cache(maxsize=1)
def decoupled_instance() -> dict[str, Any]:
    """Build data and weights with exact singular vectors; the layers have symbols for strengths."""
    left, right, middle = (orthogonal_matrix(3, seed)[:, :2] for seed in (1, 2, 3))
    forces = sympy.diag(drawn(1), drawn(2))
    root = sympy.diag(drawn(3), drawn(4))  # of the variances, times the two samples
    q = sympy.diag(*sympy.symbols("q1 q2", positive=True))
    X, Y = root * right.T, 2 * forces * root.inv() * left.T
    weights = tuple(sympy.ImmutableMatrix(each) for each in (middle * q * right.T, left * q * middle.T))
    return {
        "network": LinearInstance(weights, sympy.ImmutableMatrix(X), sympy.ImmutableMatrix(Y)),
        "vectors": (left, right, middle),
        "q": q,
        "values": tuple({"s": forces[i, i], "lambda": root[i, i] ** 2 / 2, "u0": drawn(5 + i) ** 2} for i in range(2)),
    }


@lru_cache(maxsize=1)
def true_velocities() -> tuple[sympy.Expr, ...]:
    """Differentiate the loss, sample by sample, and project on the modes; nothing may move across them."""
    instance = decoupled_instance()
    left, right, middle = instance["vectors"]
    q, network = instance["q"], instance["network"]
    first = (-network.loss_gradient(0)).applyfunc(sympy.expand)
    second = (-network.loss_gradient(1)).applyfunc(sympy.expand)
    moved = (middle.T * first * right).applyfunc(sympy.expand)
    across = (first - middle * sympy.diag(moved[0, 0], moved[1, 1]) * right.T).applyfunc(sympy.expand)
    unequal = (left.T * second * middle - moved.T).applyfunc(sympy.expand)
    if any(across) or any(unequal):
        raise DerivationError(f"the modes of the example must be decoupled, got {across} and {unequal} at {q}")
    return moved[0, 0], moved[1, 1]


@lru_cache(maxsize=1)
def true_traces() -> dict[str, Any]:
    """Take features and their traces from the definitions, five modes strong: sums of five powers have no identity."""
    left, right, middle = (orthogonal_matrix(6, seed)[:, :5] for seed in (1, 2, 3))
    now, before = sympy.diag(5, 7, 2, 3, 11), sympy.diag(3, 2, 1, 4, 5)
    W, dW, readout = middle * now * right.T, middle * (now - before) * right.T, left * now * middle.T
    K = readout.T * readout
    traces = {
        "UC-NFA": cosine_traces(W.T * W, W.T * K * W),
        "C-NFA": cosine_traces(dW.T * dW, dW.T * K * dW),
    }
    eigenvalues, start = right.T * dW.T * dW * right, right.T * (W - dW).T * (W - dW) * right
    strengths = {"now": right.T * W.T * W * right, "before": start, "g": eigenvalues}
    return {**traces, **{name: tuple(each.diagonal()) for name, each in strengths.items()}}
