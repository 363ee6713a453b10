"""Matrices of the order of the data in blocks: elementwise work stays in the cache and is done for one half only."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

SIZE = 128
"""Rows of a block of elementwise work."""
WIDE = 4 * SIZE
"""Columns of a block beside the diagonal: so many entries that NumPy's loops outweigh the calls."""
PANEL = 4 * SIZE
"""Rows of a panel: as many as a matrix product needs to run at nearly full speed."""


def row_blocks(n: int, size: int = SIZE, start: int = 0) -> Iterator[slice]:
    """Cut ``start, ..., n - 1`` into consecutive slices.

    Parameters
    ----------
    n : int
        The end.
    size : int
        How many in a block, at most.
    start : int
        Where to begin.

    Yields
    ------
    slice
        From the first to the last.

    Examples
    --------
    >>> list(row_blocks(5, 3))
    [slice(0, 3, None), slice(3, 5, None)]
    """
    for first in range(start, n, size):
        yield slice(first, min(first + size, n))


def upper_blocks(n: int) -> Iterator[tuple[slice, slice]]:
    """Walk over the blocks on and above the diagonal.

    Parameters
    ----------
    n : int
        Order of the matrix.

    Yields
    ------
    tuple of two slice
        Rows and columns, which are equal on the diagonal and do not overlap beside it.
    """
    for rows in row_blocks(n):
        yield rows, rows
        for columns in row_blocks(n, WIDE, rows.stop):
            yield rows, columns


def for_each_upper_block(n: int, work: Callable[[slice, slice], Any]) -> list[Any]:
    """Do elementwise work on every block on and above the diagonal, on several cores.

    Parameters
    ----------
    n : int
        Order of the matrix.
    work : callable
        Of rows and columns; writes to these (and their mirror image) alone. NumPy releases the interpreter lock.

    Returns
    -------
    list
        What `work` returned, in the order of `upper_blocks`.
    """
    blocks = list(upper_blocks(n))
    workers = min(os.cpu_count() or 1, 8, len(blocks))
    if workers == 1:
        return [work(*each) for each in blocks]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda each: work(*each), blocks))


def write_symmetric(matrix: Any, rows: slice, columns: slice, block: Any) -> None:
    """Write a block and its mirror image.

    Parameters
    ----------
    matrix : (n, n) array
        Changed in place; only matrices that this package made are.
    rows, columns : slice
        Where the block stands.
    block : (rows, columns) array
        The block.
    """
    matrix[rows, columns] = block
    if rows != columns:
        matrix[columns, rows] = block.T


def inner(A: Any, B: Any) -> float:
    """Sum the products of the entries of two matrices in float64."""
    return float(np.sum(A * B, dtype=np.float64))


def trace_of_square(matrix: Any) -> float:
    """Compute ``tr(M M)``, summing in float64.

    Parameters
    ----------
    matrix : (n, n) array
        ``M``, which need not be symmetric.

    Returns
    -------
    float
        The trace.
    """

    def part(rows: slice, columns: slice) -> float:
        twice = 1 if rows == columns else 2
        return twice * inner(matrix[rows, columns], matrix[columns, rows].T)

    return float(sum(for_each_upper_block(len(matrix), part)))
