"""All networks of a run: grouped to be trained side by side, one group after another, kept in a checkpoint."""

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float64

from numerics.backend.allocation import keep_freed_memory
from numerics.backend.arrays import to_host
from numerics.networks.ensembles import group_size
from numerics.networks.parameters import Parameters
from numerics.training.batches import piece_rows
from numerics.training.checkpoints import Checkpoint
from numerics.training.loop import Run, train
from numerics.training.sampling import Batch

Order = Iterable[Batch | None]


def train_groups(
    run: Run,
    seeds: Sequence[int],
    initial: Sequence[Parameters],
    orders: Sequence[Order],
    batch_size: int,
    after_step: Callable[[], None],
    checkpoint: str | os.PathLike[str] | None,
    config: Mapping[str, Any],
) -> dict[str, Float64[np.ndarray, "..."]]:
    """Train all networks, as many side by side as pays; return the variables of a record by network and measurement."""
    keep_freed_memory()
    groups = _groups(run, seeds, orders, batch_size)
    file = None
    if checkpoint is not None:
        identity = {**config, "seeds": list(seeds), "measured": run.measured, "starts": _fingerprint(initial)}
        identity["test"] = None if run.test is None else run.test.fingerprint()
        file = Checkpoint(checkpoint, identity | {"orders": _order_fingerprint(orders)})
    results = []
    for g, group in enumerate(groups):
        done = train(
            run,
            [seeds[i] for i in group],
            [initial[i] for i in group],
            [orders[i] for i in group],
            after_step,
            None if file is None or g >= len(file.groups) else file.groups[g],
            None if file is None else partial(file.keep, g),
        )
        results.append(done)
    return {name: np.concatenate([result[name] for result in results]) for name in results[0]}


def _groups(run: Run, seeds: Sequence[int], orders: Sequence[Order], batch_size: int) -> list[range]:
    itemsize = array_namespace(run.train.X).finfo(run.train.X.dtype).bits // 8
    size = group_size(run.net, min(batch_size, piece_rows(run.net, run.train.X)), itemsize)
    given = [order for order in orders if isinstance(order, list)]
    lengths = {tuple(len(batch) for batch in order) for order in given}
    if not run.optimizer.together or len(lengths) > 1:
        size = 1
    return [range(start, min(start + size, len(seeds))) for start in range(0, len(seeds), size)]


def _fingerprint(initial: Sequence[Parameters]) -> str:
    digest = hashlib.sha256()
    for network in initial:
        for array in (*network.weights, *network.biases):
            digest.update(np.ascontiguousarray(to_host(array)).data)
    return digest.hexdigest()


def _order_fingerprint(orders: Sequence[Order]) -> str:
    digest = hashlib.sha256()
    for order in orders:
        for batch in order if isinstance(order, list) else []:
            digest.update(np.ascontiguousarray(batch, dtype=np.int64).data)
    return digest.hexdigest()
