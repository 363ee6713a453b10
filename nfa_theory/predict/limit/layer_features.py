"""The features of one layer from its kernels between all pairs of samples.

Two and a half products of n x n matrices per layer: one half of ``kappa^2``, then ``Q S`` and ``P S``. They take no
other square array than ``Q``: it becomes ``Q S`` row by row, and this ``(P S)^T`` column by column, each column as soon
as ``tr(P S Q S)`` has seen it.
"""

from typing import Any

import numpy as np

from nfa_theory.predict.kernels.all_pairs import AllPairs
from nfa_theory.predict.kernels.blocks import PANEL, SIZE, Step, in_threads, inner, panels, row_blocks, trace_of_square
from nfa_theory.predict.kernels.storage import HalfMatrix
from nfa_theory.predict.limit.leading_order import Traces


def steps(pairs: AllPairs, layers: int) -> int:
    """Count the steps of a computation."""
    blocks, whole = -(-len(pairs.X) // SIZE), len(pairs.panels)
    return layers * (blocks + 2 * whole) + pairs.few_inputs * (blocks - 2 * whole)


def traces_of_many_inputs(pairs: AllPairs, step: Step) -> Traces:
    """Compute the traces of the current layer through ``P S`` and ``Q S``."""
    P, M = pairs.weighted(step)
    S, parts = pairs.S, pairs.panels
    in_threads(lambda rows: np.matmul(M[rows].copy(), S, out=M[rows]), parts, step)
    agop, agop_square = float(M.trace(dtype=np.float64)), trace_of_square(M)
    mixed = sum(in_threads(lambda rows: _exchange(P, S, rows, M), parts, step))
    return Traces(mixed, trace_of_square(M), agop_square, float(M.trace(dtype=np.float64)), agop)


def _exchange(P: HalfMatrix, S: Any, rows: slice, M: Any) -> float:
    """Put rows of ``P S`` in the place of columns of ``Q S``; return what both give to ``tr(PSQS)``."""
    own, mixed = P.rows(rows), 0.0
    for columns in row_blocks(len(M), PANEL):
        PS, QS = own @ S[:, columns], M[columns, rows]
        mixed += inner(PS, QS.T)
        QS[:] = PS.T
    return mixed


def features_of_few_inputs(pairs: AllPairs, step: Step | None = None) -> tuple[Any, Any]:
    """Compute ``F_c = Z^T P Z`` and ``G_c = Z^T Q Z`` of the first layer."""
    P, Q = pairs.weighted(step)
    Z, d = pairs.X, pairs.X.shape[1]

    def times_inputs(rows: slice) -> None:
        """Put the halves of ``P Z`` and ``Q Z`` in the place of ``Q``, whose other rows are not looked at."""
        halves = P.panel(rows), Q[rows, rows.start :]
        Q[rows, : 2 * d] = np.hstack([_half_product(M, Z[rows.start :]) for M in halves])

    in_threads(times_inputs, row_blocks(len(Z)), step)
    del P
    features = np.empty((d, 2 * d), Z.dtype)
    in_threads(lambda rows: np.matmul(Z[:, rows].T, Q[:, : 2 * d], out=features[rows]), panels(d))
    F, G = features[:, :d], features[:, d:]
    F += F.T
    G += G.T
    return F, G


def _half_product(panel: Any, Z: Any) -> Any:
    """Multiply rows from the diagonal on; half of what is on the diagonal, which is its own mirror image."""
    own = len(panel)
    product = panel[:, own:] @ Z[own:]
    product += panel[:, :own] @ (Z[:own] / 2)
    return product
