"""One small step of gradient descent, beside what the theory predicts from the data alone, and the test of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import xarray as xr
from jaxtyping import Shaped

from nfa_theory.experiments.frame.records import by_seed, last_step
from nfa_theory.predict import predict_alignment
from nfa_theory.statistics.verdict import Part
from numerics.networks.mlp import MLP
from numerics.training.simulation import simulate

MARGIN: Final = 0.02
"""A prediction that is off by this much is wrong: the null hypothesis of the tests."""


def early_alignment(
    X: Shaped[Any, "n d"],
    Y: Shaped[Any, "n c"],
    net: MLP,
    seeds: Sequence[int],
    learning_rate: float = 1e-5,
    progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Observe and predict the C-NFA of the first moment of training."""
    record = simulate(
        X, Y, net, steps=1, learning_rate=learning_rate, optimizer="gd", measure=1, seed=list(seeds), progress=progress
    )
    limit = predict_alignment(X, Y, net, initial_function="zero").limit
    record["predicted"] = ("layer", np.asarray(limit, np.float64))
    return record


def agreement(record: xr.Dataset, dimension: str) -> list[Part]:
    """State, for each setting, that the observed C-NFA of the first layer is within `MARGIN` of the predicted one."""
    difference = last_step(record).c_nfa.sel(layer=1) - record.predicted.sel(layer=1)
    return [
        Part(
            f"observed C-NFA is within {MARGIN:g} of the predicted one at {dimension} {value:g}",
            by_seed(difference, **{dimension: value}),
            above=-MARGIN,
            below=MARGIN,
        )
        for value in record[dimension].values.tolist()
    ]
