"""The smaller the initial weights, the more of the weights is learned, and the closer UC-NFA comes to C-NFA."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import xarray as xr

from nfa_theory.experiments.frame.experiment import Experiment
from nfa_theory.experiments.frame.pieces import Pieces
from nfa_theory.experiments.frame.records import in_every_layer, last_step, side_by_side
from nfa_theory.experiments.frame.training import BEFORE_AND_AFTER, on_images, scaled_start
from nfa_theory.statistics.verdict import Verdict
from numerics.training.simulation import simulate


def measure(
    pieces: Pieces,
    data: str = "fashion_mnist_subset",
    train: int | None = 500,
    width: int = 128,
    epochs: int = 60,
    learning_rate: float = 0.2,
    scales: Sequence[float] = (0.25, 0.5, 1.0, 2.0, 4.0),
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
) -> xr.Dataset:
    """Train a network with two hidden layers from PyTorch's initial weights times several scales."""
    images, net = on_images(data, train, 2, width, test=0, parametrization="pytorch", zero_initial_function=True)
    run = partial(simulate, images.X, images.Y, net, epochs=epochs, seed=list(seeds), measure=BEFORE_AND_AFTER)
    makes = {
        f"scale {scale:g}": partial(
            run,
            learning_rate=learning_rate / max(1.0, scale) ** 4,
            initial_weights=scaled_start(net, seeds, scale, np.float32),
        )
        for scale in scales
    }
    return side_by_side(scales, pieces.records(makes), "scale")


def judge(record: xr.Dataset) -> Verdict:
    """Test layer by layer that the gap between C-NFA and UC-NFA is wider at the largest scale than at the smallest."""
    last = last_step(record)
    gap = last.c_nfa - last.uc_nfa
    low, high = record.scale.values[[0, -1]].tolist()
    widening = gap.sel(scale=high, drop=True) - gap.sel(scale=low, drop=True)
    statement = f"C-NFA - UC-NFA of layer {{layer}} is larger at scale {high:g} than at {low:g}"
    return Verdict(in_every_layer(statement, widening, above=0.0))


EXPERIMENT = Experiment(
    title="The effect of the initialization scale",
    claim="The larger the initial weights, the further the UC-NFA after training stays below the C-NFA: their gap is "
    "wider at the largest scale than at the smallest, in every hidden layer.",
    measure=measure,
    judge=judge,
    quick={"train": 200, "width": 64, "epochs": 15, "scales": (0.5, 1.0, 2.0), "seeds": (0, 1, 2)},
)
