"""The smaller the initial weights, the more of the weights is learned, and the closer UC-NFA comes to C-NFA."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from nfa_theory.experiments.collect import side_by_side
from numerics.data import load_dataset
from numerics.network import MLP
from numerics.parameters import Parameters
from numerics.simulation import initial_parameters, simulate


def initialization_scale(
    data: str = "fashion_mnist_subset",
    *,
    train: int | None = 500,
    width: int = 128,
    epochs: int = 60,
    learning_rate: float = 0.2,
    scales: Sequence[float] = (0.5, 1.0, 2.0),
    seeds: Sequence[int] = (0, 1, 2),
) -> xr.Dataset:
    """Train a network with two hidden layers from PyTorch's initial weights times several scales.

    Parameters
    ----------
    data : str
        A named set of images.
    train : int, optional
        Number of training images.
    width : int
        Width of the two hidden layers.
    epochs : int
        Passes over the data; batches of 128.
    learning_rate : float
        Learning rate, times 1 / scale^4 above scale 1: the tangent kernel of three layers grows
        like scale^4.
    scales : sequence of float
        Factors on all initial weights, increasing.
    seeds : sequence of int
        One run for each.

    Returns
    -------
    xarray.Dataset
        A record with one more dimension ``scale``. The verdict holds if in every layer the gap between the mean C-NFA
        and the mean UC-NFA after training is larger at the largest scale than at the smallest.

    Notes
    -----
    After Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271).
    """
    images = load_dataset(data, train=train, test=0, dtype="float32")
    net = MLP(
        (images.X.shape[1], width, width, images.Y.shape[1]), parametrization="pytorch", zero_initial_function=True
    )
    starts = [initial_parameters(net, seed, np.float32) for seed in seeds]
    records = []
    for scale in scales:
        layers = zip(*(start.weights for start in starts), strict=True)
        records.append(
            simulate(
                images.X,
                images.Y,
                net,
                epochs=epochs,
                learning_rate=learning_rate / max(1.0, scale) ** 4,
                seed=list(seeds),
                initial_weights=Parameters(tuple(np.float32(scale) * np.stack(Ws) for Ws in layers)),
                measure=10**9,
            )
        )
    last = [record.isel(step=-1).mean("seed") for record in records]
    gaps = [(one.c_nfa - one.uc_nfa).values for one in last]
    verdict = {
        "uc_nfa": [one.uc_nfa.values.round(4).tolist() for one in last],
        "c_nfa": [one.c_nfa.values.round(4).tolist() for one in last],
        "relative_weight_change": [one.relative_weight_change.values.round(4).tolist() for one in last],
        "held": bool((gaps[-1] > gaps[0]).all()),
    }
    return side_by_side(records, "scale", list(scales), experiment="initialization_scale", verdict=verdict)
