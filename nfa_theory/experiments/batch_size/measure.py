"""Batch size and early alignment: after one step, and after one epoch of small steps."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import numpy as np
import xarray as xr

from nfa_theory.experiments.frame.experiment import Experiment
from nfa_theory.experiments.frame.pieces import Pieces
from nfa_theory.experiments.frame.records import in_every_layer, side_by_side
from nfa_theory.experiments.frame.training import on_images
from nfa_theory.statistics.verdict import Verdict
from numerics.errors import InputError
from numerics.training.simulation import simulate

MARGIN: Final = 0.01
"""C-NFA that differ by this much are different."""


def measure(
    pieces: Pieces,
    data: str = "fashion_mnist_subset",
    train: int = 512,
    width: int = 256,
    sizes: Sequence[int] = (1, 4, 16, 64, 512),
    learning_rate: float = 1e-4,
    seeds: Sequence[int] = tuple(range(1000, 1010)),
) -> xr.Dataset:
    """Measure the C-NFA after the first step and after the first epoch, for several batch sizes."""
    sizes = sorted({min(size, train) for size in sizes})  # more than there are means all
    if len(sizes) < 2:
        raise InputError(f"batch_size compares batches of at least 2 sizes, got {train} samples and sizes {sizes}")
    images, net = on_images(data, train, 2, width, test=0, dtype="float64", zero_initial_function=True)
    run = partial(simulate, images.X, images.Y, net, seed=list(seeds))
    makes = {
        f"batches of {size}": partial(
            run,
            steps=train // size,
            learning_rate=learning_rate * size / train,
            batch_size=size,
            measure=[1, train // size],
        )
        for size in sizes
    }
    # With one batch an epoch is one step.
    found = [record.isel(step=[0, 1, -1]).drop_vars("epoch") for record in pieces.records(makes)]
    steps = np.arange(3, dtype=np.int32)
    return side_by_side(sizes, [record.assign_coords(step=steps) for record in found], "batch_size")


def judge(record: xr.Dataset) -> Verdict:
    """Test that batches differ from all samples after one step, and do not after one epoch."""
    smallest, *_, largest = record.batch_size.values.tolist()
    difference = record.c_nfa - record.c_nfa.sel(batch_size=largest, drop=True)
    first = f"after one step on {smallest} samples the C-NFA of layer {{layer}} is higher than on all by over {MARGIN}"
    parts = in_every_layer(first, difference, above=MARGIN, batch_size=smallest, step=1)
    for size in record.batch_size.values.tolist()[:-1]:
        near = (
            f"after one epoch in batches of {size} the C-NFA of layer {{layer}} is within {MARGIN} of that of one batch"
        )
        parts += in_every_layer(near, difference, -MARGIN, MARGIN, batch_size=size, step=2)
    return Verdict(parts)


EXPERIMENT = Experiment(
    title="Batch size and early alignment",
    claim="The batch size decides the alignment of a step but not that of an epoch: after one step the C-NFA of small "
    "batches is higher than that of all samples, after one epoch of small steps it is the same.",
    measure=measure,
    judge=judge,
    quick={"train": 128, "width": 64, "sizes": (1, 8, 128), "seeds": (0, 1, 2, 3)},
)
