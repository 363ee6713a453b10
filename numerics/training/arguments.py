"""What a training run was asked for, read and checked argument by argument."""

import operator
from collections.abc import Sequence

import numpy as np

from numerics.checks import require_integer
from numerics.data.notes import note
from numerics.errors import InputError
from numerics.networks.network import Network
from numerics.optimizers import Optimizer

DEFAULT_BATCH_SIZE = 128


def distinct_seeds(seed: int | Sequence[int]) -> list[int]:
    """Read one seed or several."""
    try:
        seeds = [operator.index(one) for one in np.atleast_1d(np.asarray(seed, dtype=object))]
    except TypeError:
        raise InputError(f"seed must be an integer or a sequence of integers, got {seed!r}") from None
    if not seeds or not 0 <= min(seeds) <= max(seeds) < 2**31:
        raise InputError(f"seeds must be integers from 0 and below 2^31, at least one, got {seed!r}")
    if len(set(seeds)) < len(seeds):
        raise InputError(f"seeds must differ (equal seeds give equal runs), got {seed!r}")
    return seeds


def samples_per_step(optimizer: Optimizer, batch_size: int | None, n: int) -> int:
    """Decide how many samples a step takes."""
    if optimizer.full_batch:
        if batch_size not in (None, n):
            raise InputError(
                f"optimizer {str(optimizer)!r} takes all {n} samples at each step, got batch_size={batch_size}"
            )
        return n
    if batch_size is None:
        return min(DEFAULT_BATCH_SIZE, n)
    return batch_size_up_to(n, batch_size)


def batch_size_up_to(n: int, batch_size: int) -> int:
    """Check a size of batches; more than there are samples means all of them, and that is said."""
    if require_integer("batch_size", batch_size, 1) > n:
        note(f"batch_size {batch_size} is more than the {n} samples there are: every batch is all of them")
    return min(int(batch_size), n)


def rates_by_layer(layer_rates: Sequence[float] | None, net: Network) -> list[float]:
    """Return the factor on the learning rate of each layer, that of the parametrization included."""
    scales = [net.scaling(layer).learning_rate_scale for layer in range(1, net.depth + 2)]
    if layer_rates is None:
        return scales
    return [scale * float(factor) for scale, factor in zip(scales, layer_rates, strict=True)]
