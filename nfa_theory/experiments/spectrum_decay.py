"""Predicted and observed early C-NFA against the decay of the input spectrum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from nfa_theory.experiments.collect import side_by_side
from nfa_theory.experiments.prediction import early_alignment
from numerics.data import synthetic_dataset
from numerics.network import MLP


def spectrum_decay(
    *,
    n: int = 200,
    d: int = 32,
    width: int = 2048,
    activation: str = "quadratic",
    decays: Sequence[float] = (0.0, 0.5, 1.0, 1.5, 2.0),
    seeds: Sequence[int] = tuple(range(5)),
) -> xr.Dataset:
    """Take one small gradient step on random labels, with inputs whose i-th eigenvalue falls as a power of i.

    Parameters
    ----------
    n, d : int
        Samples and inputs.
    width : int
        Width of the hidden layer.
    activation : str
        Its activation.
    decays : sequence of float
        Exponents of the spectrum.
    seeds : sequence of int
        One network for each.

    Returns
    -------
    xarray.Dataset
        A record with one more dimension ``decay`` and the variable ``predicted`` (decay, layer). The verdict holds if
        all observed means are within 0.02 and four standard errors of the prediction.

    Notes
    -----
    After Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271).
    """
    net = MLP((d, width, 1), activation, readout="signs", zero_initial_function=True)
    records = []
    for decay in decays:
        data = synthetic_dataset("random_labels", n, d, seed=0, decay=decay, trace=float(d))
        records.append(early_alignment(data.X, data.Y, net, seeds))
    observed = np.asarray([record.c_nfa.isel(step=-1, layer=0).values for record in records])
    predicted = np.asarray([float(record.predicted[0]) for record in records])
    errors = observed.std(axis=1, ddof=1) / len(seeds) ** 0.5
    verdict = {
        "predicted": predicted.round(4).tolist(),
        "observed": observed.mean(axis=1).round(4).tolist(),
        "standard_error": errors.round(4).tolist(),
        "held": bool((np.abs(observed.mean(axis=1) - predicted) < 0.02 + 4 * errors).all()),
    }
    return side_by_side(records, "decay", list(decays), experiment="spectrum_decay", verdict=verdict)
