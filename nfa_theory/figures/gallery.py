"""The figures that belong to a record: its attributes say what it is, never the name of its file."""

from __future__ import annotations

import os

import xarray as xr

from nfa_theory.experiments.frame.experiment import SCHEMA as EXPERIMENT
from nfa_theory.experiments.frame.registry import all_experiments
from nfa_theory.figures.alignment import alignment_figure
from nfa_theory.figures.decomposition import decomposition_figure
from nfa_theory.figures.export import NamedFigure
from numerics.errors import InputError
from numerics.training.records import SCHEMA, load_record


def read_record(path: str | os.PathLike[str]) -> xr.Dataset:
    """Read a record of any kind that this package writes.

    Parameters
    ----------
    path : path-like
        A netCDF file: a run of `nfa simulate`, or an experiment, of `nfa reproduce` too.

    Returns
    -------
    xarray.Dataset
        In memory.

    Raises
    ------
    InputError
        If the file is missing, is not netCDF, or is none of these records.
    """
    return load_record(path, schemas=(SCHEMA, EXPERIMENT))


def figures_of(record: xr.Dataset) -> list[NamedFigure]:
    """Make every figure that a record has numbers for.

    Parameters
    ----------
    record : xarray.Dataset
        From `read_record`, `nfa_theory.simulate` or `nfa_theory.experiments`.

    Returns
    -------
    list of NamedFigure
        At least one.

    Raises
    ------
    InputError
        If the record is of no kind that has figures; says what it is.

    Examples
    --------
    >>> import nfa_theory as nfa
    >>> data = nfa.load_dataset("fashion_mnist_subset", train=20)
    >>> record = nfa.simulate(data.X, data.Y, nfa.MLP((784, 8, 10)), steps=2, seed=0)
    >>> [figure.name for figure in figures_of(record)]
    ['alignment', 'decomposition']
    """
    experiment = record.attrs.get("experiment")
    if experiment in all_experiments():
        return all_experiments()[str(experiment)].draw(record)
    if {"uc_nfa", "c_nfa", "decomposition"} <= set(record) and set(record["uc_nfa"].dims) == {"seed", "step", "layer"}:
        return [alignment_figure(record), decomposition_figure(record)]
    kind = f"experiment {experiment!r}" if experiment else f"schema {record.attrs.get('schema')!r}"
    raise InputError(f"figures are drawn of runs and experiments, got {kind}")
