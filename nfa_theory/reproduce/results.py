"""``results.json``: every number that the report shows, with what is needed to get it again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import xarray as xr

from nfa_theory.experiments import find_experiment
from nfa_theory.reproduce.plan import Plan
from numerics.backend.version import package_version
from numerics.data import load_dataset
from numerics.training.records import machine

RESULTS_SCHEMA = "nfa-theory results 2"
_WORST_FIRST = ("refuted", "error", "undecided", "held", "unchecked")


def results(
    court: Mapping[str, Any], records: Mapping[str, xr.Dataset], plan: Plan, durations: Mapping[str, float]
) -> dict[str, Any]:
    """Collect the numbers of one run of the main job: of the claims, and of the experiments by their keys."""
    networks = {key: _numbers(record) for key, record in records.items()}
    verdicts = [each["status"] for each in court["claims"]] + (network_verdicts(networks) if networks else [])
    if networks:
        networks["data"] = _data(plan)
    return {
        "schema": RESULTS_SCHEMA,
        "version": package_version(),
        "command": plan.command(),
        "verdict": worst(verdicts),
        "court": court,
        "plan": plan.as_dict(),
        "machine": machine(),
        "durations_seconds": {name: round(seconds, 2) for name, seconds in durations.items()},
        **networks,
    }


def _numbers(record: xr.Dataset) -> dict[str, Any]:
    tell = find_experiment(record.attrs["experiment"]).numbers
    return {} if tell is None else tell(record)


def _data(plan: Plan) -> dict[str, Any]:
    images = load_dataset(plan.data)
    return {"name": images.name, "source": images.source, "license": images.license, "samples": len(images.X)}


def network_verdicts(content: Mapping[str, Any]) -> list[str]:
    """List the verdicts on networks: on each layer of the early alignment, and on all means at finite width."""
    layers = [layer["verdict"] for layer in content["early_alignment"]["layers"]]
    return [*layers, "held" if content["finite_width"]["held"] else "refuted"]


def worst(verdicts: Iterable[str]) -> str:
    """Choose the verdict that counts for all.

    Examples
    --------
    >>> worst(["held", "unchecked", "undecided"])
    'undecided'
    """
    found = set(verdicts)
    return next(verdict for verdict in _WORST_FIRST if verdict in found)


def to_json(content: Mapping[str, Any]) -> str:
    """Write results as JSON."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
