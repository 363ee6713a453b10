"""Quadratic networks of infinite width."""

from collections.abc import Callable
from functools import partial

import numpy as np

from nfa_theory.verify.instruments.gamma_nodes import wishart_nodes
from nfa_theory.verify.instruments.quadratic_width import data_moments, growing_width
from nfa_theory.verify.rules.check import Check, Judge, Trial
from nfa_theory.verify.rules.identity import identity

INFINITE = "quadratic.infinite_width"


def _moments_of_weights(trial: Trial, d: int, k: int) -> Judge:
    """Average ``M = W^T W / k`` and the square of ``tr(A M)``."""
    A, _ = data_moments(trial.rng, d)
    M, weights = wishart_nodes(d, k, 5)
    M = M / k
    tr_AM = np.einsum("ij,nji->n", A, M)
    mean = weights @ tr_AM
    measured = {"mean": np.einsum("n,nij->ij", weights, M), "variance": float(weights @ (tr_AM - mean) ** 2)}
    return identity(trial, measured, {"A": A, "k": k, "d": d}, "exact average")


def _sized(claim: str, measure: Callable[..., Judge], **sizes: int) -> Check:
    name = ", ".join(f"{symbol} = {value}" for symbol, value in sizes.items())
    return Check(claim, f"every network with {name}", "exact average", partial(measure, **sizes))


CHECKS = (
    *(_sized(INFINITE, _moments_of_weights, d=d, k=k) for d, k in ((2, 2), (2, 5))),
    Check(INFINITE, "growing width", "order", partial(growing_width, name="C-NFA")),
)
