"""Exact-to-rounding averages over Wishart matrices of many degrees of freedom, by Bartlett's decomposition."""

from functools import partial
from typing import Any

import numpy as np
from scipy.linalg import eigh_tridiagonal

from nfa_theory.verify.instruments.gaussian_nodes import hermite_rule
from nfa_theory.verify.instruments.sparse_nodes import Rule, sparse_nodes


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


def chi_rule(degrees: int, count: int) -> tuple[Any, Any]:
    """Return nodes and weights of the root of a chi-squared variable, for what is even in it."""
    values, weights = chi_squared_nodes(degrees, count)
    return np.sqrt(values), weights


def wishart_nodes(c: int, k: int, count: int) -> tuple[Any, Any]:
    """Return matrices ``A A^T`` for Gaussian ``A`` (c, k), and weights: every combination of nodes of the entries."""
    axes = [rule(count) for rule in _bartlett(c, k)]
    grids = np.meshgrid(*[values for values, _ in axes], indexing="ij")
    weights = np.ones(())
    for _, each in axes:
        weights = np.multiply.outer(weights, each)
    return _products(c, np.stack([grid.ravel() for grid in grids], axis=1)), weights.ravel()


def sparse_wishart_nodes(c: int, k: int, degree: int) -> tuple[Any, Any]:
    """Return matrices and weights exact up to that total degree in the entries' deviations, of order ``1/sqrt(k)``."""
    nodes, weights = sparse_nodes(_bartlett(c, k), degree)
    return _products(c, nodes), weights


def _bartlett(c: int, k: int) -> list[Rule]:
    """List the laws of the diagonal and of the lower entries of the triangular factor."""
    return [*(partial(chi_rule, k - i) for i in range(c)), *[hermite_rule] * (c * (c - 1) // 2)]


def _products(c: int, entries: Any) -> Any:
    L = np.zeros((len(entries), c, c))
    places = [(i, i) for i in range(c)] + [(i, j) for i in range(c) for j in range(i)]
    for at, (i, j) in enumerate(places):
        L[:, i, j] = entries[:, at]
    return L @ np.swapaxes(L, 1, 2)


def bidiagonal_nodes(c: int, k: int, degree: int) -> tuple[Any, Any]:
    """Return what reflections from both sides leave of Gaussian (c, k) matrices, and weights.

    It is square, of the smaller of the two sizes, with independent chi variables on the diagonal and below it. Exact
    for polynomials of a total degree in their squares.
    """
    r, most = min(c, k), max(c, k)
    rules = [*(partial(chi_rule, most - i) for i in range(r)), *(partial(chi_rule, r - 1 - i) for i in range(r - 1))]
    entries, weights = sparse_nodes(rules, degree)
    B = np.zeros((len(entries), r, r))
    B[:, range(r), range(r)] = entries[:, :r]
    B[:, range(1, r), range(r - 1)] = entries[:, r:]
    return B, weights
