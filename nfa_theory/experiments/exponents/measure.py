"""Alignment with exponents: in deep linear networks the AGOP is a power of the NFM, and theory says which."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import xarray as xr

from nfa_theory.claims import claims
from nfa_theory.experiments.frame.experiment import Experiment
from nfa_theory.experiments.frame.pieces import Pieces
from nfa_theory.experiments.frame.records import along_seeds, by_seed, last_step, side_by_side
from nfa_theory.experiments.frame.training import scaled_start, train_and_keep
from nfa_theory.statistics.verdict import Part, Verdict
from numerics.data import synthetic_dataset
from numerics.data.dataset import DataSet
from numerics.feature_matrices.alignments import alignment
from numerics.feature_matrices.definitions import features as features_of
from numerics.networks.mlp import MLP
from numerics.training.measure import Measure

ALIGNED: Final = 0.99
"""The alignment that is claimed at the predicted exponent."""


def measure(
    pieces: Pieces,
    n: int = 200,
    d: int = 10,
    outputs: int = 3,
    depth: int = 3,
    width: int = 32,
    activations: Sequence[str] = ("linear", "relu"),
    initial_scale: float = 0.1,
    learning_rate: float = 0.1,
    steps: int = 5000,
    exponents: Sequence[float] = (0.15, 0.2, 0.25, 0.3, 1 / 3, 0.4, 0.5, 0.65, 0.8, 1.0),
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
) -> xr.Dataset:
    """Train deep networks from small initial weights on a linear teacher, by gradient descent."""
    data = synthetic_dataset("linear_teacher", n, d, outputs=outputs, seed=0)
    power = claims["linear.balanced_power"].function
    predicted = [power(L=depth + 1, l=layer)["alpha"] for layer in range(1, depth + 1)]
    one = partial(_one, data, optimizer="gd", learning_rate=learning_rate, steps=steps, measure=Measure(steps))
    makes: dict[str, Any] = {}
    for activation in activations:
        net = MLP((d, *[width] * depth, outputs), activation, parametrization="lecun")
        run = partial(one, net, initial_scale, exponents, predicted)
        makes |= {f"{activation}, seed {seed}": partial(run, seed=seed) for seed in seeds}
    kept = pieces.records(makes)
    joined = [along_seeds(kept[start : start + len(seeds)]) for start in range(0, len(kept), len(seeds))]
    record = side_by_side(activations, joined, "activation")
    record["predicted_exponent"] = ("layer", predicted)
    return record


def _one(
    data: DataSet,
    net: MLP,
    scale: float,
    exponents: Sequence[float],
    predicted: Sequence[float],
    *,
    seed: int,
    **options: Any,
) -> xr.Dataset:
    start = scaled_start(net, [seed], scale, np.float64)
    record, final = train_and_keep(data.X, data.Y, net, seed=seed, initial_weights=start, **options)
    layers = [features_of(data.X, net, final, layer) for layer in range(1, net.depth + 1)]
    grid = [[alignment(each.nfm, each.agop, exponent=alpha) for alpha in exponents] for each in layers]
    at = [alignment(each.nfm, each.agop, exponent=alpha) for each, alpha in zip(layers, predicted, strict=True)]
    record["generalized"] = (("seed", "layer", "exponent"), np.asarray([grid]))
    record["generalized_at_predicted"] = (("seed", "layer"), np.asarray([at]))
    return record.assign_coords(exponent=list(exponents))


def judge(record: xr.Dataset) -> Verdict:
    """Test in every layer of the linear network the alignment at the predicted exponent, and against exponent 1."""
    linear = record.sel(activation="linear")
    at = linear.generalized_at_predicted
    better = at - last_step(linear).uc_nfa
    parts = []
    for layer, alpha in zip(record.layer.values.tolist(), record.predicted_exponent.values.tolist(), strict=True):
        parts += [
            Part(
                f"alignment of layer {layer} with the AGOP to the power {alpha:.3g} is at least {ALIGNED}",
                by_seed(at, layer=layer),
                above=ALIGNED,
            ),
            Part(f"and higher than with exponent 1 in layer {layer}", by_seed(better, layer=layer), above=0.0),
        ]
    return Verdict(parts)


EXPERIMENT = Experiment(
    title="Alignment with exponents",
    claim="In a deep linear network trained from small weights, the NFM of layer l of L is aligned to at least "
    f"{ALIGNED} with the AGOP to the power 1/(L - l + 1), and less with the AGOP itself.",
    measure=measure,
    judge=judge,
    quick={"depth": 2, "width": 16, "steps": 2000, "seeds": (0, 1, 2)},
    source="Tansley, Massart and Cartis (arXiv 2510.15563); derived here as linear.balanced_power",
)
