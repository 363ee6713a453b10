"""Cutting samples into chunks, so that memory does not grow with their number."""

import math
from collections.abc import Iterator, Sequence

from array_api_compat import array_namespace, is_cupy_array
from jaxtyping import Float

from numerics.backend.arrays import Array
from numerics.networks.network import Network

CHUNK_BYTES = 8 * 2**20
"""Activations and tangent features of one chunk of samples take about this much (but a chunk has at least one sample),
a part of a cache that cores share."""

BLOCK_BYTES = 2**20
"""Tangent features of one block take about this much, the cache of one core: they are read three times."""

GPU_CHUNK_BYTES = 256 * 2**20
"""Both on a GPU, which wants large products and has no such caches."""


def sample_chunks(X: Float[Array, "n d"], net: Network, combinations: int = 0) -> Iterator[Float[Array, "b d"]]:
    """Cut samples into chunks whose activations, and tangent features where they are held, fit in `CHUNK_BYTES`."""
    itemsize = array_namespace(X).finfo(X.dtype).bits // 8
    limit = GPU_CHUNK_BYTES if is_cupy_array(X) else CHUNK_BYTES
    numbers = combinations * max(net.sizes[1:-1]) + sum(net.sizes)
    n = X.shape[0]
    # Of one size, as far as it goes, so that threads which share them end together.
    size = math.ceil(n / math.ceil(n / max(1, limit // (itemsize * numbers))))
    for start in range(0, n, size):
        yield X[start : min(start + size, n), ...]


def sample_blocks(slopes: Sequence[Float[Array, "..."]], combinations: int) -> Iterator[slice]:
    """Cut a chunk of samples into blocks whose tangent features fit in `BLOCK_BYTES`."""
    itemsize = array_namespace(slopes[0]).finfo(slopes[0].dtype).bits // 8
    limit = GPU_CHUNK_BYTES if is_cupy_array(slopes[0]) else BLOCK_BYTES
    size = max(1, limit // (itemsize * combinations * max(slope.shape[1] for slope in slopes)))
    b = slopes[0].shape[0]
    for start in range(0, b, size):
        yield slice(start, min(start + size, b))
