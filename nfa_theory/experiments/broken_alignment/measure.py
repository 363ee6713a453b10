"""Data that break the early alignment: predicted and observed C-NFA, from the balanced mixture to the broken one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import numpy as np
import xarray as xr

from nfa_theory.experiments.frame.experiment import Experiment
from nfa_theory.experiments.frame.observed_and_predicted import agreement, early_alignment
from nfa_theory.experiments.frame.pieces import Pieces
from nfa_theory.experiments.frame.records import last_step, side_by_side
from nfa_theory.statistics.verdict import Part, Verdict
from numerics.data import alignment_breaking_mixture
from numerics.networks.mlp import MLP


def measure(
    pieces: Pieces,
    n: int = 400,
    d: int = 16,
    width: int = 2048,
    balances: Sequence[float] = (0.4, 0.2, 0.1, 0.05, 0.02),
    variance: float = 0.0,
    seeds: Sequence[int] = tuple(range(10)),
) -> xr.Dataset:
    """Take one small gradient step of a wide quadratic network on mixtures from balanced to broken.

    Notes
    -----
    See `numerics.data.alignment_breaking_mixture` for how the data are made here.
    """
    net = MLP((d, width, 1), "quadratic", readout="signs", zero_initial_function=True)
    makes = {}
    for balance in balances:
        X, Y = alignment_breaking_mixture(n, d, np.random.default_rng(0), balance=balance, variance=variance)
        makes[f"balance {balance:g}"] = partial(early_alignment, X, Y, net, seeds)
    return side_by_side(balances, pieces.records(makes), "balance")


def judge(record: xr.Dataset) -> Verdict:
    """Test that observed and predicted C-NFA are close at every balance, and that the observed one falls with it."""
    observed = last_step(record).c_nfa.sel(layer=1)
    falls = [
        Part(
            f"C-NFA is lower at balance {b:g} than at {a:g}",
            (observed.sel(balance=a) - observed.sel(balance=b)).values.tolist(),
            0.0,
        )
        for a, b in pairwise(record.balance.values.tolist())
    ]
    return Verdict([*agreement(record, "balance"), *falls])


EXPERIMENT = Experiment(
    title="Data that break the early alignment",
    claim="Two directions of unequal frequency break the early alignment as the theory of infinite width predicts: "
    "the C-NFA falls with the balance, and is predicted to 0.02.",
    measure=measure,
    judge=judge,
    quick={"n": 200, "d": 8, "width": 1024, "balances": (0.4, 0.1, 0.02), "seeds": (0, 1, 2, 3)},
)
