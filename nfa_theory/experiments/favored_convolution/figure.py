"""SLO on each convolution in turn: UC-NFA after training, by optimizer."""

from __future__ import annotations

import xarray as xr
from matplotlib.figure import Figure

from nfa_theory.experiments.favored_layer.figure import plot_favored_layer
from nfa_theory.experiments.frame.drawing import best_sgd, table
from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, Columns
from nfa_theory.statistics.seeds import mean_over_seeds


def figures(record: xr.Dataset) -> list[NamedFigure]:
    """Make the figure, with its caption and its data."""
    last = record.rename(moment="step").drop_vars("step")

    def draw(columns: Columns) -> Figure:
        size = (TWO_COLUMNS if columns == 2 else ONE_COLUMN, 0.6 + 0.25 * record.sizes["optimizer"])
        figure = Figure(figsize=size)
        plot_favored_layer(figure.subplots(), last)
        return figure

    end = last.isel(step=-1)
    mean = mean_over_seeds(end["uc_nfa"])
    told = ", ".join(
        f"{float(mean.sel(optimizer=name, layer=layer)):.3f} ({name})"
        for name, layer in zip(record["optimizer"].values, record["favored"].values.tolist(), strict=True)
        if layer
    )
    header, rows = table({name: end[name] for name in ("uc_nfa", "c_nfa", "accuracy")}, ["optimizer", "seed", "layer"])
    figure = NamedFigure(
        name="favored_convolution",
        title="Speed-limited optimization raises the alignment of any chosen convolution",
        caption=(
            "UC-NFA of every convolution after training (colors from 0, dark, to 1, light), and training accuracy: "
            f"mean over {record.sizes['seed']} seed(s). Plain SGD at several learning rates, and SLO favoring each "
            "convolution in turn (bold: the favored one)."
        ),
        alt=f"UC-NFA of the favored convolution: {told}. Best plain SGD: {best_sgd(record)}.",
        draw=draw,
        header=header,
        rows=rows,
    )
    return [figure]
