"""Train a network on images by minibatches and watch its alignments: one record of one network."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from nfa_theory.torch.image_networks import hidden_layers
from nfa_theory.torch.probe import MEASURED, AlignmentProbe
from numerics.errors import DivergenceError, InputError

CHUNK = 256


def watched_training(
    model: nn.Module,
    images: tuple[Tensor, Tensor, Tensor, Tensor],
    optimizer: torch.optim.Optimizer,
    *,
    epochs: int,
    batch_size: int,
    measured: Sequence[int],
    rate: Callable[[float], float],
    samples: int,
    combinations: int | str,
    kind: str,
    seed: int,
    progress: Callable[[int, int], None],
) -> xr.Dataset:
    """Train with the mean squared error; measure at the start, after the first step, and after the given epochs.

    Parameters
    ----------
    model, optimizer
        The network and what moves it; both are changed.
    images : tuple of Tensor
        Images and targets of training and test set.
    epochs, batch_size : int
        How long, and how many images at a time, drawn anew each epoch.
    measured : sequence of int
        After which epochs to measure.
    rate : callable
        Factor of every learning rate by the epochs that are done, such as ``lambda epoch: 1 - epoch / epochs``.
    samples, combinations, kind
        Of the probe.
    seed : int
        Of the batches and of the probe.
    progress : callable
        Called as ``progress(steps done, all steps)``.

    Returns
    -------
    xarray.Dataset
        By ``moment`` (``"start"``, ``"first step"``, ``"epoch 1"``, ...) and ``layer`` (from 1): the alignments
        and what belongs to them, ``loss``, ``accuracy`` and ``test_accuracy``.

    Raises
    ------
    InputError
        If an epoch is a single step.
    DivergenceError
        If the loss is no longer finite.
    """
    x, y, x_test, y_test = images
    names, batches = hidden_layers(model), math.ceil(len(x) / batch_size)
    if batches < 2:
        raise InputError(f"batch_size must be below the number of images ({len(x)}), got {batch_size}")
    moments = {0: "start", 1: "first step"} | {batches * epoch: f"epoch {epoch}" for epoch in measured}
    probe = AlignmentProbe(
        model, x, every=[step for step in moments if step], samples=samples, combinations=combinations, layers=names,
        kind=kind, seed=seed,
    )  # fmt: skip
    starts = [float(group["lr"]) for group in optimizer.param_groups]
    generator = torch.Generator().manual_seed(seed)
    scores = [_scores(model, x, y, x_test, y_test)]
    with probe:
        for step in range(epochs * batches):
            if step % batches == 0:
                order = torch.randperm(len(x), generator=generator).split(batch_size)
            for group, start in zip(optimizer.param_groups, starts, strict=True):
                group["lr"] = start * rate(step / batches)
            rows = order[step % batches]
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            if not math.isfinite(float(loss.detach())):
                raise DivergenceError(f"the loss must stay finite, got {float(loss.detach())} in step {step}")
            if probe.step():
                scores.append(_scores(model, x, y, x_test, y_test))
            progress(step + 1, epochs * batches)
    return _record(probe, moments, scores)


def _record(probe: AlignmentProbe, moments: dict[int, str], scores: list[tuple[float, float, float]]) -> xr.Dataset:
    record = probe.record.isel(seed=0)
    kept = [step for step in record.step.values.tolist() if step in moments]
    chosen = record.sel(step=kept)
    data: dict[str, Any] = {name: (("moment", "layer"), chosen[name].values) for name in MEASURED}
    for at, name in enumerate(("loss", "accuracy", "test_accuracy")):
        data[name] = ("moment", np.asarray([row[at] for row in scores]))
    layers = np.arange(1, record.sizes["layer"] + 1)
    return xr.Dataset(data, {"moment": [moments[step] for step in kept], "layer": layers}, chosen.attrs)


@torch.no_grad()
def _scores(model: nn.Module, x: Tensor, y: Tensor, x_test: Tensor, y_test: Tensor) -> tuple[float, float, float]:
    f, f_test = (torch.cat([model(part) for part in images.split(CHUNK)]) for images in (x, x_test))
    shares = [float((a.argmax(1) == b.argmax(1)).double().mean()) for a, b in ((f, y), (f_test, y_test))]
    return float((f - y).double().square().mean()), shares[0], shares[1]
