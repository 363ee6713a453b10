"""Symmetric matrices of the order of the data, stored once."""

from typing import Any

import numpy as np

from nfa_theory.predict.kernels.blocks import SIZE, row_blocks


class HalfMatrix:
    """A symmetric matrix as panels of rows, each from its own diagonal block on, which is whole.

    Parameters
    ----------
    n : int
        Order.
    dtype : dtype
        Of the entries, which are not set.
    """

    def __init__(self, n: int, dtype: Any) -> None:
        self.n, self.dtype = n, np.dtype(dtype)
        self._panels = [np.empty((rows.stop - rows.start, n - rows.start), dtype) for rows in row_blocks(n)]

    def panel(self, rows: slice) -> Any:
        """Return one of `row_blocks` from column ``rows.start`` on, to be read and written."""
        return self._panels[rows.start // SIZE]

    def block(self, rows: slice, columns: slice) -> Any:
        """Return one of `upper_blocks`, to be read and written."""
        return self.panel(rows)[:, columns.start - rows.start : columns.stop - rows.start]

    def rows(self, rows: slice) -> Any:
        """Return any rows from the first column to the last, as a copy."""
        copy = np.empty((rows.stop - rows.start, self.n), self.dtype)
        for own in row_blocks(self.n):
            if own.start >= rows.stop:
                break
            first, panel = max(own.start, rows.start), self.panel(own)
            copy[first - rows.start :, own] = panel[:, first - own.start : rows.stop - own.start].T
            last = min(own.stop, rows.stop)
            if first < last:
                copy[first - rows.start : last - rows.start, own.start :] = panel[first - own.start : last - own.start]
        return copy

    def times(self, vectors: Any) -> Any:
        """Multiply by vectors, (n, ...)."""
        product = np.zeros(vectors.shape, np.result_type(self.dtype, vectors))
        for rows in row_blocks(self.n):
            panel = self.panel(rows)
            product[rows] += panel @ vectors[rows.start :]
            product[rows.stop :] += panel[:, rows.stop - rows.start :].T @ vectors[rows]
        return product


class TwoTriangles:
    """Two symmetric matrices in one square array, as long as only blocks are wanted: the first above the diagonal.

    Parameters
    ----------
    square : (n, n) array
        The room, with the first matrix on the diagonal and above.
    diagonal : (n,) array
        That of the second matrix, which is below.
    """

    def __init__(self, square: Any, diagonal: Any) -> None:
        self.square, self._diagonal = square, diagonal

    def put(self, rows: slice, columns: slice, second: Any) -> None:
        """Write one of `upper_blocks` of the second matrix."""
        own, beyond = _split(rows, columns)
        self.square[beyond, rows] = second[:, len(second) if own else 0 :].T
        if own:
            corner = self.square[rows, rows]
            corner[:] = np.triu(corner) + np.tril(second[:, : len(second)].T, -1)

    def take(self, rows: slice, columns: slice) -> Any:
        """Return one of `upper_blocks` of the second matrix as a copy, and make the first one whole there."""
        own, beyond = _split(rows, columns)
        second = self.square[columns, rows].T.copy()
        self.square[beyond, rows] = self.square[rows, beyond].T
        if own:
            corner, half = self.square[rows, rows], second[:, : len(second)]
            half[:] = np.triu(half, 1) + np.triu(half, 1).T + np.diag(self._diagonal[rows])
            corner[:] = np.triu(corner) + np.triu(corner, 1).T
        return second


def _split(rows: slice, columns: slice) -> tuple[bool, slice]:
    """Tell whether a block begins with a square on the diagonal, and which of its columns are beyond that."""
    own = rows.start == columns.start
    return own, slice(rows.stop if own else columns.start, columns.stop)
