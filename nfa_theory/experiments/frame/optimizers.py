"""SLO beside plain SGD at several learning rates, the best of which it is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

import xarray as xr

from nfa_theory.experiments.frame.pieces import Pieces, or_diverged
from nfa_theory.experiments.frame.records import side_by_side
from numerics.errors import DivergenceError
from numerics.optimizers.learning_rates import linear_decay


class Trial(NamedTuple):
    """An optimizer, its learning rate at the start, and the layer that it favors (0 for plain SGD)."""

    optimizer: Any
    rate: float
    favored: int = 0


class Train(Protocol):
    """Trains all seeds with one optimizer; `numerics.simulate` with its data does."""

    def __call__(self, *, optimizer: Any, learning_rate: Any, progress: Any) -> xr.Dataset:
        """Return the record."""
        ...


def plain_sgd(rates: Sequence[float]) -> dict[str, Trial]:
    """Return plain SGD at several learning rates, by name."""
    return {f"sgd {rate:g}": Trial("sgd", rate) for rate in rates}


def compare_optimizers(pieces: Pieces, trials: Mapping[str, Trial], data: str, train: Train) -> xr.Dataset:
    """Train with each optimizer; all rates fall to zero on a straight line."""
    makes = {}
    for name, trial in trials.items():
        make = partial(train, optimizer=trial.optimizer, learning_rate=linear_decay(trial.rate))
        makes[f"{name} on {data}"] = make if trial.favored else partial(or_diverged, make)
    made = zip(trials, pieces.records(makes), strict=True)
    records = {name: record for name, record in made if "diverged" not in record.attrs}
    kept = [trials[name] for name in records]
    if all(trial.favored for trial in kept):
        raise DivergenceError("plain SGD must not diverge at all rates, or there is nothing to compare with")
    coordinates = {field: ("optimizer", [getattr(trial, field) for trial in kept]) for field in ("favored", "rate")}
    return side_by_side(list(records), list(records.values()), "optimizer").assign_coords(coordinates)


def best_rate(record: xr.Dataset, merit: xr.DataArray) -> str:
    """Return the name of plain SGD at the rate that is best on average over seeds.

    The same seeds choose the rate and are compared with SLO afterwards; that favors SGD, never SLO.
    """
    means = merit.mean("seed")
    plain = means.where(means.favored == 0, drop=True)
    return str(plain.optimizer.values[int(plain.values.argmax())])
