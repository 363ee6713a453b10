"""What the record of early alignments says of predictions: of means at each width, of single networks, of limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr

from nfa_theory.statistics.extrapolation import Comparison, compare
from nfa_theory.statistics.finite_width_means import MeanComparison, compare_means, compare_on_the_same_networks

PREDICTED_FROM: Final = 16
"""Random networks from which a mean at finite width is predicted."""
PAIRS: Final = 2
"""Networks at each width that make a small step and are predicted from their own weights."""
STEPS: Final = (1e-3, 5e-4)
"""Learning rates of the small steps: one, and half of it. They change an alignment by about 1e-6."""
RESOLUTION: Final = 1e-5
"""Relative difference that single precision may make between two ways to an alignment: ten times what it does."""


@dataclass(frozen=True)
class LayerComparisons:
    """All comparisons of one layer.

    Parameters
    ----------
    layer : int
        Which layer.
    means : MeanComparison
        Predicted and measured means of independent networks, over all widths.
    at_width : dict of int to MeanComparison
        The same at each width.
    pairs : MeanComparison
        The formula and small steps on the same weights, of all widths.
    limit : Comparison
        The measured means extrapolated to infinite width, and the predicted limit.
    """

    layer: int
    means: MeanComparison
    at_width: dict[int, MeanComparison]
    pairs: MeanComparison
    limit: Comparison

    @property
    def widest(self) -> tuple[int, MeanComparison]:
        """The width where predicted and measured mean are farthest apart, beside what is allowed."""
        return max(self.at_width.items(), key=lambda each: abs(each[1].deviation) / each[1].threshold)


def compared(table: xr.Dataset) -> list[LayerComparisons]:
    """Compare prediction and measurement in every layer; all comparisons share the false-alarm rate."""
    return [_of_layer(table.sel(layer=layer), layer, table.sizes) for layer in table["layer"].values.tolist()]


def _of_layer(part: xr.Dataset, layer: int, sizes: Mapping[Any, int]) -> LayerComparisons:
    widths = part["width"].values
    tests = sizes["layer"] * (len(widths) + 3)
    mean, error = part["predicted_mean"].values, part["predicted_error"].values
    measured = part["measured"].transpose("width", "seed").values
    steps = part["stepped"].transpose("learning_rate", "width", "pair").values.reshape(len(STEPS), -1)
    formula = part["predicted_of_pair"].transpose("width", "pair").values.ravel()
    fitted = widths >= part.attrs["fitted_from"]

    def means(rows: slice) -> MeanComparison:
        return compare_means(mean[rows], error[rows], PREDICTED_FROM, measured[rows], tests)

    return LayerComparisons(
        layer,
        means(slice(None)),
        {int(width): means(slice(i, i + 1)) for i, width in enumerate(widths)},
        compare_on_the_same_networks(formula, list(steps), tests, resolution=RESOLUTION),
        compare(widths[fitted].astype(np.float64), measured[fitted], float(part["predicted"]), tests),
    )
