"""The features of one layer from its kernels between all pairs of samples, in panels of rows.

Two and a half products of n x n matrices per layer: ``kappa^2``, one half of it, then ``Q S`` and ``P S``. They take
one square array of their own: ``kappa^2`` becomes ``Q S`` row by row, and this ``(P S)^T`` column by column, each
column as soon as ``tr(P S Q S)`` has seen it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from nfa_theory.predict.blocks import PANEL, for_each_upper_block, inner, row_blocks, trace_of_square, write_symmetric
from nfa_theory.predict.leading_order import Traces
from nfa_theory.predict.products import (
    product,
    product_of_transposed,
    product_with_transposed,
    times_symmetric,
)
from nfa_theory.predict.storage import HalfMatrix, TwoTriangles

Step = Callable[[], None]
"""Called after each panel."""
_HALF = PANEL // 2  # where two panels exist at a time


def steps(n: int, layers: int, few_inputs: bool) -> int:
    """Count the panels of a computation.

    Parameters
    ----------
    n, layers : int
        Samples and layers.
    few_inputs : bool
        Whether the first layer goes through `features_of_few_inputs`.

    Returns
    -------
    int
        How often the steps of all layers will be called.
    """
    full, half = -(-n // PANEL), -(-n // _HALF)
    return (layers - few_inputs) * (2 * full + half) + few_inputs * full


def traces_of_many_inputs(kappa: HalfMatrix, S_and_A: TwoTriangles, step: Step) -> Traces:
    """Compute the traces of a layer through ``P S`` and ``Q S``.

    Parameters
    ----------
    kappa : HalfMatrix
        Tangent kernel.
    S_and_A : TwoTriangles
        Gram matrices of the layer's inputs and of the residuals.
    step : callable
        Called after each panel, see `steps`.

    Returns
    -------
    Traces
        Of the layer.
    """
    V = square_of(kappa, step)
    _over_panels(kappa.n, PANEL, lambda rows: _multiply(S_and_A, rows, V), step)
    agop, agop_square = float(V.trace(dtype=np.float64)), trace_of_square(V)
    parts = _over_panels(kappa.n, _HALF, lambda rows: _exchange(kappa, S_and_A, rows, V), step)
    mixed, nfm = (sum(each) for each in zip(*parts, strict=True))
    return Traces(mixed, trace_of_square(V), agop_square, nfm, agop)


def square_of(kappa: HalfMatrix, step: Step) -> Any:
    """Compute ``kappa^2``.

    Parameters
    ----------
    kappa : HalfMatrix
        Tangent kernel.
    step : callable
        Called after each panel.

    Returns
    -------
    (n, n) array
        All of it.
    """
    V = whole(kappa)
    _over_panels(kappa.n, PANEL, lambda rows: _square(V, rows), step)
    for_each_upper_block(kappa.n, lambda rows, columns: write_symmetric(V, rows, columns, V[rows, columns]))
    return V


def whole(kappa: HalfMatrix) -> Any:
    """Return a symmetric matrix with both halves, (n, n)."""
    V = np.empty((kappa.n, kappa.n), kappa.dtype)
    for rows in row_blocks(kappa.n, PANEL):
        V[rows] = kappa.rows(rows)
    return V


def _over_panels(n: int, size: int, work: Callable[[slice], Any], step: Step) -> list[Any]:
    """Work on one panel after the other; what a panel needed is gone before the next."""
    found = []
    for rows in row_blocks(n, size):
        found.append(work(rows))
        step()
    return found


def _square(V: Any, rows: slice) -> None:
    """Turn rows of ``kappa`` into rows of ``kappa^2`` from the diagonal on; those below still hold ``kappa``."""
    V[rows, rows.start :] = product_with_transposed(V[rows], V[rows.start :])


def _multiply(S_and_A: TwoTriangles, rows: slice, V: Any) -> None:
    """Turn rows of ``kappa^2`` into rows of ``Q S``."""
    Q = S_and_A.second_rows(rows)
    Q *= V[rows]
    times_symmetric(Q, S_and_A.square, V[rows])


def _exchange(kappa: HalfMatrix, S_and_A: TwoTriangles, rows: slice, V: Any) -> tuple[float, float]:
    """Put rows of ``P S`` in the place of columns of ``Q S``; return what both give to tr(PSQS), and tr(PS)."""
    P = S_and_A.second_rows(rows)
    P *= kappa.rows(rows)
    PS = np.empty_like(P)
    times_symmetric(P, S_and_A.square, PS)
    mixed = 0.0
    for columns in row_blocks(len(V)):
        mixed += inner(PS[:, columns], V[columns, rows].T)
        V[columns, rows] = PS[:, columns].T
    return mixed, float(PS[:, rows].trace(dtype=np.float64))


def features_of_few_inputs(kappa: HalfMatrix, S_and_A: TwoTriangles, Z: Any, step: Step) -> tuple[Any, Any]:
    """Compute ``F_c = Z^T P Z`` and ``G_c = Z^T Q Z``; nothing of the order of the data is made.

    Parameters
    ----------
    kappa : HalfMatrix
        Tangent kernel.
    S_and_A : TwoTriangles
        Of which the second, the Gram matrix of the residuals, is used.
    Z : (n, m) array
        The layer's inputs, row-major.
    step : callable
        Called after each panel, see `steps`.

    Returns
    -------
    F, G : (m, m) array
        In units of their own.
    """
    F, G = np.zeros((2, Z.shape[1], Z.shape[1]), dtype=Z.dtype)

    def add(rows: slice) -> None:
        A, own = S_and_A.second_rows(rows, rows.start), rows.stop - rows.start
        A[:, :own] /= 2  # what is on the diagonal is its own mirror image
        P = kappa.rows(rows, rows.start)
        P *= A
        F[:] += product_of_transposed(product(P, Z[rows.start :]), Z[rows])
        del P
        left = kappa.rows(rows)
        for columns in row_blocks(len(Z), PANEL, rows.start):
            right = left if rows == columns else kappa.rows(columns)
            A[:, columns.start - rows.start : columns.stop - rows.start] *= product_with_transposed(left, right)
        G[:] += product_of_transposed(product(A, Z[rows.start :]), Z[rows])

    _over_panels(len(Z), PANEL, add, step)
    return F + F.T, G + G.T
