"""Symmetric matrices in blocks: elementwise work stays in the cache and is done for one half only."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

SIZE = 256


def row_blocks(n: int, size: int = SIZE) -> Iterator[slice]:
    """Cut ``0, ..., n - 1`` into consecutive slices.

    Parameters
    ----------
    n : int
        How many rows.
    size : int
        How many in a block, at most.

    Yields
    ------
    slice
        From the first to the last.

    Examples
    --------
    >>> list(row_blocks(5, 3))
    [slice(0, 3, None), slice(3, 5, None)]
    """
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


def upper_blocks(n: int) -> Iterator[tuple[slice, slice]]:
    """Walk over the blocks on and above the diagonal.

    Parameters
    ----------
    n : int
        Order of the matrix.

    Yields
    ------
    tuple of two slice
        Rows and columns.
    """
    for rows in row_blocks(n):
        for columns in row_blocks(n):
            if columns.start >= rows.start:
                yield rows, columns


def for_each_upper_block(n: int, work: Callable[[slice, slice], None]) -> None:
    """Do elementwise work on every block on and above the diagonal, on several cores.

    Parameters
    ----------
    n : int
        Order of the matrix.
    work : callable
        Of rows and columns; writes to these (and their mirror image) alone. NumPy releases the interpreter lock.
    """
    blocks = list(upper_blocks(n))
    with ThreadPoolExecutor(max_workers=min(os.cpu_count() or 1, 8, len(blocks))) as pool:
        for finished in [pool.submit(work, rows, columns) for rows, columns in blocks]:
            finished.result()


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


def trace_of_products(first: Any, second: Any) -> tuple[float, float, float]:
    """Compute ``tr(T U)``, ``tr(T T)`` and ``tr(U U)``, summing in float64.

    Parameters
    ----------
    first, second : (m, m) array
        ``T`` and ``U``.

    Returns
    -------
    tuple of three float
        The traces.
    """
    TU = TT = UU = 0.0
    for rows, columns in upper_blocks(first.shape[0]):
        T, T_mirror = first[rows, columns], first[columns, rows].T
        U, U_mirror = second[rows, columns], second[columns, rows].T
        twice = 1 if rows == columns else 2
        TU += _inner(T, U_mirror) + (_inner(T_mirror, U) if twice == 2 else 0)
        TT += twice * _inner(T, T_mirror)
        UU += twice * _inner(U, U_mirror)
    return TU, TT, UU


def _inner(A: Any, B: Any) -> float:
    return float(np.sum(A * B, dtype=np.float64))
