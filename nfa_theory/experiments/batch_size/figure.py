"""Batch size and early alignment: the C-NFA of every layer after one step, and after one epoch."""

from __future__ import annotations

import xarray as xr
from matplotlib.figure import Figure

from nfa_theory.experiments.frame.drawing import (
    legend_of_layers,
    panels,
    plot_by_setting,
    rows_of,
    use_setting_axis,
)
from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import Columns, describe_spread
from nfa_theory.statistics.seeds import mean_over_seeds

_TIMES = {1: ("after_one_step", "(a) after one step"), 2: ("after_one_epoch", "(b) after one epoch")}


def figures(record: xr.Dataset) -> list[NamedFigure]:
    """Make the figure, with its caption and its data."""
    sizes = record["batch_size"].values.tolist()

    def draw(columns: Columns) -> Figure:
        figure, axes = panels(columns, 2)
        low = float(record["c_nfa"].min())
        for ax, (step, (_, title)) in zip(axes, _TIMES.items(), strict=True):
            plot_by_setting(ax, record["c_nfa"].sel(step=step), "batch_size")
            use_setting_axis(ax, sizes, "batch size", log=True)
            ax.set_ylim(min(low, 0.98) - 0.02, 1.005)
            ax.set_title(title)
            ax.set_ylabel("C-NFA (cosine)")
        legend_of_layers(figure, axes[0], columns)
        return figure

    mean = mean_over_seeds(record["c_nfa"])
    told = "; ".join(
        f"layer {layer}, {title[4:]}: "
        f"{float(mean.sel(layer=layer, step=step, batch_size=sizes[0])):.3f} with batches of {sizes[0]}, "
        f"{float(mean.sel(layer=layer, step=step, batch_size=sizes[-1])):.3f} with all {sizes[-1]} samples"
        for layer in record["layer"].values.tolist()
        for step, (_, title) in _TIMES.items()
    )
    figure = NamedFigure(
        name="batch_size",
        title="The batch size decides the alignment of a step, not that of an epoch",
        caption=(
            "C-NFA of every hidden layer, (a) after the first step, (b) after the first epoch of small steps, against "
            "the batch size; the rightmost batch holds all samples. " + describe_spread(record, "Points", "error bars")
        ),
        alt=f"C-NFA: {told}.",
        draw=draw,
        header=["time", "layer", "batch_size", "mean", "standard_deviation", "seeds"],
        rows=[
            row
            for step, (name, _) in _TIMES.items()
            for row in rows_of(record["c_nfa"].sel(step=step), "batch_size", name)
        ],
    )
    return [figure]
