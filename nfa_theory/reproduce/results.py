"""``results.json``: every number that the report shows, with what is needed to get it again."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float

from nfa_theory.reproduce.convergence import FALSE_ALARM_RATE, ORDER
from nfa_theory.reproduce.early_alignment import comparisons
from nfa_theory.reproduce.plan import Plan
from nfa_theory.reproduce.width_statistics import as_results
from numerics.backend.version import package_version
from numerics.data import DataSet
from numerics.training.records import machine

RESULTS_SCHEMA = "nfa-theory results 2"
_WORST_FIRST = ("refuted", "error", "undecided", "held", "unchecked")


def results(court: Mapping[str, Any], plan: Plan, durations: Mapping[str, float]) -> dict[str, Any]:
    """Collect the numbers of one run of the main job, as far as they are about the claims."""
    return {
        "schema": RESULTS_SCHEMA,
        "version": package_version(),
        "command": plan.command(),
        "verdict": worst(each["status"] for each in court["claims"]),
        "court": court,
        "plan": plan.as_dict(),
        "machine": machine(),
        "durations_seconds": {name: round(seconds, 2) for name, seconds in durations.items()},
    }


def network_results(
    record: xr.Dataset, table: xr.Dataset, widths: xr.Dataset, plan: Plan, data: DataSet
) -> dict[str, Any]:
    """Collect what networks on real images showed."""
    return {
        "early_alignment": _early(table, plan),
        "finite_width": as_results(widths),
        "training": _training(record, plan),
        "data": {"name": data.name, "source": data.source, "license": data.license, "samples": len(data.X)},
    }


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


def summary(values: Float[np.ndarray, " s"]) -> dict[str, float | None]:
    """Summarize one number over seeds."""
    deviation = float(values.std(ddof=1)) if len(values) > 1 else math.nan
    numbers = {
        "mean": float(values.mean()),
        "standard_deviation": deviation,
        "standard_error": deviation / math.sqrt(len(values)),
    }
    return {name: number if math.isfinite(number) else None for name, number in numbers.items()}


def _training(record: xr.Dataset, plan: Plan) -> dict[str, Any]:
    first = int(record["step"].values[1])
    return {
        "network": f"A ReLU network of {plan.depth} hidden layers of width {plan.width}",
        "seeds": record["seed"].values.tolist(),
        "steps": int(record["step"].values[-1]),
        "epochs": float(record["epoch"].values[-1]),
        "first_step": first,
        **{
            name: summary(record[name].isel(step=-1).values)
            for name in ("loss", "test_loss", "accuracy", "test_accuracy")
            if name in record
        },
        "layers": [
            {
                "layer": layer,
                "uc_nfa_initial": summary(record["uc_nfa"].sel(layer=layer, step=0).values),
                "uc_nfa_final": summary(record["uc_nfa"].sel(layer=layer).isel(step=-1).values),
                "c_nfa_first": summary(record["c_nfa"].sel(layer=layer, step=first).values),
                "c_nfa_final": summary(record["c_nfa"].sel(layer=layer).isel(step=-1).values),
                "relative_weight_change": summary(
                    record["relative_weight_change"].sel(layer=layer).isel(step=-1).values
                ),
            }
            for layer in record["layer"].values.tolist()
        ],
    }


def _early(table: xr.Dataset, plan: Plan) -> dict[str, Any]:
    layers = []
    for layer, comparison in zip(table["layer"].values.tolist(), comparisons(table), strict=True):
        fit = comparison.extrapolation
        measured = [
            {
                "width": width,
                **summary(table["measured"].sel(width=width, layer=layer).values),
                "predicted": float(table["predicted_mean"].sel(width=width, layer=layer)),
                "predicted_error": float(table["predicted_error"].sel(width=width, layer=layer)),
            }
            for width in table["width"].values.tolist()
        ]
        layers.append(
            {
                "layer": layer,
                "verdict": comparison.verdict,
                "predicted": comparison.predicted,
                "measured": measured,
                "extrapolated": fit.limit,
                "standard_error": fit.standard_error,
                "coefficients": list(fit.coefficients),
                "deviation": comparison.deviation,
                "threshold": comparison.threshold,
                "misfit_p_value": None if math.isnan(fit.misfit_p_value) else fit.misfit_p_value,
                "detectable_relative_error": comparison.detectable,
            }
        )
    return {
        "samples": plan.prediction_samples,
        "widths": table["width"].values.tolist(),
        "seeds": table["seed"].values.tolist(),
        "fitted_from": plan.fitted_from,
        "criterion": f"The fit takes the widths from {plan.fitted_from} on. {CRITERION}",
        "layers": layers,
    }


CRITERION = (
    "The mean over initializations at width k is limit + a/k + b/k² + ..., because an alignment is a smooth function "
    f"of averages over units. The fit keeps powers up to {ORDER}, weights widths in proportion to k (the inverse "
    "variance in theory) and takes its standard error from the spread over initializations at each width. A prediction "
    "is refuted if it is further from the fitted limit than chance explains (Student's t, false-alarm rate "
    f"{FALSE_ALARM_RATE:g} for all layers together); if the fit misses the measurements beyond chance, the layer is "
    "undecided. No tolerance is added. Which widths are fitted was settled after runs with seed 0, in which widths "
    "down to 64 needed a further power of 1/k; a run with another seed is a fresh test."
)
