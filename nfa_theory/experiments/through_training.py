"""UC-NFA, C-NFA and the terms of the decomposition, layer by layer, through training on a named set of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import xarray as xr

from nfa_theory.experiments.collect import with_verdict
from numerics.data import load_dataset
from numerics.network import MLP
from numerics.simulation import simulate


def through_training(
    data: str = "fashion_mnist_subset",
    *,
    train: int | None = None,
    depth: int = 5,
    width: int = 256,
    epochs: int = 20,
    learning_rate: float = 0.3,
    seeds: Sequence[int] = (0, 1, 2),
    combinations: int | None = None,
) -> xr.Dataset:
    """Train with plain SGD and measure at steps 0, 1, 2, 4, 8, ... and at the end.

    Parameters
    ----------
    data : str
        A named set of images.
    train : int, optional
        Number of training images, by default all.
    depth, width : int
        Hidden layers, and their width.
    epochs : int
        Passes over the data; batches of 128.
    learning_rate : float
        Learning rate.
    seeds : sequence of int
        One run for each.
    combinations : int, optional
        Measure by random combinations of the outputs.

    Returns
    -------
    xarray.Dataset
        A record. The verdict holds if in every layer the mean C-NFA exceeds the mean UC-NFA at the first step, and the
        centered term's share of the UC-NFA grows through training.

    Notes
    -----
    After Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271).
    """
    images = load_dataset(data, train=train, dtype="float32")
    net = MLP((images.X.shape[1], *[width] * depth, images.Y.shape[1]), parametrization="pytorch")
    steps = epochs * -(-len(images.X) // 128)
    record = simulate(
        images.X,
        images.Y,
        net,
        steps=steps,
        learning_rate=learning_rate,
        seed=list(seeds),
        measure=sorted({*(2**i for i in range(steps.bit_length())), steps} - {2 ** steps.bit_length()}),
        test=None if images.X_test is None else (images.X_test, images.Y_test),
        combinations=combinations,
    )
    return with_verdict(record, experiment="through_training", verdict=_verdict(record))


def _verdict(record: xr.Dataset) -> dict[str, Any]:
    mean = record.mean("seed")
    first, last = mean.isel(step=1), mean.isel(step=-1)
    shares = [
        (one.decomposition.sel(nfm_term="centered", agop_term="centered") / one.uc_nfa).values for one in (first, last)
    ]
    return {
        "c_nfa_at_the_first_step": first.c_nfa.values.round(4).tolist(),
        "uc_nfa_at_the_first_step": first.uc_nfa.values.round(4).tolist(),
        "share_of_the_centered_term": [share.round(6).tolist() for share in shares],
        "held": bool((first.c_nfa > first.uc_nfa).all() and (shares[1] > shares[0]).all()),
    }
