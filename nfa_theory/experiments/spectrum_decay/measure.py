"""Predicted and observed early C-NFA against the decay of the input spectrum."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import xarray as xr

from nfa_theory.experiments.frame.experiment import Experiment
from nfa_theory.experiments.frame.observed_and_predicted import agreement, early_alignment
from nfa_theory.experiments.frame.pieces import Pieces
from nfa_theory.experiments.frame.records import side_by_side
from nfa_theory.statistics.verdict import Verdict
from numerics.data import synthetic_dataset
from numerics.networks.mlp import MLP


def measure(
    pieces: Pieces,
    n: int = 200,
    d: int = 32,
    width: int = 2048,
    activation: str = "quadratic",
    decays: Sequence[float] = (0.0, 0.5, 1.0, 1.5, 2.0),
    seeds: Sequence[int] = tuple(range(10)),
) -> xr.Dataset:
    """Take one small gradient step on random labels, with inputs whose i-th eigenvalue falls as a power of i."""
    net = MLP((d, width, 1), activation, readout="signs", zero_initial_function=True)
    makes = {}
    for decay in decays:
        data = synthetic_dataset("random_labels", n, d, seed=0, decay=decay, trace=float(d))
        makes[f"decay {decay:g}"] = partial(early_alignment, data.X, data.Y, net, seeds)
    return side_by_side(decays, pieces.records(makes), "decay")


def judge(record: xr.Dataset) -> Verdict:
    """Test at every decay that the mean observed C-NFA is close to the predicted one."""
    return Verdict(agreement(record, "decay"))


EXPERIMENT = Experiment(
    title="Early alignment against the decay of the input spectrum",
    claim="The theory of infinite width predicts the early C-NFA of a wide network to 0.02 at every decay of the input "
    "spectrum.",
    measure=measure,
    judge=judge,
    quick={"n": 80, "d": 16, "width": 1024, "decays": (0.0, 1.0, 2.0), "seeds": (0, 1, 2, 3)},
)
