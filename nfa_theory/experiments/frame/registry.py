"""All experiments by name: every folder here whose ``measure.py`` has an ``EXPERIMENT`` is one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from nfa_theory.experiments.frame.experiment import Experiment
from numerics.errors import InputError, unknown


@cache
def all_experiments() -> Mapping[str, Experiment]:
    """Find every experiment; nothing runs.

    Returns
    -------
    mapping of str to Experiment
        By name, in alphabetical order.
    """
    rooms = pkgutil.iter_modules([str(Path(__file__).parents[1])])
    names = (each.name for each in rooms if each.ispkg and each.name != "frame")
    found = [importlib.import_module(f"nfa_theory.experiments.{name}.measure").EXPERIMENT for name in names]
    return MappingProxyType({each.name: each for each in sorted(found, key=lambda each: each.name)})


def find_experiment(name: str) -> Experiment:
    """Return an experiment.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    Experiment

    Raises
    ------
    InputError
        If there is none of that name; offers the nearest.

    Examples
    --------
    >>> find_experiment("batch_size").title
    'Batch size and early alignment'
    """
    experiments = all_experiments()
    if name not in experiments:
        raise InputError(unknown("experiment", name, list(experiments)))
    return experiments[name]
