"""Exact averages over a few Gaussian numbers: every node of a product quadrature is one network."""

from typing import Any

import numpy as np

from nfa_theory.verify.instruments.sparse_nodes import sparse_count, sparse_nodes

MOST = 2**21
"""Nodes at most."""
FEW = 2**10
"""Up to that many nodes a product is taken, with weights that are all positive."""


def hermite_rule(q: int) -> tuple[Any, Any]:
    """Return nodes and weights of Gauss's rule for a N(0, 1) number."""
    x, w = np.polynomial.hermite_e.hermegauss(q)
    return x, w / w.sum()


def gaussian_nodes(entries: int, degree: int) -> tuple[Any, Any]:
    """Return nodes and weights that average polynomials of a total degree in N(0, 1) numbers exactly.

    Notes
    -----
    Gauss-Hermite quadrature with ``q`` nodes is exact up to degree ``2 q - 1``. Of many numbers a sparse rule is taken,
    some of whose weights are negative.

    Examples
    --------
    >>> x, w = gaussian_nodes(2, 4)
    >>> bool(np.isclose(w @ (x[:, 0] ** 4 * x[:, 1] ** 2), 3.0))
    True
    """
    q = degree // 2 + 1
    count = sparse_count(entries, degree) if q**entries > FEW else 0
    if 0 < count < q**entries:
        if count > MOST:
            raise ValueError(f"there must be at most {MOST} nodes, got {count} for {entries} numbers, degree {degree}")
        return sparse_nodes([hermite_rule] * entries, degree)
    x, w = hermite_rule(q)
    grid = np.stack(np.meshgrid(*[np.arange(q)] * entries, indexing="ij"), axis=-1).reshape(-1, entries)
    return x[grid], np.prod(w[grid], axis=1)
