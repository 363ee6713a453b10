"""Predicted and observed early C-NFA against the decay of the input spectrum."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import xarray as xr

from nfa_theory.experiments.collect import side_by_side
from nfa_theory.experiments.early_alignment import agreement, early_alignment
from nfa_theory.experiments.experiment import Experiment
from nfa_theory.experiments.pieces import Pieces
from nfa_theory.experiments.verdict import Verdict
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
    pieces.expect(len(decays))
    records = {}
    for decay in decays:
        data = synthetic_dataset("random_labels", n, d, seed=0, decay=decay, trace=float(d))
        records[decay] = pieces.record(
            f"decay {decay:g}",
            partial(early_alignment, data.X, data.Y, net, seeds),
        )
    return side_by_side(records, "decay")


def judge(record: xr.Dataset) -> Verdict:
    """Test at every decay that the mean observed C-NFA is close to the predicted one."""
    return Verdict(agreement(record, "decay"))


EXPERIMENT = Experiment(
    name="spectrum_decay",
    title="Early alignment against the decay of the input spectrum",
    claim="The theory of infinite width predicts the early C-NFA of a wide network to 0.02 at every decay of the input "
    "spectrum.",
    measure=measure,
    judge=judge,
    figures=("nfa_theory.figures.predicted_setting:spectrum_decay_figure",),
    quick={"n": 80, "d": 16, "width": 1024, "decays": (0.0, 1.0, 2.0), "seeds": (0, 1, 2, 3)},
    source="Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271)",
)
