"""Features with and without SLO on a low-rank teacher: overlap of the AGOP with the teacher's directions, test loss."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nfa_theory.experiments.frame.experiment import Experiment
from nfa_theory.experiments.frame.optimizers import Trial, best_rate, compare_optimizers, plain_sgd
from nfa_theory.experiments.frame.pieces import Pieces
from nfa_theory.experiments.frame.records import last_step, seed_by_seed
from nfa_theory.experiments.frame.training import BEFORE_AND_AFTER, test_set, train_and_keep
from nfa_theory.statistics.verdict import Part, Verdict
from numerics.data import synthetic_dataset
from numerics.data.dataset import DataSet
from numerics.feature_matrices.definitions import features
from numerics.networks.mlp import MLP
from numerics.optimizers import SpeedLimited
from numerics.training.measure import Measure


def measure(
    pieces: Pieces,
    data: str = "chain_monomial",
    n: int = 300,
    d: int = 32,
    rank: int = 3,
    width: int = 256,
    epochs: int = 100,
    seeds: Sequence[int] = tuple(range(1000, 1010)),
    sgd_rates: Sequence[float] = (0.1, 0.2, 0.35, 0.5, 0.7),
    speed: float = 1.0,
    others: float = 0.1,
) -> xr.Dataset:
    """Learn a low-rank teacher with plain SGD at several rates, and with SLO on the first layer."""
    net = MLP((d, width, width, 1), parametrization="pytorch")
    sets = [synthetic_dataset(data, n, d, rank=rank, seed=seed, test=2000, dtype="float32") for seed in seeds]
    trials = plain_sgd(sgd_rates) | {"slo 1": Trial(SpeedLimited([1.0, others, others]), speed, favored=1)}
    each = [partial(_one, one, net, rank, epochs, seed) for seed, one in zip(seeds, sets, strict=True)]
    return compare_optimizers(pieces, trials, data, partial(seed_by_seed, each))


def _one(data: DataSet, net: MLP, rank: int, epochs: int, seed: int, **options: Any) -> xr.Dataset:
    measure = Measure(BEFORE_AND_AFTER, test=test_set(data))
    options |= {"epochs": epochs, "batch_size": 64, "seed": seed, "measure": measure}
    record, final = train_and_keep(data.X, data.Y, net, **options)
    G = features(data.X, net, final, layer=1).agop.astype(np.float64)
    V = np.asarray(data.directions)
    record["overlap"] = ("seed", [subspace_overlap(G, V, rank)])
    record["agop"] = (("seed", "input", "other_input"), G[None])
    record["directions"] = (("seed", "input", "direction"), V[None])
    return record


def subspace_overlap(G: NDArray[np.float64], directions: NDArray[Any], rank: int) -> float:
    """Return ``|U^T V|_F^2 / r``: U the top r eigenvectors of `G`, V an orthonormal basis of the teacher's space."""
    U = np.linalg.eigh(G)[1][:, -rank:]
    return float(np.sum((U.T @ directions) ** 2) / rank)


def judge(record: xr.Dataset) -> Verdict:
    """Test, seed by seed, SLO against plain SGD at its best rate (the one of the least mean test loss)."""
    best = best_rate(record, -last_step(record).test_loss)
    slo, sgd = (record.sel(optimizer=name) for name in ("slo 1", best))
    gain = last_step(sgd).test_loss - last_step(slo).test_loss
    parts = [
        Part(f"test loss of {best} - test loss of slo 1", gain.values.tolist(), above=0.0),
        Part(f"overlap of slo 1 - overlap of {best}", (slo.overlap - sgd.overlap).values.tolist(), above=0.0),
    ]
    return Verdict(parts, {"best_sgd": best})


EXPERIMENT = Experiment(
    title="Features of a low-rank teacher with and without SLO",
    claim="SLO on the first layer finds the directions of a low-rank teacher better than plain SGD at its best "
    "learning rate, and has a lower test loss.",
    measure=measure,
    judge=judge,
    quick={"n": 200, "d": 12, "width": 64, "epochs": 30, "seeds": (0, 1, 2), "sgd_rates": (0.1, 0.3)},
)
