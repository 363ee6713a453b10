"""Features with and without SLO on a low-rank teacher: overlap of the AGOP with the teacher's directions, test loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from nfa_theory.experiments.collect import paired_p_value, side_by_side
from nfa_theory.experiments.favored_layer import Tell
from numerics.data import synthetic_dataset
from numerics.data.dataset import DataSet
from numerics.errors import DivergenceError
from numerics.feature_matrices import features
from numerics.learning_rate_schedules import linear_decay
from numerics.network import MLP
from numerics.optimizers import SpeedLimited
from numerics.parameters import Parameters
from numerics.simulation import simulate


def chain_monomial_features(
    *,
    n: int = 300,
    d: int = 32,
    rank: int = 3,
    width: int = 256,
    epochs: int = 100,
    seeds: Sequence[int] = tuple(range(10)),
    sgd_rates: Sequence[float] = (0.1, 0.2, 0.35, 0.5, 0.7),
    speed: float = 1.0,
    others: float = 0.1,
    tell: Tell | None = None,
) -> xr.Dataset:
    """Learn a chain of monomials with plain SGD at several rates, and with SLO on the first layer.

    Parameters
    ----------
    n, d, rank : int
        Training samples, inputs, and length of the chain.
    width : int
        Width of the two hidden layers.
    epochs : int
        Passes over the data; batches of 64. All rates fall to zero on a straight line.
    seeds : sequence of int
        One data set and one network for each.
    sgd_rates : sequence of float
        Learning rates of plain SGD; the verdict compares with the one of the least mean test loss. A rate at which a
        run diverges is left out.
    speed, others : float
        Learning rate of SLO, and the speed of the layers after the first.
    tell : callable, optional
        Called with a line on every setting.

    Returns
    -------
    xarray.Dataset
        A record with one more dimension ``optimizer`` and the variable ``overlap`` (seed): ``|U^T V|^2 / r`` of the top
        r eigenvectors U of the first layer's AGOP and the teacher's directions V, 1 if they span the same space.
        ``agop`` (seed, input, input) is that AGOP. The verdict holds if SLO's overlap is larger and its test loss
        smaller than those of SGD at its best rate, each in a paired one-sided t-test at level 0.01.
    """
    net = MLP((d, width, width, 1), parametrization="pytorch")
    data = [
        synthetic_dataset("chain_monomial", n, d, rank=rank, seed=seed, test=2000, dtype="float32") for seed in seeds
    ]
    runs: dict[str, tuple[Any, float]] = {f"sgd {rate:g}": ("sgd", rate) for rate in sgd_rates}
    runs["slo 1"] = (SpeedLimited([1.0, others, others]), speed)
    records: dict[str, xr.Dataset] = {}
    for name, (optimizer, rate) in runs.items():
        options = {"epochs": epochs, "optimizer": optimizer, "learning_rate": linear_decay(rate), "batch_size": 64}
        try:
            records[name] = xr.concat(
                [_one(one, net, rank, seed, options) for seed, one in zip(seeds, data, strict=True)],
                "seed",
                data_vars="all",
                coords="minimal",
                compat="override",
                join="override",
                combine_attrs="override",
            )
        except DivergenceError:
            continue
        if tell is not None:
            last = records[name].isel(step=-1).mean("seed")
            tell(f"{name}: test loss {float(last.test_loss):.4f}, overlap {float(last.overlap):.4f}")
    return side_by_side(
        list(records.values()),
        "optimizer",
        list(records),
        experiment="chain_monomial_features",
        verdict=_verdict(records),
    )


def _one(data: DataSet, net: MLP, rank: int, seed: int, options: dict[str, Any]) -> xr.Dataset:
    final: dict[str, Parameters] = {}
    record = simulate(
        data.X,
        data.Y,
        net,
        seed=seed,
        test=(data.X_test, data.Y_test),
        measure=10**9,  # before and after
        observe=lambda _seed, _step, parameters: final.update(last=parameters),
        **options,
    )
    G = features(data.X, net, final["last"], layer=1).agop.astype(np.float64)
    record["overlap"] = ("seed", [subspace_overlap(G, np.asarray(data.directions), rank)])
    record["agop"] = (("seed", "input", "other_input"), G[None])
    return record


def subspace_overlap(G: NDArray[np.float64], directions: NDArray[Any], rank: int) -> float:
    """Return ``|U^T V|_F^2 / r`` of the top r eigenvectors U of `G` and an orthonormal basis V of the teacher's space.

    Parameters
    ----------
    G : array, shape (d, d)
        A symmetric matrix.
    directions : array, shape (d, r)
        V.
    rank : int
        r.

    Returns
    -------
    float
        In [0, 1].
    """
    U = np.linalg.eigh(G)[1][:, -rank:]
    return float(np.sum((U.T @ directions) ** 2) / rank)


def _verdict(records: dict[str, xr.Dataset]) -> dict[str, Any]:
    loss = {name: record.test_loss.isel(step=-1).values for name, record in records.items()}
    overlap = {name: record.overlap.values for name, record in records.items()}
    best = min((name for name in records if name.startswith("sgd")), key=lambda name: float(loss[name].mean()))
    p_loss = paired_p_value(loss["slo 1"], loss[best])
    p_overlap = paired_p_value(overlap[best], overlap["slo 1"])
    return {
        "best_sgd": best,
        "test_loss": {name: round(float(values.mean()), 4) for name, values in loss.items()},
        "overlap": {name: round(float(values.mean()), 4) for name, values in overlap.items()},
        "p_value_of_the_test_loss": p_loss,
        "p_value_of_the_overlap": p_overlap,
        "held": p_loss < 0.01 and p_overlap < 0.01,
    }
