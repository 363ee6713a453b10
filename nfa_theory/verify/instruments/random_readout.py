"""The C-NFA of two linear layers after the first instant, averaged over random readouts of any width."""

from typing import Any

import numpy as np
from jaxtyping import Shaped

from nfa_theory.verify.instruments.gamma_nodes import wishart_nodes

WIDTHS = (4000, 8000, 16000, 32000)
NODES = {2: 12, 3: 7}
"""Nodes of each variable, by the number of outputs."""


def mean_and_variance(M: Shaped[Any, "c c"], k: int) -> tuple[float, float]:
    """Average the C-NFA itself, and its square, over readouts of width k."""
    S, weights = wishart_nodes(len(M), k, NODES[len(M)])
    S = S / k
    FG = np.einsum("nij,jk,nkl,nlm,mi->n", S, M, S, S, M, optimize=True)
    FF = np.einsum("nij,jk,nkl,li->n", S, M, S, M, optimize=True)
    T = S @ S
    GG = np.einsum("nij,jk,nkl,li->n", T, M, T, M, optimize=True)
    missing = 1 - FG / np.sqrt(FF * GG)
    mean = float(weights @ missing)
    return 1 - mean, float(weights @ (missing - mean) ** 2)
