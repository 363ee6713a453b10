"""Data that break the early alignment: predicted and observed C-NFA, from the broken mixture to the balanced one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import xarray as xr

from nfa_theory.experiments.collect import side_by_side
from nfa_theory.experiments.prediction import early_alignment
from numerics.data import alignment_breaking_mixture
from numerics.network import MLP


def broken_alignment(
    *,
    n: int = 400,
    d: int = 16,
    width: int = 2048,
    balances: Sequence[float] = (0.4, 0.2, 0.1, 0.05, 0.02),
    variance: float = 0.0,
    seeds: Sequence[int] = tuple(range(5)),
) -> xr.Dataset:
    """Take one small gradient step of a wide quadratic network on mixtures from balanced to broken.

    Parameters
    ----------
    n, d : int
        Samples and inputs.
    width : int
        Width of the hidden layer.
    balances : sequence of float
        Share of the samples along the first direction, below 1/2 (balanced: constant labels) and decreasing.
    variance : float
        Variance of isotropic noise.
    seeds : sequence of int
        One network for each.

    Returns
    -------
    xarray.Dataset
        A record with one more dimension ``balance`` and the variable ``predicted`` (balance, layer), the C-NFA of an
        infinitely wide network. The verdict holds if the observed means are within 0.02 and four standard errors of the
        prediction, and fall with the balance.

    Notes
    -----
    The setting is that of Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271); see
    `numerics.data.alignment_breaking_mixture` for how the data are made here.
    """
    net = MLP((d, width, 1), "quadratic", readout="signs", zero_initial_function=True)
    records = []
    for balance in balances:
        X, Y = alignment_breaking_mixture(n, d, np.random.default_rng(0), balance=balance, variance=variance)
        records.append(early_alignment(X, Y, net, seeds))
    observed = [record.c_nfa.isel(step=-1, layer=0) for record in records]
    predicted = [float(record.predicted[0]) for record in records]
    means = [float(values.mean()) for values in observed]
    errors = [float(values.std(ddof=1)) / len(seeds) ** 0.5 for values in observed]
    close = [abs(a - b) < 0.02 + 4 * e for a, b, e in zip(means, predicted, errors, strict=True)]
    verdict = {
        "predicted": [round(value, 4) for value in predicted],
        "observed": [round(value, 4) for value in means],
        "standard_error": [round(value, 4) for value in errors],
        "held": all(close) and all(a > b for a, b in pairwise(means)),
    }
    return side_by_side(records, "balance", list(balances), experiment="broken_alignment", verdict=verdict)
