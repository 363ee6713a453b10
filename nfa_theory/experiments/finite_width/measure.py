"""Predicted and measured means at finite width, case by case and layer by layer, as one table."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float

from nfa_theory.experiments.early_alignment.one_network import early_alignment
from nfa_theory.experiments.finite_width.case import ACTIVATIONS, Case
from nfa_theory.experiments.frame.experiment import Experiment
from nfa_theory.experiments.frame.pieces import Pieces
from nfa_theory.predict import predict_alignment
from nfa_theory.statistics.error_rates import FALSE_ALARM
from nfa_theory.statistics.family import family, rate
from nfa_theory.statistics.verdict import Decided, Verdict
from numerics.backend.version import package_version
from numerics.data import DataSet, load_dataset
from numerics.errors import InputError
from numerics.training.records import machine

WORDS = ("data", "activation")
COUNTS = ("depth", "width", "layer", "samples", "seeds")
NUMBERS = ("limit", "predicted", "predicted_error", "predicted_std", "measured", "measured_error", "measured_std")
TEST = (
    "all comparisons together: the greatest deviation against Student's t with a bound shared by all (Bonferroni), and "
    "the distribution of those of the last layers, which are independent, against Student's t (Kolmogorov-Smirnov)"
)


def measure(
    pieces: Pieces,
    data: str | Sequence[str] = ("fashion_mnist_subset",),
    activations: Sequence[str] = ACTIVATIONS,
    depths: Sequence[int] = (1, 2),
    widths: Sequence[int] = (64, 256),
    train: int = 60,
    seeds: Sequence[int] = tuple(range(30)),
    networks: int | Sequence[int] = 64,
    prediction_seed: int | None = None,
) -> xr.Dataset:
    """Measure as many networks of every case as there are seeds, and predict their mean from other networks.

    Notes
    -----
    The seeds of the networks of a case are drawn from the first of `seeds` and the name of the case, those of the
    prediction from `prediction_seed` (by default the next). `networks` is the number of networks of a prediction, for
    all widths or for each.
    """
    data = (data,) if isinstance(data, str) else data
    counts = [networks] * len(widths) if isinstance(networks, int) else list(networks)
    if len(counts) != len(widths):
        raise InputError(f"networks must be one number or {len(widths)}, one for each width, got {len(counts)}")
    own = seeds[0] + 1 if prediction_seed is None else prediction_seed
    images = {name: load_dataset(name, train=train, test=0, dtype="float32") for name in data}
    makes: dict[str, Any] = {}
    for (width, count), name, depth, activation in product(zip(widths, counts, strict=True), data, depths, activations):
        case = Case(name, activation, depth, width)
        run = partial(_one, case, images[name], len(seeds), seeds[0], count, own)
        makes[f"comparing means at finite width: {case.name}"] = run
    costs = [float(width * depth) for width, _, depth, _ in product(widths, data, depths, activations)]
    # The lengths of strings in the files of the pieces are not those of the whole table.
    table = xr.concat(pieces.records(makes, costs), dim="comparison", combine_attrs="drop").drop_encoding()
    table.attrs = {"version": package_version(), "machine": json.dumps(machine())}
    return table


def _one(
    case: Case,
    images: DataSet,
    count: int,
    seed: int,
    networks: int,
    prediction_seed: int,
    *,
    progress: Callable[[int, int], None],
) -> xr.Dataset:
    measured = measured_networks(case, images, count, seed)
    progress(1, 2)
    return as_table(rows_of(case, images, measured, networks, prediction_seed))


def measured_networks(case: Case, images: DataSet, count: int, seed: int = 0) -> Float[np.ndarray, "s l"]:
    """Measure the early C-NFA of every layer of every network of a case, with `numerics` alone."""
    net = case.network(images.X.shape[1], images.Y.shape[1])
    dtype = np.float64 if case.activation == "quadratic" else np.float32  # 32nd powers at depth 5 need the range
    X, Y = images.X.astype(dtype), images.Y.astype(dtype)
    return np.array([early_alignment(X, Y, net, each) for each in case.seeds(count, seed).tolist()])


def rows_of(case: Case, images: DataSet, measured: Float[np.ndarray, "s l"], networks: int, seed: int = 1) -> list[Any]:
    """Predict a case and put it beside its measurement."""
    X, Y = images.X.astype(np.float64), images.Y.astype(np.float64)
    net = case.network(X.shape[1], Y.shape[1])
    p = predict_alignment(X, Y, net, networks=networks, seed=int(case.seeds(1, seed)[0]))
    count = len(measured)
    std = measured.std(axis=0, ddof=1)
    columns = (p.limit, p.mean, p.mean_error, p.std, measured.mean(axis=0), std / np.sqrt(count), std)
    return [
        {
            **asdict(case),
            "layer": layer,
            "samples": len(X),
            "seeds": count,
            **{name: float(column[layer - 1]) for name, column in zip(NUMBERS, columns, strict=True)},
        }
        for layer in p.layers
    ]


def as_table(rows: Iterable[dict[str, Any]]) -> xr.Dataset:
    """Collect rows."""
    listed = list(rows)
    kinds: dict[str, Any] = {
        **dict.fromkeys(WORDS, str),
        **dict.fromkeys(COUNTS, np.int32),
        **dict.fromkeys(NUMBERS, np.float64),
    }
    return xr.Dataset(
        {name: ("comparison", np.array([row[name] for row in listed]).astype(k)) for name, k in kinds.items()}
    )


def judge(table: xr.Dataset) -> Verdict:
    """Judge all comparisons together."""
    found = family(table)
    greatest = Decided(
        f"the greatest of {found.comparisons} deviations, in standard errors",
        "held" if found.greatest <= found.bound else "refuted",
        found.greatest,
        found.bound,
        found.comparisons,
    )
    spread = Decided(
        f"p-value of the distribution of {found.independent} independent deviations",
        "held" if found.p_value >= FALSE_ALARM else "refuted",
        found.p_value,
        seeds=found.independent,
        p_value=found.p_value,
    )
    return Verdict([greatest, spread], level=FALSE_ALARM, test=TEST)


def numbers(table: xr.Dataset) -> dict[str, Any]:
    """Tell the judgment on all comparisons, and how fast means tend to their limits."""
    found, fitted = family(table), rate(table)
    return {"held": found.held, "family": asdict(found), "rate": None if fitted is None else asdict(fitted)}


EXPERIMENT = Experiment(
    title="Means at finite width, predicted and measured",
    claim="At finite width the mean early C-NFA of every layer is the one that is predicted from the images and from "
    "random networks other than the measured ones.",
    measure=measure,
    judge=judge,
    quick={"depths": (1,), "widths": (16, 32), "train": 30, "seeds": tuple(range(12))},
    numbers=numbers,
)
