"""Networks on images, initial weights at a scale, and runs that keep their last weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import xarray as xr

from numerics.data import load_dataset
from numerics.data.dataset import DataSet
from numerics.networks.mlp import MLP
from numerics.networks.parameters import Parameters
from numerics.training.measure import Measure
from numerics.training.simulation import initial_parameters, simulate

BEFORE_AND_AFTER: Final = 10**9
"""A distance of measurements beyond any run: the first and the last are made all the same."""


def on_images(
    data: str, train: int | None, depth: int, width: int, *, test: int | None = None, dtype: str = "float32", **net: Any
) -> tuple[DataSet, MLP]:
    """Load images, and describe a network with hidden layers of one width for them."""
    images = load_dataset(data, train=train, test=test, dtype=dtype)
    return images, MLP((images.X.shape[1], *[width] * depth, images.Y.shape[1]), **net)


def test_set(images: DataSet) -> tuple[Any, Any] | None:
    """Return test images with their labels, if there are any."""
    return None if images.X_test is None else (images.X_test, images.Y_test)


def scaled_start(net: MLP, seeds: Sequence[int], scale: float, dtype: Any) -> Parameters:
    """Draw the initial weights of every seed and multiply them by a scale."""
    drawn = [initial_parameters(net, seed, dtype).weights for seed in seeds]
    factor = np.dtype(dtype).type(scale)
    return Parameters(tuple(factor * np.stack(layer) for layer in zip(*drawn, strict=True)))


def train_and_keep(X: Any, Y: Any, net: MLP, measure: Measure, **options: Any) -> tuple[xr.Dataset, Parameters]:
    """Train one network, and return its last weights beside its record."""
    final: dict[str, Parameters] = {}
    watched = replace(measure, observe=lambda _seed, _step, weights: final.update(last=weights))
    record = simulate(X, Y, net, measure=watched, **options)
    return record, final["last"]
