"""SLO on each layer in turn: whatever layer is favored, its alignment becomes high, and the network learns no worse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import xarray as xr

from nfa_theory.experiments.collect import side_by_side
from numerics.data import load_dataset
from numerics.learning_rate_schedules import linear_decay
from numerics.network import MLP
from numerics.optimizers import favor_layer
from numerics.simulation import simulate

Tell = Callable[[str], None]


def favored_layer(
    data: str = "fashion_mnist_subset",
    *,
    train: int | None = None,
    depth: int = 5,
    width: int = 256,
    epochs: int = 20,
    seeds: Sequence[int] = (0,),
    sgd_rates: Sequence[float] = (0.1, 0.4, 0.7, 1.0, 1.3),
    speed: float = 4.0,
    others: float = 0.01,
    tell: Tell | None = None,
) -> xr.Dataset:
    """Train with SLO on every hidden layer in turn, and with plain SGD at several learning rates.

    Parameters
    ----------
    data : str
        A named set of images.
    train : int, optional
        Number of training images, by default all.
    depth, width : int
        Hidden layers, and their width.
    epochs : int
        Passes over the data; batches of 128. All rates fall to zero on a straight line.
    seeds : sequence of int
        One run for each.
    sgd_rates : sequence of float
        Learning rates of plain SGD; the verdict compares with the one of the best training accuracy.
    speed, others : float
        Learning rate of SLO, and the speed of the layers that are not favored.
    tell : callable, optional
        Called with a line on every run.

    Returns
    -------
    xarray.Dataset
        A record with one more dimension ``optimizer``: ``"sgd 0.1"``, ..., ``"slo 1"``, ... Its verdict holds if for
        every favored layer the mean UC-NFA after training is at least 0.9, and the mean training accuracy at least
        that of SGD at its best rate.

    Notes
    -----
    After Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271). PyTorch's initial weights, which
    are small enough to be outgrown.
    """
    images = load_dataset(data, train=train, dtype="float32")
    net = MLP((images.X.shape[1], *[width] * depth, images.Y.shape[1]), parametrization="pytorch")
    runs: dict[str, tuple[Any, float]] = {f"sgd {rate:g}": ("sgd", rate) for rate in sgd_rates}
    runs |= {f"slo {layer}": (favor_layer(net, layer, others), speed) for layer in range(1, depth + 1)}
    records = []
    for name, (optimizer, rate) in runs.items():
        records.append(
            simulate(
                images.X,
                images.Y,
                net,
                epochs=epochs,
                optimizer=optimizer,
                learning_rate=linear_decay(rate),
                seed=list(seeds),
                test=None if images.X_test is None else (images.X_test, images.Y_test),
            )
        )
        if tell is not None:
            last = records[-1].isel(step=-1).mean("seed")
            tell(f"{name}: accuracy {float(last.accuracy):.4f}, UC-NFA {last.uc_nfa.values.round(3).tolist()}")
    return side_by_side(
        records,
        "optimizer",
        list(runs),
        experiment="favored_layer",
        verdict=_verdict(dict(zip(runs, records, strict=True))),
    )


def _verdict(records: dict[str, xr.Dataset]) -> dict[str, Any]:
    last = {name: record.isel(step=-1).mean("seed") for name, record in records.items()}
    accuracy = {name: float(one.accuracy) for name, one in last.items()}
    best = max((name for name in last if name.startswith("sgd")), key=accuracy.__getitem__)
    favored = {name: int(name.split()[1]) for name in last if name.startswith("slo")}
    alignment = {name: float(last[name].uc_nfa.sel(layer=layer)) for name, layer in favored.items()}
    return {
        "best_sgd": best,
        "best_sgd_uc_nfa": [round(value, 4) for value in last[best].uc_nfa.values.tolist()],
        "accuracy": {name: round(value, 4) for name, value in accuracy.items()},
        "uc_nfa_of_the_favored_layer": {name: round(value, 4) for name, value in alignment.items()},
        "held": all(value >= 0.9 for value in alignment.values())
        and all(accuracy[name] >= accuracy[best] for name in favored),
    }
