"""SLO on each layer in turn: whatever layer is favored, its alignment becomes high, and the network learns no worse."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import xarray as xr

from nfa_theory.experiments.frame.experiment import Experiment
from nfa_theory.experiments.frame.optimizers import Trial, best_rate, compare_optimizers, plain_sgd
from nfa_theory.experiments.frame.pieces import Pieces
from nfa_theory.experiments.frame.records import by_seed, last_step
from nfa_theory.experiments.frame.training import BEFORE_AND_AFTER, on_images, test_set
from nfa_theory.statistics.verdict import Part, Verdict
from numerics.errors import InputError
from numerics.optimizers import SpeedLimited
from numerics.training.measure import Measure
from numerics.training.simulation import simulate

ALIGNED: Final = 0.9
"""The UC-NFA that the favored layer is claimed to reach."""


def measure(
    pieces: Pieces,
    data: str = "fashion_mnist_subset",
    train: int | None = None,
    depth: int = 5,
    width: int = 256,
    steps: int = 800,
    seeds: Sequence[int] = tuple(range(1000, 1010)),
    sgd_rates: Sequence[float] = (0.1, 0.4, 0.7, 1.0, 1.3),
    speeds: Sequence[float] = (5.0, 7.0, 7.0, 7.0, 7.0),
    before: float = 0.004,
    after: Sequence[float] = (0.001, 0.0005, 0.0005, 0.0005, 0.0005),
) -> xr.Dataset:
    """Train with SLO on every hidden layer in turn, and with plain SGD at several learning rates.

    Notes
    -----
    PyTorch's initial weights, which are small enough to be outgrown. The speeds were chosen with seeds 0 and 100 to
    102, before seeds from 1000 on were run, see ``docs/experiments.md``.
    """
    if not len(speeds) == len(after) == depth:
        raise InputError(f"speeds and after must have {depth} numbers, got {len(speeds)} and {len(after)}")
    images, net = on_images(data, train, depth, width, parametrization="pytorch")
    trials = plain_sgd(sgd_rates)
    for layer, speed, slow in zip(range(1, depth + 1), speeds, after, strict=True):
        rule = SpeedLimited([before] * (layer - 1) + [1.0] + [slow] * (depth + 1 - layer))
        trials[f"slo {layer}"] = Trial(rule, speed, favored=layer)
    train_all = partial(
        simulate,
        images.X,
        images.Y,
        net,
        steps=steps,
        seed=list(seeds),
        measure=Measure(BEFORE_AND_AFTER, test=test_set(images)),
    )
    return compare_optimizers(pieces, trials, data, train_all)


def judge(record: xr.Dataset) -> Verdict:
    """Test for every favored layer its UC-NFA, and the training accuracy against plain SGD at its best rate."""
    last = last_step(record)
    best = best_rate(record, last.accuracy)
    ahead = last.accuracy - last.accuracy.sel(optimizer=best, drop=True)
    parts = []
    for layer in record.layer.values.tolist():
        name = f"slo {layer}"
        parts += [
            Part(
                f"UC-NFA of layer {layer} after SLO on it is at least {ALIGNED}",
                by_seed(last.uc_nfa, optimizer=name, layer=layer),
                above=ALIGNED,
            ),
            Part(
                f"training accuracy of {name} - that of {best}",
                by_seed(ahead, optimizer=name),
                above=0.0,
            ),
        ]
    return Verdict(parts, {"best_sgd": best})


EXPERIMENT = Experiment(
    title="SLO on each layer in turn",
    claim=f"SLO raises the UC-NFA of whatever hidden layer it favors to at least {ALIGNED}, and its training accuracy "
    "is on average higher than that of plain SGD at its best learning rate, after as many steps.",
    measure=measure,
    judge=judge,
    quick={
        "train": 300,
        "depth": 3,
        "width": 64,
        "steps": 60,
        "seeds": (1, 2, 3),
        "sgd_rates": (0.3, 1.0),
        "speeds": (3.0, 3.0, 3.0),
        "after": (0.003, 0.003, 0.003),
    },
)
