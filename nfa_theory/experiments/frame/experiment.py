"""What an experiment is: a claim in a sentence, a measurement of it, a verdict and figures from the record alone."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import xarray as xr

from nfa_theory.experiments.frame.pieces import Pieces
from nfa_theory.statistics.verdict import Verdict
from nfa_theory.workers import Progress, Workers
from numerics.backend.version import package_version
from numerics.errors import InputError, unknown

if TYPE_CHECKING:
    from nfa_theory.figures.export import NamedFigure

SCHEMA: Final = "nfa-theory experiment 2"
"""Name and number of the schema of an experiment's record."""
PAPER: Final = "Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271)"


@dataclass(frozen=True)
class Experiment:
    """An experiment; calling it makes its record.

    It is called after the folder of its `measure`; beside that, ``figure.py`` has ``figures(record)``, which makes
    every `NamedFigure` from the record alone.

    Parameters
    ----------
    title : str
        A few words.
    claim : str
        What it is to show, in a sentence that could be false.
    measure : callable
        ``measure(pieces, **options) -> record``; its keywords and their defaults are the options of the experiment,
        ``seeds`` among them.
    judge : callable
        ``judge(record) -> Verdict``, from the record alone.
    quick : mapping
        Options of a run of seconds. Its verdict holds for these, and is often undecided.
    source : str
        Where the claim comes from.
    numbers : callable, optional
        ``numbers(record) -> dict``: what ``results.json`` of `nfa reproduce` tells of the record.
    paper : mapping, optional
        Options at the size of the paper's own run.

    Examples
    --------
    >>> from nfa_theory.experiments import find_experiment
    >>> batch_size = find_experiment("batch_size")
    >>> record = batch_size(train=32, width=8, sizes=(8, 32), seeds=(0, 1))
    >>> record.attrs["experiment"]
    'batch_size'
    >>> batch_size(batch=3)
    Traceback (most recent call last):
    numerics.errors.InputError: unknown option of batch_size 'batch'; expected one of data, train, width, ...
    """

    title: str
    claim: str
    measure: Callable[..., xr.Dataset]
    judge: Callable[[xr.Dataset], Verdict]
    quick: Mapping[str, Any]
    source: str = PAPER
    numbers: Callable[[xr.Dataset], dict[str, Any]] | None = None
    paper: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """How it is called on the command line, and in its records."""
        return self.measure.__module__.split(".")[-2]

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """The options and their defaults."""
        parameters = list(inspect.signature(self.measure).parameters.values())[1:]
        return {each.name: each.default for each in parameters}

    def __call__(
        self,
        *,
        folder: Path | None = None,
        progress: Progress | None = None,
        workers: Workers | None = None,
        **options: Any,
    ) -> xr.Dataset:
        """Train, measure, judge.

        Parameters
        ----------
        folder : path, optional
            Keep the records of finished settings here; if some are there, go on after them. The result is identical
            to that of a run never stopped.
        progress : callable, optional
            Called as ``progress(share, what)``.
        workers : Workers, optional
            Processes that measure several settings at once.
        **options
            See the experiment's `measure`.

        Returns
        -------
        xarray.Dataset
            The record; its attributes hold the claim, the options and the verdict.

        Raises
        ------
        InputError
            If an option is unknown, or the folder holds another run.
        """
        for name in options:
            if name not in self.defaults:
                raise InputError(unknown(f"option of {self.name}", name, list(self.defaults)))
        chosen = _as_json(self.defaults | options)
        identity = {"experiment": self.name, "options": chosen, "version": package_version()}
        record = self.measure(Pieces(folder, identity, progress, workers), **options)
        attributes = {
            "schema": SCHEMA,
            "experiment": self.name,
            "claim": self.claim,
            "options": json.dumps(chosen, sort_keys=True),
        }
        record = record.assign_attrs(attributes)
        return record.assign_attrs(verdict=self.judge(record).to_json())

    def draw(self, record: xr.Dataset) -> list[NamedFigure]:
        """Make all figures of a record.

        Parameters
        ----------
        record : xarray.Dataset
            Of this experiment.

        Returns
        -------
        list of NamedFigure
        """
        # Only now: who lists or runs experiments needs no drawing.
        module = import_module(self.measure.__module__.rpartition(".")[0] + ".figure")
        found: list[NamedFigure] = module.figures(record)
        return found

    def __repr__(self) -> str:
        return f"Experiment({self.name!r}: {self.claim})"


def verdict_of(record: xr.Dataset) -> dict[str, Any]:
    """Return the verdict that an experiment's record holds.

    Parameters
    ----------
    record : xarray.Dataset
        What an experiment returned.

    Returns
    -------
    dict
        See `nfa_theory.statistics.verdict.Verdict.as_dict`.
    """
    verdict: dict[str, Any] = json.loads(record.attrs["verdict"])
    return verdict


def _as_json(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options as JSON gives them back: tuples and ranges as lists."""
    chosen: dict[str, Any] = json.loads(json.dumps(dict(options), default=list))
    return chosen
