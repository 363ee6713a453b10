"""The effect of the initialization scale: both alignments after training, and how much of the weights was learned."""

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

_PANELS = {
    "uc_nfa": ("(a) UC-NFA: the weights", "UC-NFA (cosine)"),
    "c_nfa": ("(b) C-NFA: their change", "C-NFA (cosine)"),
    "relative_weight_change": ("(c) what was learned", "|W − W(0)| / |W|"),
}


def figures(record: xr.Dataset) -> list[NamedFigure]:
    """Make the figure, with its caption and its data."""
    last = record.isel(step=-1)
    scales = record["scale"].values.tolist()

    def draw(columns: Columns) -> Figure:
        figure, axes = panels(columns, len(_PANELS))
        for ax, (name, (title, label)) in zip(axes, _PANELS.items(), strict=True):
            plot_by_setting(ax, last[name], "scale")
            use_setting_axis(ax, scales, "factor on the initial weights", log=True)
            ax.set_ylim(0, 1.03)
            ax.set_title(title)
            ax.set_ylabel(label)
        legend_of_layers(figure, axes[0], columns)
        return figure

    uc = mean_over_seeds(last["uc_nfa"])
    told = ", ".join(
        f"layer {layer} {float(uc.sel(layer=layer, scale=scales[0])):.2f} at scale {scales[0]:g} and "
        f"{float(uc.sel(layer=layer, scale=scales[-1])):.2f} at scale {scales[-1]:g}"
        for layer in record["layer"].values.tolist()
    )
    figure = NamedFigure(
        name="initialization_scale",
        title="The effect of the initialization scale",
        caption=(
            "After training from initial weights of several sizes: (a) UC-NFA, (b) C-NFA, (c) Frobenius norm of the "
            "weights' change over that of the weights, of every hidden layer. "
            + describe_spread(record, "Points", "error bars")
        ),
        alt=f"UC-NFA after training: {told}.",
        draw=draw,
        header=["quantity", "layer", "scale", "mean", "standard_deviation", "seeds"],
        rows=[row for name in _PANELS for row in rows_of(last[name], "scale", name)],
    )
    return [figure]
