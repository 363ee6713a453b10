"""The networks of the experiments on images, trained and watched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import xarray as xr

from nfa_theory.torch.image_networks import hidden_layers, image_tensors, perceptron, small_convolutions, vgg11
from nfa_theory.torch.speed_limited import SpeedLimited
from nfa_theory.torch.watched_training import watched_training
from numerics.data.dataset import DataSet


def train_classifier(
    images: DataSet,
    *,
    network: str,
    sizes: Mapping[str, int],
    seed: int,
    learning_rate: float,
    momentum: float,
    epochs: int,
    measured: Sequence[int],
    first_epoch: float | None = None,
    **settings: Any,
) -> xr.Dataset:
    """Train ``"vgg11"`` or ``"mlp"`` with plain SGD; `first_epoch` multiplies the rate of the first epoch."""
    tensors = image_tensors(images)
    channels, outputs = int(tensors[0].shape[1]), int(tensors[1].shape[1])
    if network == "vgg11":
        model = vgg11(channels, outputs, seed=seed, **sizes)
    else:
        model = perceptron(tensors[0][0].numel(), outputs, seed=seed, **sizes)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=momentum)

    def rate(epoch: float) -> float:
        return first_epoch if first_epoch is not None and epoch < 1 else 1.0

    return watched_training(
        model, tensors, optimizer, epochs=epochs, measured=measured, rate=rate, seed=seed, **settings
    )


def train_favored(
    images: DataSet,
    *,
    channels: int,
    favored: int,
    rate: float,
    others: float,
    seed: int,
    epochs: int,
    batch_size: int,
    progress: Callable[[int, int], None],
) -> xr.Dataset:
    """Train three convolutions with SLO on one of them, or with plain SGD (0); the rate falls to zero on a line."""
    tensors = image_tensors(images, square=False)
    _, image_channels, _, side = tensors[0].shape
    model = small_convolutions(image_channels, side, int(tensors[1].shape[1]), channels, seed)
    optimizer: torch.optim.Optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    if favored:
        optimizer = SpeedLimited.from_model(model, hidden_layers(model)[favored - 1], others=others, lr=rate)
    return watched_training(
        model, tensors, optimizer, epochs=epochs, measured=[epochs], rate=lambda epoch: 1 - epoch / epochs, seed=seed,
        batch_size=batch_size, samples=500, combinations="all", kind="cosine", progress=progress,
    )  # fmt: skip
