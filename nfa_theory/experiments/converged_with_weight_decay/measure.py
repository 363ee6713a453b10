"""At convergence with weight decay: the ansatz, the ansatz with exponents, and FACT, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import xarray as xr

from nfa_theory.experiments.frame.experiment import Experiment
from nfa_theory.experiments.frame.pieces import Pieces
from nfa_theory.experiments.frame.records import along_seeds, by_seed, in_every_layer, last_step, too_short
from nfa_theory.statistics.verdict import Part, Verdict
from numerics.data import synthetic_dataset
from numerics.data.dataset import DataSet
from numerics.feature_matrices.alignments import alignment
from numerics.feature_matrices.definitions import features
from numerics.feature_matrices.fact import fact_matrices
from numerics.networks.mlp import MLP
from numerics.networks.parameters import Parameters
from numerics.optimizers import Descent
from numerics.training.measure import Measure
from numerics.training.simulation import simulate

STEPS: Final = 60_000
"""Steps after which training is taken to stand still; a shorter run says nothing of the claim."""


def measure(
    pieces: Pieces,
    n: int = 100,
    d: int = 8,
    width: int = 32,
    activation: str = "tanh",
    weight_decay: float = 1e-2,
    learning_rate: float = 0.1,
    steps: int = STEPS,
    exponents: Sequence[float] = (0.25, 1 / 3, 0.5, 0.75, 1.0),
    seeds: Sequence[int] = tuple(range(1000, 1010)),
) -> xr.Dataset:
    """Train by gradient descent with weight decay until it stands still, on a quadratic teacher of rank two.

    Notes
    -----
    FACT is the condition of Boix-Adsera, Mallinar, Simon and Belkin (arXiv 2507.05644).
    """
    data = synthetic_dataset("quadratic_teacher", n, d, rank=2, seed=0)
    net = MLP((d, width, width, 1), activation, parametrization="lecun")
    run = partial(
        _one,
        data,
        net,
        exponents,
        weight_decay,
        steps=steps,
        optimizer=Descent(full_batch=True, weight_decay=weight_decay),
        learning_rate=learning_rate,
    )
    return along_seeds(pieces.records({f"seed {seed}": partial(run, seed=seed) for seed in seeds}))


def _one(
    data: DataSet, net: MLP, exponents: Sequence[float], weight_decay: float, *, steps: int, **options: Any
) -> xr.Dataset:
    seen: list[dict[str, Any]] = []

    def observe(_seed: int, _step: int, parameters: Parameters) -> None:
        seen.append(_features_of(data.X, data.Y, net, parameters, weight_decay, exponents))

    record = simulate(data.X, data.Y, net, steps=steps, measure=Measure(decades(steps), observe=observe), **options)
    for name in ("fact", "fact_error", "generalized"):
        dims = ("seed", "step", "layer", "exponent")[: 3 + (name == "generalized")]
        record[name] = (dims, np.asarray([[row[name] for row in seen]]))
    return record.assign_coords(exponent=list(exponents))


def decades(last: int) -> list[int]:
    """Return steps at which to measure, two in every factor of ten from 10 on, and the last.

    Examples
    --------
    >>> decades(300)
    [10, 30, 100, 300]
    """
    return sorted({m * 10**k for k in range(1, len(str(last))) for m in (1, 3) if m * 10**k <= last} | {last})


def _features_of(
    X: Any, Y: Any, net: MLP, parameters: Parameters, weight_decay: float, exponents: Sequence[float]
) -> dict[str, Any]:
    fact, errors, generalized = [], [], []
    matrices = fact_matrices(X, net, parameters, (net(X, parameters) - Y) / len(X))
    for layer, right in enumerate(matrices, start=1):
        measured = features(X, net, parameters, layer)
        F = measured.nfm
        fact.append(alignment(F, right))
        errors.append(float(np.linalg.norm(weight_decay * F - right) / np.linalg.norm(weight_decay * F)))
        generalized.append([alignment(F, measured.agop, exponent=alpha) for alpha in exponents])
    return {"fact": fact, "fact_error": errors, "generalized": generalized}


def judge(record: xr.Dataset) -> Verdict:
    """Test that FACT holds to 1% in every layer after training, and in the first aligns better than the ansatz.

    In the last hidden layer of a scalar network both alignments are close to 1, and there is nothing to tell apart.
    """
    last = last_step(record)
    parts = in_every_layer("relative error of FACT in layer {layer}", last.fact_error, below=0.01)
    better = by_seed(last.fact - last.uc_nfa, layer=1)
    parts.append(Part("alignment with FACT - alignment with the AGOP in layer 1", better, above=0.0))
    return Verdict(parts, missing=too_short(record, STEPS))


EXPERIMENT = Experiment(
    title="FACT against the ansatz at convergence",
    claim="Where training with weight decay stands still, FACT holds to 1% in every layer, and in the first layer it "
    "is better aligned with the NFM than the AGOP is.",
    measure=measure,
    judge=judge,
    quick={"n": 60, "d": 6, "width": 16, "steps": 3000, "seeds": (0, 1, 2)},
    source="Boix-Adsera, Mallinar, Simon and Belkin (arXiv 2507.05644)",
)
