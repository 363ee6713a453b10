"""``results.json``: every number that the report shows, with what is needed to get it again.

Schema ``"nfa-theory results 2"``: ``version``, ``command``, ``verdict`` (the worst of all), ``court`` (see
`nfa_theory.verify.results`), ``plan`` (every setting), ``machine``, ``durations_seconds``. If networks were trained,
what the ``numbers`` of each experiment tell of its record, which lies in ``records/KEY.nc``:

- ``training`` (`nfa_theory.experiments.through_training`): ``network``, ``seeds``, ``steps``, ``epochs``,
  ``first_step``, losses and accuracies at the end, and ``layers`` with UC-NFA at the start and the end, C-NFA after
  the first step and at the end, and the relative change of the weights; each a ``mean`` with ``standard_deviation``
  and ``standard_error``;
- ``early_alignment``: ``samples``, ``widths``, ``seeds``, ``fitted_from``, ``criterion``, and ``layers`` with
  ``verdict``, ``predicted`` (the limit), ``measured`` (by width, beside the mean ``predicted`` there, with
  ``deviation`` and ``threshold``), ``means`` (over all widths) and ``same_weights`` (formula and small steps), with
  ``difference``, ``deviation``, ``threshold`` and ``detectable``, and ``extrapolated`` with ``standard_error``,
  ``coefficients``, ``deviation``, ``threshold``, ``misfit_p_value``, ``detectable_relative_error``;
- ``finite_width``: ``held``, ``family`` and ``rate``, see `nfa_theory.statistics.family`;

and ``data`` (``name``, ``source``, ``license``, ``samples``) and ``figures``, a list of ``name``, ``title``,
``caption`` and ``alt``, whose files lie in ``figures/``. What is not defined is null.
"""

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
