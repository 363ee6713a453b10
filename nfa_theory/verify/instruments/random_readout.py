"""The C-NFA of two linear layers after the first instant, averaged over random readouts of any width."""

from typing import Any

import numpy as np
from jaxtyping import Shaped

from nfa_theory.verify.instruments.features import cosine
from nfa_theory.verify.instruments.gamma_nodes import bidiagonal_nodes, sparse_wishart_nodes

WIDTHS = (4000, 8000, 16000, 32000)


def mean_and_variance(M: Shaped[Any, "c c"], k: int) -> tuple[float, float]:
    """Average the C-NFA itself, and its square, over readouts of width k."""
    S, weights = sparse_wishart_nodes(len(M), k, 8)
    S = S / k
    T = S @ S
    FG = np.einsum("nij,jk,nkl,li->n", S, M, T, M, optimize=True)
    FF = np.einsum("nij,jk,nkl,li->n", S, M, S, M, optimize=True)
    GG = np.einsum("nij,jk,nkl,li->n", T, M, T, M, optimize=True)
    return _moments(weights, cosine((FG, FF, GG)))


def of_equal_strengths(c: int, k: int) -> tuple[float, float]:
    """Average as above where M is the identity, so that only the eigenvalues of the readout's Gram matrix count."""
    B, weights = bidiagonal_nodes(c, k, 8)
    S = B @ np.swapaxes(B, 1, 2) / k
    T = S @ S
    return _moments(weights, cosine([np.sum(X * Y, axis=(1, 2)) for X, Y in ((T, S), (S, S), (T, T))]))


def _moments(weights: Any, alignment: Any) -> tuple[float, float]:
    missing = 1 - alignment
    mean = float(weights @ missing)
    return 1 - mean, float(weights @ (missing - mean) ** 2)
