"""Early C-NFA at several widths beside its prediction: of the limit of infinite width, and of the means themselves."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from nfa_theory.experiments.early_alignment.one_network import early_alignment
from nfa_theory.experiments.frame.experiment import Experiment
from nfa_theory.experiments.frame.pieces import Pieces
from nfa_theory.predict import predict_alignment
from nfa_theory.statistics.error_rates import FALSE_ALARM
from nfa_theory.statistics.extrapolation import ORDER, Comparison, compare
from nfa_theory.statistics.seeds import finite_or_none, summary
from nfa_theory.statistics.verdict import Decided, Verdict
from numerics import MLP
from numerics.backend.version import package_version
from numerics.data import load_dataset
from numerics.training.records import machine

PREDICTED_FROM = 16
"""Random networks from which a mean at finite width is predicted; its error is then about that of the measurement."""
CRITERION = (
    "The mean over initializations at width k is limit + a/k + b/k² + ..., because an alignment is a smooth function "
    f"of averages over units. The fit keeps powers up to {ORDER}, weights widths in proportion to k (the inverse "
    "variance in theory) and takes its standard error from the spread over initializations at each width. A prediction "
    "is refuted if it is further from the fitted limit than chance explains (Student's t, false-alarm rate "
    f"{FALSE_ALARM:g} for all layers together); if the fit misses the measurements beyond chance, the layer is "
    "undecided. No tolerance is added. Which widths are fitted was settled after runs with seed 0, in which widths "
    "down to 64 needed a further power of 1/k; a run with another seed is a fresh test."
)


def measure(
    pieces: Pieces,
    data: str = "fashion_mnist_subset",
    train: int = 200,
    depth: int = 5,
    widths: Sequence[int] = (64, 128, 256, 512, 1024),
    fitted_from: int = 256,
    seeds: Sequence[int] = tuple(range(32)),
    data_seed: int = 0,
) -> xr.Dataset:
    """Measure random networks after one vanishing step, and predict what they show; no two networks share a seed.

    Notes
    -----
    ReLU, NTK parametrization, zero function at initialization. Widths below `fitted_from` are shown, and left out of
    the extrapolation: the expansion in 1/width is one in depth/width, and at width 64 and depth 5 its second term is
    half of the first. Width after width takes as many seeds as there are in `seeds`, from the first on.
    """
    images = load_dataset(data, train=train, test=0, dtype="float32", seed=data_seed)
    drawn = seeds[0] + np.arange(len(widths) * len(seeds)).reshape(len(widths), len(seeds))
    nets = [_network(width, depth, images.X.shape[1], images.Y.shape[1]) for width in widths]
    makes: dict[str, Any] = {}
    for i, net in enumerate(nets):
        own = int(drawn.max()) + 1 + i  # networks of the prediction are not those that are measured
        makes[f"measuring early C-NFA at width {widths[i]}"] = partial(
            _at_width, images.X, images.Y, net, drawn[i].tolist(), own
        )
    found = pieces.records(makes, costs=[float(width) ** 2 for width in widths])
    X, Y = images.X.astype(np.float64), images.Y.astype(np.float64)
    limit = predict_alignment(X, Y, nets[-1], initial_function="zero").limit
    joined = xr.concat(found, dim=xr.Variable("width", np.asarray(widths, np.int32)), combine_attrs="drop")
    table = joined.assign(predicted=("layer", np.asarray(limit)))
    table.attrs = {"fitted_from": fitted_from, "version": package_version(), "machine": json.dumps(machine())}
    fits = [comparison.extrapolation.coefficients for comparison in comparisons(table)]
    return table.assign(coefficient=(("layer", "power"), np.asarray(fits))).assign_coords(
        power=np.arange(ORDER + 1, dtype=np.int32)
    )


def _network(width: int, depth: int, inputs: int, outputs: int) -> MLP:
    return MLP(
        (inputs, *[width] * depth, outputs), activation="relu", parametrization="ntk", zero_initial_function=True
    )


def _at_width(
    X: Any, Y: Any, net: MLP, seeds: Sequence[int], own_seed: int, *, progress: Callable[[int, int], None]
) -> xr.Dataset:
    predicted = predict_alignment(X, Y, net, initial_function="zero", networks=PREDICTED_FROM, seed=own_seed)
    measured = []
    for done, seed in enumerate(seeds, start=1):
        measured.append(early_alignment(X, Y, net, seed))
        progress(done, len(seeds))
    return xr.Dataset(
        {
            "measured": (("seed", "layer"), np.asarray(measured)),
            "predicted_mean": ("layer", np.asarray(predicted.mean)),
            "predicted_error": ("layer", np.asarray(predicted.mean_error)),
            "weights_seed": ("seed", np.asarray(seeds, np.int32)),
        },
        {
            "seed": np.arange(len(seeds), dtype=np.int32),
            "layer": np.arange(1, net.depth + 1, dtype=np.int32),
        },
    )


def comparisons(table: xr.Dataset) -> list[Comparison]:
    """Compare prediction and measurement in every layer."""
    fitted = table.sel(width=table["width"] >= table.attrs["fitted_from"])
    widths = fitted["width"].values.astype(float)
    return [
        compare(
            widths,
            fitted["measured"].sel(layer=layer).values,
            float(table["predicted"].sel(layer=layer)),
            tests=table.sizes["layer"],
        )
        for layer in table["layer"].values.tolist()
    ]


def judge(table: xr.Dataset) -> Verdict:
    """Compare the extrapolated mean of every layer with the limit that the data predict."""
    parts = [
        Decided(
            f"early C-NFA of layer {layer}, extrapolated to infinite width, is the predicted one: "
            "deviation in standard errors",
            found.outcome,
            abs(found.deviation),
            found.threshold,
            table.sizes["seed"],
        )
        for layer, found in zip(table["layer"].values.tolist(), comparisons(table), strict=True)
    ]
    return Verdict(parts, level=FALSE_ALARM, test=CRITERION)


def numbers(table: xr.Dataset) -> dict[str, Any]:
    """Tell measurement, prediction, extrapolation and verdict of every layer."""
    options = json.loads(table.attrs["options"])
    layers = []
    for layer, comparison in zip(table["layer"].values.tolist(), comparisons(table), strict=True):
        fit, at_layer = comparison.extrapolation, table.sel(layer=layer)
        measured = [
            {
                "width": width,
                **summary(at_layer["measured"].sel(width=width).values),
                "predicted": float(at_layer["predicted_mean"].sel(width=width)),
                "predicted_error": float(at_layer["predicted_error"].sel(width=width)),
            }
            for width in table["width"].values.tolist()
        ]
        layers.append(
            {
                "layer": layer,
                "verdict": comparison.outcome,
                "predicted": comparison.predicted,
                "measured": measured,
                "extrapolated": fit.limit,
                "standard_error": fit.standard_error,
                "coefficients": list(fit.coefficients),
                "deviation": comparison.deviation,
                "threshold": comparison.threshold,
                "misfit_p_value": finite_or_none(fit.misfit_p_value),
                "detectable_relative_error": comparison.detectable,
            }
        )
    return {
        "samples": options["train"],
        "widths": table["width"].values.tolist(),
        "seeds": table["seed"].values.tolist(),
        "fitted_from": options["fitted_from"],
        "criterion": f"The fit takes the widths from {options['fitted_from']} on. {CRITERION}",
        "layers": layers,
    }


EXPERIMENT = Experiment(
    title="Early alignment, predicted before training",
    claim="The early C-NFA of every layer of deep ReLU networks on images tends, as the width grows, to the limit that "
    "theory predicts from the images alone.",
    measure=measure,
    judge=judge,
    quick={"train": 60, "depth": 2, "widths": (32, 64, 128, 256), "fitted_from": 64, "seeds": tuple(range(8))},
    numbers=numbers,
)
