"""Matrices of the order of the data in pieces, which several threads work on: each piece stays in one core's cache."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Shaped

from numerics.backend.worker_threads import blas_threads, process_in_order

SIZE = 128
"""Rows of a block of elementwise work."""
WIDE = 1072
"""Columns of such a block, at most: so many entries that threads seldom wait for each other between NumPy's loops.

A transposed block is read at this stride, which must be far from powers of two: their multiples share few places in a
cache, and with 1024 columns the same copy takes six times as long.
"""
LONG = 1424
"""The same, while half a square array of the exact route is not in use yet."""
PANEL = 2 * SIZE
"""Rows of a panel, at most: as many as a matrix product needs to run at nearly full speed."""

Step = Callable[[], None]
"""Called in the calling thread, after each piece."""

Piece = TypeVar("Piece")
Result = TypeVar("Result")


def row_blocks(n: int, size: int = SIZE, start: int = 0) -> Iterator[slice]:
    """Cut ``start, ..., n - 1`` into consecutive slices.

    Examples
    --------
    >>> list(row_blocks(5, 3))
    [slice(0, 3, None), slice(3, 5, None)]
    """
    for first in range(start, n, size):
        yield slice(first, min(first + size, n))


def upper_blocks(n: int, wide: int = WIDE) -> Iterator[tuple[slice, slice]]:
    """Walk over blocks that hold what is on and above the diagonal."""
    for rows in row_blocks(n):
        for columns in row_blocks(n, wide, rows.start):
            yield rows, columns


def panels(n: int, columns: int = 0) -> list[slice]:
    """Cut the rows of a matrix into panels that keep all threads busy alike."""
    threads = blas_threads()
    most = min(PANEL, max(32, (2 * n // 5 - columns) // threads))
    count = threads * -(-n // (threads * most))
    rows = -(-n // count)
    return list(row_blocks(n, rows + -rows % 16))  # BLAS works on so many rows at a time, at most


def in_threads(work: Callable[[Piece], Result], pieces: Iterable[Piece], step: Step | None = None) -> list[Result]:
    """Work on pieces of a matrix, in as many threads as BLAS was allowed, with one BLAS thread each."""
    found: list[Result] = []

    def take(result: Result) -> None:
        found.append(result)
        if step is not None:
            step()

    process_in_order(work, pieces, take, np)
    return found


def for_each_upper_block(n: int, work: Callable[[slice, slice], Result], wide: int = WIDE) -> list[Result]:
    """Do elementwise work on every block on and above the diagonal; see `in_threads`."""
    if n <= SIZE:
        return [work(slice(0, n), slice(0, n))]
    return in_threads(lambda block: work(*block), upper_blocks(n, wide))


def write_symmetric(
    matrix: Shaped[Any, "n n"], rows: slice, columns: slice, block: Shaped[Any, "rows columns"]
) -> None:
    """Write a block of a symmetric matrix and its mirror image."""
    matrix[rows, columns] = block
    matrix[columns, rows] = block.T


def inner(A: Any, B: Any) -> float:
    """Sum the products of the entries of two matrices: pairwise in each row, the rows in float64."""
    return float(np.sum(A * B, axis=1).sum(dtype=np.float64))


def trace_of_square(matrix: Shaped[Any, "n n"]) -> float:
    """Compute ``tr(M M)``, summing in float64."""

    def part(rows: slice, columns: slice) -> float:
        on_diagonal = inner(matrix[rows, rows], matrix[rows, rows].T) if rows.start == columns.start else 0.0
        return 2 * inner(matrix[rows, columns], matrix[columns, rows].T) - on_diagonal

    return sum(for_each_upper_block(len(matrix), part))
