"""The training runs in which the ansatz emerges."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from nfa_theory.reproduce.plan import Plan
from numerics import MLP, Measure, Parameters, initial_parameters, simulate
from numerics.data import DataSet


def training_network(plan: Plan, data: DataSet) -> MLP:
    """Describe the network that is trained: ReLU, PyTorch's parametrization, no biases."""
    return MLP(
        (data.X.shape[1], *[plan.width] * plan.depth, data.Y.shape[1]), activation="relu", parametrization="pytorch"
    )


def run_training(data: DataSet, plan: Plan, progress: Callable[[int, int], None]) -> xr.Dataset:
    """Train from several random initializations and measure on the way."""
    net = training_network(plan, data)
    seeds = plan.seeds()[: plan.training_seeds].tolist()
    drawn = [initial_parameters(net, seed, data.X.dtype).weights for seed in seeds]
    scale = data.X.dtype.type(plan.initial_scale)
    initial = Parameters(tuple(scale * np.stack(layer) for layer in zip(*drawn, strict=True)))
    test = None if data.X_test is None else (data.X_test, data.Y_test)
    return simulate(
        data.X,
        data.Y,
        net,
        steps=plan.training_steps,
        learning_rate=plan.learning_rate,
        batch_size=plan.batch_size,
        seed=seeds,
        measure=Measure(measured_steps(plan.training_steps), test=test),
        initial_weights=initial,
        progress=progress,
    )


def measured_steps(last: int) -> list[int]:
    """Choose the steps at which to measure: 0, then four per factor of ten, and the last.

    Examples
    --------
    >>> measured_steps(1500)
    [0, 1, 2, 4, 7, 10, 20, 40, 70, 100, 200, 400, 700, 1000, 1500]
    """
    steps = {0, last} | {m * 10**k for k in range(len(str(last))) for m in (1, 2, 4, 7)}
    return sorted(step for step in steps if step <= last)
