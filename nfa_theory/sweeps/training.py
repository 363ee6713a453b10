"""Training runs as a plan describes them: networks that differ in their seed alone are trained side by side."""

from __future__ import annotations

import hashlib
import json
import math
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import xarray as xr

from nfa_theory.cli.commands.simulate import read_schedule
from nfa_theory.cli.data_options import Chosen, choose_data
from nfa_theory.sweeps.grid import Settings, canonical
from nfa_theory.sweeps.work import Made
from numerics import MLP, Measure, simulate
from numerics.backend.devices import on_device
from numerics.data.prepare import Prepared, prepare
from numerics.errors import DataWarning, InputError
from numerics.networks.losses import find_loss
from numerics.optimizers import find_optimizer
from numerics.training.schedule import learning_rates, measured_steps, number_of_steps

TABLES = ("data", "network", "optimizer", "measure")


@dataclass(frozen=True)
class TrainingWork:
    """Trains networks with `numerics.simulate`; settings are those of a plan, ``table.key``, and ``seed``."""

    device: str = "cpu"

    def together(self, settings: Settings) -> str:
        """Train networks side by side that have all settings but the seed in common."""
        return canonical({key: value for key, value in settings.items() if key != "seed"})

    def cost(self, settings: Settings) -> float:
        """Count multiplications: weights times samples times steps."""
        tables = by_table(settings)
        chosen = data_of(tables)
        net = network(tables["network"], chosen)
        training = _Training(tables, chosen, net)
        weights = sum(a * b for a, b in zip(net.widths[:-1], net.widths[1:], strict=True))
        measured = len(training.measured()) * chosen.data.X.shape[0] * (1 + net.outputs)
        return float(weights * (3 * training.total * training.batch_size + measured))

    def prepare(self, settings: Settings) -> None:
        """Read the data; if they cannot be read, the runs will say so."""
        with suppress(Exception):
            data_of(by_table(settings))

    def compute(self, runs: Sequence[Settings]) -> Iterator[tuple[int, Made]]:
        """Train all networks at once; if one of them fails, each alone."""
        try:
            record = train(runs, self.device)
        except Exception as error:  # whatever it is, the other runs go on
            if len(runs) == 1:
                yield 0, error
                return
            for i, settings in enumerate(runs):
                yield from ((i, made) for _, made in self.compute([settings]))
            return
        for i, settings in enumerate(runs):
            yield i, record.isel(seed=[i]).assign_attrs(seed=json.dumps([settings["seed"]]))


def train(runs: Sequence[Settings], device: str = "cpu") -> xr.Dataset:
    """Train the networks of several runs that differ in their seed; the record has them in this order."""
    tables = by_table(runs[0])
    chosen = data_of(tables)
    net = network(tables["network"], chosen)
    training = _Training(tables, chosen, net)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # the client has said so, once
        return simulate(
            on_device(chosen.data.X, device),
            on_device(chosen.data.Y, device),
            net,
            steps=training.total,
            learning_rate=training.rate(),
            optimizer=training.rule(),
            batch_size=tables["optimizer"].get("batch_size"),
            loss=training.loss,
            seed=[settings["seed"] for settings in runs],
            measure=training.measure(device),
            **chosen.options,
        )


def mistakes(settings: Settings, skipped: Collection[str] = ()) -> Iterator[tuple[str, InputError]]:
    """Say what `simulate` would refuse before its first step, by the table that it belongs to; nothing is trained.

    Tables of `skipped` are known to be wrong, and what depends on them cannot be judged.
    """
    tables, part = by_table(settings), "data"
    try:
        if {"data", "grid"} & set(skipped):
            return
        chosen = data_of(tables)
        part = "network"
        if part in skipped:
            return
        net = network(tables[part], chosen)
        part = "optimizer"
        if part in skipped:
            return
        training = _Training(tables, chosen, net)
        data = _prepared(canonical(tables["data"]), training.loss)
        data.check_outputs(net.outputs)
        find_loss(training.loss, data.Y)
        learning_rates(training.rate(), training.total)
        part = "measure"
        if part not in skipped:
            training.measured()
    except InputError as error:
        yield part, error


@lru_cache(maxsize=4)
def _prepared(data: str, loss: str) -> Prepared:
    chosen = _loaded(data, loss)
    return prepare(chosen.data.X, chosen.data.Y, loss=loss, **chosen.options)


def by_table(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Put settings into the tables of the plan.

    Examples
    --------
    >>> by_table({"network.width": 8, "seed": 0})["network"]
    {'width': 8}
    """
    found: dict[str, dict[str, Any]] = {table: {} for table in TABLES}
    for name, value in settings.items():
        table, _, key = name.partition(".")
        if key:
            found[table][key] = value
    return found


def data_of(tables: Mapping[str, Mapping[str, Any]]) -> Chosen:
    """Load the data of a run, once a process."""
    return _loaded(canonical(tables["data"]), tables["optimizer"].get("loss", "mse"))


@lru_cache(maxsize=4)
def _loaded(data: str, loss: str) -> Chosen:
    table = json.loads(data)
    name, path, digest = (table.pop(key, None) for key in ("name", "file", "sha256"))
    if digest is not None and file_digest(path, table.get("labels")) != digest:
        raise InputError(f"{path} must be the file that the plan was checked with, got another content")
    return choose_data(path if name is None else name, loss=loss, **table)


def file_digest(*paths: str | None) -> str:
    """Return the digest of the content of files, or of the files in folders."""
    digest = hashlib.sha256()
    for place in (Path(path) for path in paths if path is not None):
        for each in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if each.is_file():
                with each.open("rb") as stream:
                    digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def network(table: Mapping[str, Any], chosen: Chosen) -> MLP:
    """Build the network of a plan for its data."""
    rest = dict(table)
    hidden = rest.pop("hidden", None)
    width, depth = rest.pop("width", 256), rest.pop("depth", 2)
    widths = [width] * depth if hidden is None else [hidden] if isinstance(hidden, int) else hidden
    return chosen.network(",".join(map(str, widths)), **rest)


class _Training:
    """The length, the steps and the rule of a run."""

    def __init__(self, tables: Mapping[str, Mapping[str, Any]], chosen: Chosen, net: MLP) -> None:
        self.table, self.asked, self.chosen, self.net = tables["optimizer"], tables["measure"], chosen, net
        self.loss = self.table.get("loss", "mse")
        n = chosen.data.X.shape[0]
        self.batch_size = n if self.rule().full_batch else min(self.table.get("batch_size") or 128, n)
        self.steps_per_epoch = math.ceil(n / self.batch_size)
        self.total = number_of_steps(self.table.get("steps"), self.table.get("epochs"), self.steps_per_epoch, None)

    def rule(self) -> Any:
        rule: Any = find_optimizer(self.table.get("name", "sgd"), self.net)
        return replace(rule, weight_decay=self.table.get("weight_decay", 0.0))

    def rate(self) -> Any:
        peak = self.table.get("learning_rate", 0.1)
        return read_schedule(self.table.get("schedule", "constant"), peak, self.table.get("warmup", 0.0))

    def measured(self) -> list[int]:
        return measured_steps(self.asked.get("every", "epoch"), self.total, self.steps_per_epoch)

    def measure(self, device: str) -> Measure:
        data, test = self.chosen.data, None
        if self.asked.get("test", True) and data.X_test is not None:
            test = on_device(data.X_test, device), on_device(data.Y_test, device)
        return Measure(
            self.asked.get("every", "epoch"),
            kind=self.asked.get("alignment", "cosine"),
            combinations=self.asked.get("combinations"),
            test=test,
        )
