"""Exact averages over a few Gaussian numbers: every node of a product quadrature is one network."""

from typing import Any

import numpy as np

MOST = 2**21
"""Nodes at most."""


def gaussian_nodes(entries: int, degree: int) -> tuple[Any, Any]:
    """Return nodes and weights that average polynomials of independent N(0, 1) numbers exactly.

    Notes
    -----
    Gauss-Hermite quadrature with ``q`` nodes is exact up to degree ``2 q - 1``.

    Examples
    --------
    >>> x, w = gaussian_nodes(2, 4)
    >>> bool(np.isclose(w @ (x[:, 0] ** 4 * x[:, 1] ** 2), 3.0))
    True
    """
    q = degree // 2 + 1
    if q**entries > MOST:
        raise ValueError(f"there must be at most {MOST} nodes, got {q}^{entries}")
    x, w = np.polynomial.hermite_e.hermegauss(q)
    w = w / w.sum()
    grid = np.stack(np.meshgrid(*[np.arange(q)] * entries, indexing="ij"), axis=-1).reshape(-1, entries)
    return x[grid], np.prod(w[grid], axis=1)
