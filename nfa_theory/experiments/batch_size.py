"""Batch size and early alignment: after one step, and after one epoch of small steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from nfa_theory.experiments.collect import side_by_side
from numerics.data import load_dataset
from numerics.network import MLP
from numerics.simulation import simulate


def batch_size(
    data: str = "fashion_mnist_subset",
    *,
    train: int = 512,
    width: int = 256,
    sizes: Sequence[int] = (8, 32, 128, 512),
    learning_rate: float = 1e-4,
    seeds: Sequence[int] = tuple(range(8)),
) -> xr.Dataset:
    """Measure the C-NFA after the first step and after the first epoch, for several batch sizes.

    Parameters
    ----------
    data : str
        A named set of images.
    train : int
        Number of training images; the batch sizes divide it.
    width : int
        Width of the two hidden layers.
    sizes : sequence of int
        Batch sizes; the last is ``train``.
    learning_rate : float
        Of a step on all samples; smaller batches learn more slowly in proportion, so that an epoch takes equal time.
    seeds : sequence of int
        One run for each.

    Returns
    -------
    xarray.Dataset
        A record with one more dimension ``batch_size`` and steps named by the epoch: 0, the first step, 1. The verdict
        holds if after a whole epoch of small steps the C-NFA does not depend on the batch size (within 0.01), while
        after one step it does (by more than 0.01 in some layer).
    """
    images = load_dataset(data, train=train, test=0, dtype="float64")
    net = MLP((images.X.shape[1], width, width, images.Y.shape[1]))
    records = []
    for size in sizes:
        steps = train // size
        record = simulate(
            images.X,
            images.Y,
            net,
            steps=steps,
            learning_rate=learning_rate * size / train,
            batch_size=size,
            seed=list(seeds),
            measure=[1, steps],
        )
        # With one batch an epoch is one step.
        record = record.isel(step=[0, 1, -1]).drop_vars("epoch").assign_coords(step=np.arange(3, dtype=np.int32))
        records.append(record)
    means = np.asarray([record.c_nfa.mean("seed").values for record in records])
    spread = means.max(axis=0) - means.min(axis=0)
    verdict = {
        "c_nfa_after_one_step": means[:, 1].round(4).tolist(),
        "c_nfa_after_one_epoch": means[:, 2].round(4).tolist(),
        "held": bool(spread[2].max() < 0.01 < spread[1].max()),
    }
    return side_by_side(records, "batch_size", list(sizes), experiment="batch_size", verdict=verdict)
