"""Batch size and early alignment: after one step, and after one epoch of small steps."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import numpy as np
import xarray as xr

from nfa_theory.experiments.collect import by_seed, side_by_side
from nfa_theory.experiments.experiment import Experiment
from nfa_theory.experiments.pieces import Pieces
from nfa_theory.experiments.verdict import Part, Verdict
from numerics.data import load_dataset
from numerics.networks.mlp import MLP
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
    images = load_dataset(data, train=train, test=0, dtype="float64")
    net = MLP((images.X.shape[1], width, width, images.Y.shape[1]), zero_initial_function=True)
    pieces.expect(len(sizes))
    records = {}
    for size in sizes:
        record = pieces.record(
            f"batches of {size}",
            partial(
                simulate,
                images.X,
                images.Y,
                net,
                steps=train // size,
                learning_rate=learning_rate * size / train,
                batch_size=size,
                seed=list(seeds),
                measure=[1, train // size],
            ),
        )
        # With one batch an epoch is one step.
        records[size] = record.isel(step=[0, 1, -1]).drop_vars("epoch").assign_coords(step=np.arange(3, dtype=np.int32))
    return side_by_side(records, "batch_size")


def judge(record: xr.Dataset) -> Verdict:
    """Test that batches differ from all samples after one step, and do not after one epoch."""
    smallest, *_, largest = record.batch_size.values.tolist()
    difference = record.c_nfa - record.c_nfa.sel(batch_size=largest, drop=True)
    parts = [
        Part(
            f"after one step on {smallest} samples the C-NFA of layer {layer} is higher than on all by over {MARGIN}",
            by_seed(difference, batch_size=smallest, step=1, layer=layer),
            above=MARGIN,
        )
        for layer in record.layer.values.tolist()
    ]
    parts += [
        Part(
            f"after one epoch in batches of {size} the C-NFA of layer {layer} is within {MARGIN} of that of one batch",
            by_seed(difference, batch_size=size, step=2, layer=layer),
            above=-MARGIN,
            below=MARGIN,
        )
        for size in record.batch_size.values.tolist()[:-1]
        for layer in record.layer.values.tolist()
    ]
    return Verdict(parts)


EXPERIMENT = Experiment(
    name="batch_size",
    title="Batch size and early alignment",
    claim="The batch size decides the alignment of a step but not that of an epoch: after one step the C-NFA of small "
    "batches is higher than that of all samples, after one epoch of small steps it is the same.",
    measure=measure,
    judge=judge,
    figures=("nfa_theory.figures.batch_size:batch_size_figure",),
    quick={"train": 128, "width": 64, "sizes": (1, 8, 128), "seeds": (0, 1, 2, 3)},
    source="Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271)",
)
