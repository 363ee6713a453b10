"""Exact averages over many random numbers: rules of few nodes for polynomials of a total degree (Smolyak's sum).

A product of Gauss rules is exact for every power of every variable up to a degree, and needs a node for each
combination. Where only the *total* degree is bounded, a signed sum of small products is enough: more than one node in
a few variables at a time.
"""

from collections.abc import Callable, Iterator, Sequence
from math import comb, prod
from typing import Any, TypeAlias

import numpy as np

Rule: TypeAlias = Callable[[int], tuple[Any, Any]]
"""From a number of nodes ``q`` to nodes and weights that are exact up to degree ``2 q - 1``."""


def sparse_nodes(rules: Sequence[Rule], degree: int) -> tuple[Any, Any]:
    """Return nodes, (count, variables), and weights that average polynomials of a total degree exactly.

    Notes
    -----
    With rules ``U_q`` the sum over ``q_1 + ... + q_n - n = s`` of
    ``(-1)^(l - s) binom(n - 1, l - s) U_q1 x ... x U_qn`` for ``s`` from ``l - n + 1`` to ``l`` is exact up to the
    total degree ``2 l + 1``.
    """
    n, level = len(rules), degree // 2
    nodes, weights = [], []
    known = [[rule(q + 1) for q in range(level + 1)] for rule in rules]
    for total in range(max(0, level - n + 1), level + 1):
        factor = (-1.0) ** (level - total) * comb(n - 1, level - total)
        for extra in _compositions(n, total):
            x, w = zip(*(known[at][q] for at, q in extra.items()), strict=True) if extra else ((), ())
            block = np.tile([known[at][0][0][0] for at in range(n)], (prod(map(len, x)), 1))
            for at, grid in zip(extra, np.meshgrid(*x, indexing="ij"), strict=True):
                block[:, at] = grid.ravel()
            share = np.ones(1)
            for each in w:
                share = np.multiply.outer(share, each)
            nodes.append(block)
            weights.append(factor * share.ravel())
    return np.concatenate(nodes), np.concatenate(weights)


def sparse_count(n: int, degree: int) -> int:
    """Count the nodes for ``n`` variables."""
    level = degree // 2
    ways = np.zeros(level + 1, dtype=object)
    ways[0] = 1
    for _ in range(n):  # the sum over q of q x^(q - 1), to the power n
        ways = np.array([sum(ways[s - q] * (q + 1) for q in range(s + 1)) for s in range(level + 1)], dtype=object)
    return int(sum(ways[max(0, level - n + 1) :]))


def _compositions(n: int, total: int, start: int = 0) -> Iterator[dict[int, int]]:
    """List the ways to add up numbers of variables to a total: those above zero, by variable."""
    if total == 0:
        yield {}
        return
    for at in range(start, n):
        for first in range(1, total + 1):
            for rest in _compositions(n, total - first, at + 1):
                yield {at: first, **rest}
