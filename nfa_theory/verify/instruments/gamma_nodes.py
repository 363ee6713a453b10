"""Exact-to-rounding averages over Wishart matrices of many degrees of freedom, by Bartlett's decomposition."""

from typing import Any

import numpy as np
from scipy.linalg import eigh_tridiagonal


def chi_squared_nodes(degrees: int, count: int) -> tuple[Any, Any]:
    """Return Gauss nodes and weights of a chi-squared variable.

    Notes
    -----
    Half of the variable has the Gamma density of shape ``degrees / 2``, whose orthogonal polynomials are Laguerre's.
    Nodes are the eigenvalues of their Jacobi matrix, which does not overflow at any shape (Golub and Welsch 1969).
    """
    alpha = degrees / 2 - 1
    i = np.arange(count)
    nodes, vectors = eigh_tridiagonal(2 * i + 1 + alpha, np.sqrt(i[1:] * (i[1:] + alpha)))
    return 2 * nodes, vectors[0] ** 2


def wishart_nodes(c: int, k: int, count: int) -> tuple[Any, Any]:
    """Return matrices ``A A^T`` for Gaussian ``A`` (c, k), and weights."""
    x, w = np.polynomial.hermite_e.hermegauss(count)
    axes = [(np.sqrt(values), weights) for values, weights in (chi_squared_nodes(k - i, count) for i in range(c))]
    axes += [(x, w / w.sum())] * (c * (c - 1) // 2)
    grids = np.meshgrid(*[values for values, _ in axes], indexing="ij")
    weights = np.ones(())
    for _, each in axes:
        weights = np.multiply.outer(weights, each)
    L = np.zeros((weights.size, c, c))
    places = [(i, i) for i in range(c)] + [(i, j) for i in range(c) for j in range(i)]
    for (i, j), grid in zip(places, grids, strict=True):
        L[:, i, j] = grid.ravel()
    return L @ np.swapaxes(L, 1, 2), weights.ravel()
