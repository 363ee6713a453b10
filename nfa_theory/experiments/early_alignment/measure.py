"""Early C-NFA at several widths beside its prediction: means at the widths, the same weights, the limit."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from nfa_theory.experiments.early_alignment.comparisons import PAIRS, PREDICTED_FROM, STEPS, compared
from nfa_theory.experiments.early_alignment.one_network import (
    alignments_after_steps,
    early_alignment,
    predicted_alignment,
)
from nfa_theory.experiments.early_alignment.verdict import judge, numbers
from nfa_theory.experiments.frame.experiment import Experiment
from nfa_theory.experiments.frame.pieces import Pieces
from nfa_theory.predict import predict_alignment
from nfa_theory.statistics.extrapolation import ORDER
from numerics import MLP
from numerics.backend.version import package_version
from numerics.data import load_dataset
from numerics.training.records import machine


def measure(
    pieces: Pieces,
    data: str = "fashion_mnist_subset",
    train: int = 200,
    depth: int = 5,
    widths: Sequence[int] = (64, 128, 256, 384, 512, 1024),
    fitted_from: int = 256,
    seeds: Sequence[int] = tuple(range(24)),
    data_seed: int = 0,
) -> xr.Dataset:
    """Measure random networks after one vanishing step, and predict what they show; no two networks share a seed.

    Notes
    -----
    ReLU, NTK parametrization, zero function at initialization. Widths below `fitted_from` are left out of the
    extrapolation: the expansion in 1/width is one in depth/width, and at width 64 and depth 5 its second term is half
    of the first. Width after width takes as many seeds as there are in `seeds`, from the first on; the first few of
    each make a small step too, and are predicted from their own weights.
    """
    images = load_dataset(data, train=train, test=0, dtype="float32", seed=data_seed)
    drawn = seeds[0] + np.arange(len(widths) * len(seeds)).reshape(len(widths), len(seeds))
    nets = [_network(width, depth, images.X.shape[1], images.Y.shape[1]) for width in widths]
    makes: dict[str, Any] = {}
    for i, net in enumerate(nets):
        own = int(drawn.max()) + 1 + i  # networks of the prediction are not those that are measured
        makes[f"measuring early C-NFA at width {widths[i]}"] = partial(
            _at_width, images.X, images.Y, net, drawn[i].tolist(), own
        )
    found = pieces.records(makes, costs=[float(width) ** 2 for width in widths])
    X, Y = images.X.astype(np.float64), images.Y.astype(np.float64)
    limit = predict_alignment(X, Y, nets[-1], initial_function="zero").limit
    joined = xr.concat(found, dim=xr.Variable("width", np.asarray(widths, np.int32)), combine_attrs="drop")
    table = joined.assign(predicted=("layer", np.asarray(limit)))
    table.attrs = {"fitted_from": fitted_from, "version": package_version(), "machine": json.dumps(machine())}
    fits = [each.limit.extrapolation.coefficients for each in compared(table)]
    return table.assign(coefficient=(("layer", "power"), np.asarray(fits))).assign_coords(
        power=np.arange(ORDER + 1, dtype=np.int32)
    )


def _network(width: int, depth: int, inputs: int, outputs: int) -> MLP:
    return MLP(
        (inputs, *[width] * depth, outputs), activation="relu", parametrization="ntk", zero_initial_function=True
    )


def _at_width(
    X: Any, Y: Any, net: MLP, seeds: Sequence[int], own_seed: int, *, progress: Callable[[int, int], None]
) -> xr.Dataset:
    predicted = predict_alignment(X, Y, net, initial_function="zero", networks=PREDICTED_FROM, seed=own_seed)
    measured, stepped, formula = [], [], []
    for done, seed in enumerate(seeds, start=1):
        if done <= PAIRS:
            vanishing, *small = alignments_after_steps(X, Y, net, seed, (0.0, *STEPS))
            stepped.append(small)
            formula.append(predicted_alignment(X, Y, net, seed))
        else:
            vanishing = early_alignment(X, Y, net, seed)
        measured.append(vanishing)
        progress(done, len(seeds))
    return xr.Dataset(
        {
            "measured": (("seed", "layer"), np.asarray(measured)),
            "predicted_mean": ("layer", np.asarray(predicted.mean)),
            "predicted_error": ("layer", np.asarray(predicted.mean_error)),
            "stepped": (("pair", "learning_rate", "layer"), np.asarray(stepped)),
            "predicted_of_pair": (("pair", "layer"), np.asarray(formula)),
            "weights_seed": ("seed", np.asarray(seeds, np.int32)),
        },
        {
            "seed": np.arange(len(seeds), dtype=np.int32),
            "layer": np.arange(1, net.depth + 1, dtype=np.int32),
            "learning_rate": np.asarray(STEPS),
        },
    )


EXPERIMENT = Experiment(
    title="Early alignment, predicted before training",
    claim="The early C-NFA of every layer of deep ReLU networks on images has the means that theory predicts at each "
    "width, is what the formula says of the very same weights, and tends to the limit predicted from the images alone.",
    measure=measure,
    judge=judge,
    quick={"train": 60, "depth": 2, "widths": (32, 64, 128, 256, 512), "fitted_from": 64, "seeds": tuple(range(8))},
    numbers=numbers,
)
