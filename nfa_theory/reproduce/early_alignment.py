"""Early C-NFA at several widths beside its prediction for infinite width, as one table."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr
from jaxtyping import Float

from nfa_theory.predict import predict_alignment
from nfa_theory.reproduce.convergence import ORDER, Comparison, compare
from nfa_theory.reproduce.early_step import early_alignment
from nfa_theory.reproduce.plan import Plan
from numerics import MLP

TABLE_SCHEMA = "nfa-theory early alignment 1"
PREDICTED_FROM = 16
"""Random networks from which a mean at finite width is predicted; its error is then about that of the measurement."""


def early_network(plan: Plan, width: int, inputs: int, outputs: int) -> MLP:
    """Describe the network of one width: the plan's depth, NTK parametrization, zero function at initialization."""
    widths = (inputs, *[width] * plan.depth, outputs)
    return MLP(widths, activation="relu", parametrization="ntk", zero_initial_function=True)


def measure_early_alignment(
    X: Float[np.ndarray, "n d"],
    Y: Float[np.ndarray, "n c"],
    plan: Plan,
    after_network: Callable[[int], None],
) -> xr.Dataset:
    """Predict, measure and compare the early C-NFA of every layer; no two networks have one seed."""
    measured = np.empty((len(plan.widths), plan.initializations, plan.depth))
    mean, error = np.empty((2, len(plan.widths), plan.depth))
    seeds = plan.seeds()[plan.training_seeds :].reshape(measured.shape[:2])
    for i, width in enumerate(plan.widths):
        net = early_network(plan, width, X.shape[1], Y.shape[1])
        own = int(seeds.max()) + 1 + i  # networks of the prediction are not those that are measured
        at_width = predict_alignment(X, Y, net, initial_function="zero", networks=PREDICTED_FROM, seed=own)
        mean[i], error[i] = at_width.mean, at_width.mean_error
        for j, seed in enumerate(seeds[i].tolist()):
            measured[i, j] = early_alignment(X, Y, net, seed)
            after_network(width)
    net = early_network(plan, max(plan.widths), X.shape[1], Y.shape[1])
    predicted = predict_alignment(X.astype(np.float64), Y.astype(np.float64), net, initial_function="zero").limit
    table = xr.Dataset(
        {
            "measured": (("width", "seed", "layer"), measured),
            "predicted": ("layer", np.asarray(predicted)),
            "predicted_mean": (("width", "layer"), mean),
            "predicted_error": (("width", "layer"), error),
            "weights_seed": (("width", "seed"), seeds.astype(np.int32)),
        },
        {
            "width": np.asarray(plan.widths, np.int32),
            "seed": np.arange(plan.initializations, dtype=np.int32),
            "layer": np.arange(1, plan.depth + 1, dtype=np.int32),
        },
        {"schema": TABLE_SCHEMA, "fitted_from": plan.fitted_from},
    )
    fits = [comparison.extrapolation.coefficients for comparison in comparisons(table)]
    return table.assign(coefficient=(("layer", "power"), np.asarray(fits))).assign_coords(
        power=np.arange(ORDER + 1, dtype=np.int32)
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
