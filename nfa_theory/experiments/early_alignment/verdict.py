"""The verdict on early alignments, and the numbers behind it."""

from __future__ import annotations

import json
from typing import Any, Final

import xarray as xr

from nfa_theory.experiments.early_alignment.comparisons import (
    PAIRS,
    PREDICTED_FROM,
    RESOLUTION,
    LayerComparisons,
    compared,
)
from nfa_theory.statistics.error_rates import FALSE_ALARM, MISSED
from nfa_theory.statistics.extrapolation import ORDER
from nfa_theory.statistics.finite_width_means import MeanComparison
from nfa_theory.statistics.seeds import finite_or_none, summary
from nfa_theory.statistics.verdict import Decided, Outcome, Verdict

CRITERION: Final = (
    f"Three statements for each layer. The means at the widths: of {PREDICTED_FROM} networks by the formula and of "
    "others by measurement, at each width and over all of them (Welch's test). The same weights: the formula and a "
    f"small step on the weights of {PAIRS} networks at each width, extrapolated to no step from a step and half of it "
    f"(t-test of the differences, beyond a rounding of {RESOLUTION:g}). The limit: the mean over initializations at "
    "width k is limit + a/k + b/k² + ..., because an "
    f"alignment is a smooth function of averages over units; the fit keeps powers up to {ORDER}, weights widths in "
    "proportion to k (the inverse variance in theory), and takes its standard error from the spread over "
    "initializations. A prediction is refuted if it is farther off than chance explains (Student's t, false-alarm rate "
    f"{FALSE_ALARM:g} for all comparisons together); if the fit misses the measurements beyond chance, the limit is "
    f"undecided. No other tolerance is added. Errors that are called detectable would have been found with probability "
    f"{1 - MISSED:g}."
)


def judge(table: xr.Dataset) -> Verdict:
    """Compare means at each width, single networks, and limits with what was predicted."""
    found = compared(table)
    parts = [part for each in found for part in _parts(each, table.sizes)]
    facts = {
        f"layer {each.layer}": {
            "detectable on the same weights": each.pairs.detectable,
            "detectable in the means": each.means.detectable,
            "detectable in the limit": each.limit.detectable,
        }
        for each in found
    }
    return Verdict(parts, facts=facts, level=FALSE_ALARM, test=CRITERION)


def _parts(found: LayerComparisons, sizes: Any) -> list[Decided]:
    of_layer, unit = f"early C-NFA of layer {found.layer}", "deviation in standard errors"
    width, farthest = found.widest
    pairs = sizes["width"] * sizes["pair"]
    limit = found.limit
    return [
        _decided(f"{of_layer}: the formula is what a small step gives on the same weights: {unit}", found.pairs, pairs),
        _decided(f"{of_layer}: means over networks are the predicted ones, over all widths: {unit}", found.means, 1),
        _decided(f"{of_layer}: so they are at each width, farthest at width {width}: {unit}", farthest, sizes["seed"]),
        Decided(
            f"{of_layer}: extrapolated to infinite width it is the predicted limit: {unit}",
            limit.outcome,
            abs(limit.deviation),
            limit.threshold,
            sizes["seed"],
        ),
    ]


def _decided(statement: str, found: MeanComparison, seeds: int) -> Decided:
    return Decided(statement, _outcome(found), abs(found.deviation), found.threshold, seeds)


def _outcome(found: MeanComparison) -> Outcome:
    return "held" if found.held else "refuted"


def numbers(table: xr.Dataset) -> dict[str, Any]:
    """Tell measurement, prediction, extrapolation and verdict of every layer."""
    options = json.loads(table.attrs["options"])
    return {
        "samples": options["train"],
        "widths": table["width"].values.tolist(),
        "seeds": table["seed"].values.tolist(),
        "fitted_from": options["fitted_from"],
        "criterion": f"The fit takes the widths from {options['fitted_from']} on. {CRITERION}",
        "layers": [_layer_numbers(each, table.sel(layer=each.layer), table.sizes) for each in compared(table)],
    }


def _layer_numbers(found: LayerComparisons, table: xr.Dataset, sizes: Any) -> dict[str, Any]:
    limit, fit = found.limit, found.limit.extrapolation
    measured = [
        {
            "width": width,
            **summary(table["measured"].sel(width=width).values),
            "predicted": float(table["predicted_mean"].sel(width=width)),
            "predicted_error": float(table["predicted_error"].sel(width=width)),
            "deviation": comparison.deviation,
            "threshold": comparison.threshold,
        }
        for width, comparison in found.at_width.items()
    ]
    return {
        "layer": found.layer,
        "verdict": Verdict(_parts(found, sizes), level=FALSE_ALARM).outcome,
        "predicted": limit.predicted,
        "measured": measured,
        "means": vars(found.means),
        "same_weights": vars(found.pairs),
        "extrapolated": fit.limit,
        "standard_error": fit.standard_error,
        "coefficients": list(fit.coefficients),
        "deviation": limit.deviation,
        "threshold": limit.threshold,
        "misfit_p_value": finite_or_none(fit.misfit_p_value),
        "detectable_relative_error": limit.detectable,
    }
