"""The smaller the initial weights, the more of the weights is learned, and the closer UC-NFA comes to C-NFA."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import xarray as xr

from nfa_theory.experiments.collect import by_seed, last_step, side_by_side
from nfa_theory.experiments.experiment import Experiment
from nfa_theory.experiments.pieces import Pieces
from nfa_theory.experiments.verdict import Part, Verdict
from numerics.data import load_dataset
from numerics.networks.mlp import MLP
from numerics.networks.parameters import Parameters
from numerics.training.simulation import initial_parameters, simulate


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
    images = load_dataset(data, train=train, test=0, dtype="float32")
    net = MLP(
        (images.X.shape[1], width, width, images.Y.shape[1]), parametrization="pytorch", zero_initial_function=True
    )
    layers = list(zip(*(initial_parameters(net, seed, np.float32).weights for seed in seeds), strict=True))
    pieces.expect(len(scales))
    records = {
        scale: pieces.record(
            f"scale {scale:g}",
            partial(
                simulate,
                images.X,
                images.Y,
                net,
                epochs=epochs,
                learning_rate=learning_rate / max(1.0, scale) ** 4,
                seed=list(seeds),
                initial_weights=Parameters(tuple(np.float32(scale) * np.stack(Ws) for Ws in layers)),
                measure=10**9,
            ),
        )
        for scale in scales
    }
    return side_by_side(records, "scale")


def judge(record: xr.Dataset) -> Verdict:
    """Test layer by layer that the gap between C-NFA and UC-NFA is wider at the largest scale than at the smallest."""
    last = last_step(record)
    gap = last.c_nfa - last.uc_nfa
    low, high = record.scale.values[[0, -1]].tolist()
    widening = gap.sel(scale=high, drop=True) - gap.sel(scale=low, drop=True)
    return Verdict(
        [
            Part(
                f"C-NFA - UC-NFA of layer {layer} is larger at scale {high:g} than at {low:g}",
                by_seed(widening, layer=layer),
                0.0,
            )
            for layer in record.layer.values.tolist()
        ]
    )


EXPERIMENT = Experiment(
    name="initialization_scale",
    title="The effect of the initialization scale",
    claim="The larger the initial weights, the further the UC-NFA after training stays below the C-NFA: their gap is "
    "wider at the largest scale than at the smallest, in every hidden layer.",
    measure=measure,
    judge=judge,
    figures=("nfa_theory.figures.initialization_scale:initialization_scale_figure",),
    quick={"train": 200, "width": 64, "epochs": 15, "scales": (0.5, 1.0, 2.0), "seeds": (0, 1, 2)},
    source="Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271)",
)
