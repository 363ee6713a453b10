"""Quadratic networks of infinite width."""

from functools import partial

import numpy as np

from nfa_theory.verify.instruments.gaussian_nodes import gaussian_nodes
from nfa_theory.verify.instruments.quadratic_width import data_moments, growing_width
from nfa_theory.verify.rules.check import Check, Judge, Trial, at_sizes, grid
from nfa_theory.verify.rules.identity import identity

INFINITE = "quadratic.infinite_width"


def _moments_of_weights(trial: Trial, d: int, k: int) -> Judge:
    """Average ``M = W^T W / k`` and the square of ``tr(A M)``."""
    A, _ = data_moments(trial.rng, d)
    W, weights = gaussian_nodes(k * d, degree=4)
    W = W.reshape(-1, k, d)
    M = np.swapaxes(W, 1, 2) @ W / k
    tr_AM = np.einsum("ij,nji->n", A, M)
    mean = weights @ tr_AM
    measured = {"mean": np.einsum("n,nij->ij", weights, M), "variance": float(weights @ (tr_AM - mean) ** 2)}
    return identity(trial, measured, {"A": A, "k": k, "d": d}, "exact average")


CHECKS = (
    *at_sizes(
        INFINITE,
        "every network with",
        "exact average",
        _moments_of_weights,
        [*grid(d=(5,), k=(1, 2, 3)), *grid(d=(2, 4), k=(2,))],
    ),
    Check(INFINITE, "growing width", "order", partial(growing_width, name="C-NFA")),
)
