"""Cutting samples into chunks, so that memory does not grow with their number."""

from collections.abc import Iterator

from array_api_compat import array_namespace, is_cupy_array
from jaxtyping import Float

from numerics.arrays import Array
from numerics.network import MLP

CHUNK_BYTES = 8 * 2**20
"""Activations and tangent features of one chunk of samples take about this much (but a chunk has at least one sample):
the features are read three times, so they should stay in the cache."""

GPU_CHUNK_BYTES = 256 * 2**20
"""The same on a GPU, which wants large products and has no such cache."""


def sample_chunks(X: Float[Array, "n d"], net: MLP, combinations: int | None = None) -> Iterator[Float[Array, "b d"]]:
    """Cut samples into chunks whose activations and tangent features fit in `CHUNK_BYTES`.

    Parameters
    ----------
    X : array, shape (n, d)
        Inputs.
    net : MLP
        The network whose widest layer decides.
    combinations : int, optional
        Combinations of the outputs that are propagated; by default all outputs.

    Yields
    ------
    array, shape (b, d)
        Consecutive rows of `X`.
    """
    itemsize = array_namespace(X).finfo(X.dtype).bits // 8
    limit = GPU_CHUNK_BYTES if is_cupy_array(X) else CHUNK_BYTES
    numbers = (combinations or net.outputs) * max(net.widths[1:-1]) + sum(net.widths)
    size = max(1, limit // (itemsize * numbers))
    n = X.shape[0]
    for start in range(0, n, size):
        yield X[start : min(start + size, n), ...]
