"""The order in which a training run sees its samples: drawn from a seed, or given."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Int

from numerics.errors import InputError

Batch = Int[np.ndarray, "..."]


def shuffled_batches(n: int, batch_size: int, rng: np.random.Generator) -> Iterator[Batch]:
    """Yield the batches of one epoch after another without end, each epoch in a fresh random order."""
    while True:
        order = rng.permutation(n)
        yield from _cut(order, batch_size)


def given_batches(sample_order: Any, n: int, batch_size: int) -> list[Batch]:
    """Cut a given order of samples into batches.

    Parameters
    ----------
    sample_order : array_like of int
        Rows of sample numbers, of any lengths. Each row is cut into batches of `batch_size`, the last of a row having
        what is left: a row may be the order of an epoch, or a single batch. One flat sequence counts as one row.
    n : int
        Number of samples.
    batch_size : int
        Samples in a batch.

    Returns
    -------
    list of numpy.ndarray
        Sample numbers, step by step.

    Raises
    ------
    InputError
        If an entry is not a sample number.

    Examples
    --------
    >>> [batch.tolist() for batch in given_batches([[2, 0, 1], [1, 2, 0]], n=3, batch_size=2)]
    [[2, 0], [1], [1, 2], [0]]
    """
    rows = list(sample_order)
    if not rows:
        raise InputError("sample_order must not be empty")
    if np.ndim(rows[0]) == 0:
        rows = [rows]
    batches: list[Batch] = []
    for number, row in enumerate(rows):
        order = np.asarray(row)
        if order.ndim != 1 or order.size == 0 or not np.issubdtype(order.dtype, np.integer):
            raise InputError(
                f"sample_order must hold rows of sample numbers, got shape {order.shape} and dtype {order.dtype} "
                f"in row {number}"
            )
        if order.min() < 0 or order.max() >= n:
            raise InputError(
                f"sample_order must hold numbers in 0..{n - 1}, got {order.min()}..{order.max()} in row {number}"
            )
        batches.extend(_cut(order, batch_size))
    return batches


def _cut(order: Batch, batch_size: int) -> Iterator[Batch]:
    for start in range(0, len(order), batch_size):
        yield order[start : start + batch_size]
