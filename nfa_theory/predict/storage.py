"""Symmetric matrices of the order of the data, stored once: two in one square array, one in half an array.

The exact route needs the input Gram matrix ``S``, the residuals' ``A`` and the tangent kernel ``kappa`` of a layer at
the same time. Each is symmetric, so that the three take the room of one and a half square arrays.
"""

from typing import Any

import numpy as np

from nfa_theory.predict.blocks import SIZE, row_blocks


class HalfMatrix:
    """A symmetric matrix as panels of rows, each from the diagonal on.

    Parameters
    ----------
    n : int
        Order.
    dtype : dtype
        Of the entries.
    """

    def __init__(self, n: int, dtype: Any) -> None:
        self.n, self.dtype = n, np.dtype(dtype)
        self._panels = [np.empty((rows.stop - rows.start, n - rows.start), dtype) for rows in row_blocks(n)]

    def write(self, rows: slice, columns: slice, block: Any) -> None:
        """Write a block on or above the diagonal, one of `upper_blocks`."""
        self._panels[rows.start // SIZE][:, columns.start - rows.start : columns.stop - rows.start] = block

    def rows(self, rows: slice, first: int = 0) -> Any:
        """Return rows from column `first` on, as a copy; all three numbers are ends of blocks, ``first <= start``."""
        panel = np.empty((rows.stop - rows.start, self.n - first), self.dtype)
        for above in row_blocks(rows.start):
            if above.start >= first:
                mirrored = self._panels[above.start // SIZE][:, rows.start - above.start : rows.stop - above.start]
                panel[:, above.start - first : above.stop - first] = mirrored.T
        for part in row_blocks(rows.stop - rows.start):
            start, stop = rows.start + part.start, rows.start + part.stop
            own = self._panels[start // SIZE]
            panel[part, start - first :] = own
            panel[part.stop :, start - first : stop - first] = own[:, stop - start : rows.stop - start].T
        return panel


class TwoTriangles:
    """Two symmetric matrices in one square array: one on and above the diagonal, the other below it.

    Parameters
    ----------
    square : (n, n) array
        Holds the first matrix on and above the diagonal; what is below is overwritten by the second.
    """

    def __init__(self, square: Any) -> None:
        self.square, self.n = square, len(square)
        self._diagonal = np.zeros(self.n, square.dtype)

    def first(self, rows: slice, columns: slice) -> Any:
        """Return a block of the first matrix on or above the diagonal; not to be changed."""
        block = self.square[rows, columns]
        return block if rows != columns else np.triu(block) + np.triu(block, 1).T

    def write_first(self, rows: slice, columns: slice, block: Any) -> None:
        """Write a block of the first matrix on or above the diagonal."""
        if rows != columns:
            self.square[rows, columns] = block
        else:
            self.square[rows, rows] = np.triu(block) + np.tril(self.square[rows, rows], -1)

    def write_second(self, rows: slice, columns: slice, block: Any) -> None:
        """Write a block of the second matrix, given as a block on or above the diagonal."""
        if rows != columns:
            self.square[columns, rows] = block.T
        else:
            self.square[rows, rows] = np.triu(self.square[rows, rows]) + np.tril(block, -1)
            self._diagonal[rows] = block.diagonal()

    def second_rows(self, rows: slice, first: int = 0) -> Any:
        """Return rows of the second matrix from column `first` on, at most ``rows.start``, as a copy."""
        panel = np.empty((rows.stop - rows.start, self.n - first), self.square.dtype)
        for part in row_blocks(rows.stop, start=rows.start):
            own = panel[part.start - rows.start : part.stop - rows.start]
            own[:, : part.start - first] = self.square[part, first : part.start]
            below = np.tril(self.square[part, part], -1)
            own[:, part.start - first : part.stop - first] = below + below.T + np.diag(self._diagonal[part])
            own[:, part.stop - first :] = self.square[part.stop :, part].T
        return panel
