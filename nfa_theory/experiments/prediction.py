"""One small step of gradient descent, beside what the theory predicts from the data alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from nfa_theory.predict import predict_alignment
from numerics.network import MLP
from numerics.simulation import simulate


def early_alignment(X: Any, Y: Any, net: MLP, seeds: Sequence[int], learning_rate: float = 1e-5) -> xr.Dataset:
    """Observe and predict the C-NFA of the first moment of training.

    Parameters
    ----------
    X : array, shape (n, d)
        Inputs.
    Y : array, shape (n, c)
        Labels.
    net : MLP
        A network whose function is zero at initialization.
    seeds : sequence of int
        One run for each.
    learning_rate : float
        Of the one step on all samples.

    Returns
    -------
    xarray.Dataset
        A record with the variable ``predicted`` (layer), the C-NFA of an infinitely wide network.
    """
    record = simulate(X, Y, net, steps=1, learning_rate=learning_rate, optimizer="gd", measure=1, seed=list(seeds))
    limit = predict_alignment(X, Y, net, initial_function="zero").limit
    record["predicted"] = ("layer", np.asarray(limit, np.float64))
    return record
