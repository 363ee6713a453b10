"""The C-NFA of two linear layers after the first instant, averaged over random readouts of any width."""

from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Shaped

from nfa_theory.verify.instruments.features import cosine
from nfa_theory.verify.instruments.gamma_nodes import chi_rule, sparse_wishart_nodes
from nfa_theory.verify.instruments.sparse_nodes import sparse_nodes

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
    """Average as above where M is the identity, so that only the eigenvalues of the readout's Gram matrix count.

    Reflections from both sides bring a Gaussian readout to two diagonals, whose entries are independent chi variables.
    """
    rules = [*(partial(chi_rule, k - i) for i in range(c)), *(partial(chi_rule, c - 1 - i) for i in range(c - 1))]
    entries, weights = sparse_nodes(rules, 8)
    B = np.zeros((len(entries), c, c))
    B[:, range(c), range(c)] = entries[:, :c]
    B[:, range(1, c), range(c - 1)] = entries[:, c:]
    S = B @ np.swapaxes(B, 1, 2) / k
    T = S @ S
    return _moments(weights, cosine([np.sum(X * Y, axis=(1, 2)) for X, Y in ((T, S), (S, S), (T, T))]))


def _moments(weights: Any, alignment: Any) -> tuple[float, float]:
    missing = 1 - alignment
    mean = float(weights @ missing)
    return 1 - mean, float(weights @ (missing - mean) ** 2)
