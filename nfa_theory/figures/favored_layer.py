"""SLO on each layer in turn: UC-NFA of every layer after training, by optimizer, beside the training accuracy."""

from __future__ import annotations

import json

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.statistics import mean_over_seeds
from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, Columns


def plot_favored_layer(ax: Axes, record: xr.Dataset) -> None:
    """Draw the UC-NFA after training as a table in colors: a row for each optimizer, a column for each layer.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    record : xarray.Dataset
        Of the experiment ``favored_layer``.
    """
    last = record.isel(step=-1).mean("seed")
    values, names = last.uc_nfa.values, [str(name) for name in record["optimizer"].values]
    ax.imshow(values, vmin=0.0, vmax=1.0, cmap="viridis", aspect="auto")
    for i in range(len(names)):
        for j, layer in enumerate(record["layer"].values.tolist()):
            favored = layer == record["favored"].values[i]
            ax.text(
                j,
                i,
                f"{values[i, j]:.2f}",
                ha="center",
                va="center",
                color="black" if values[i, j] > 0.6 else "white",
                weight="bold" if favored else "normal",
            )
    accuracy = last["accuracy"].values
    ax.set_yticks(range(len(names)), [f"{name}  ({acc:.1%})" for name, acc in zip(names, accuracy, strict=True)])
    ax.set_xticks(range(values.shape[1]), [f"layer {layer}" for layer in record["layer"].values.tolist()])
    ax.tick_params(length=0)
    ax.grid(visible=False)


def favored_layer_figure(record: xr.Dataset) -> NamedFigure:
    """Make the figure, with its caption and its data.

    Parameters
    ----------
    record : xarray.Dataset
        Of the experiment ``favored_layer``.

    Returns
    -------
    NamedFigure
        Ready to be rendered.
    """

    def draw(columns: Columns) -> Figure:
        rows = record.sizes["optimizer"]
        figure = Figure(figsize=(TWO_COLUMNS if columns == 2 else ONE_COLUMN, 0.6 + 0.25 * rows))
        plot_favored_layer(figure.subplots(), record)
        return figure

    mean = mean_over_seeds(record["uc_nfa"].isel(step=-1))
    told = ", ".join(
        f"{float(mean.sel(optimizer=name, layer=layer)):.2f} ({name})"
        for name, layer in zip(record["optimizer"].values, record["favored"].values.tolist(), strict=True)
        if layer
    )
    best = json.loads(record.attrs["verdict"])["facts"]["best_sgd"]
    last = record.isel(step=-1)
    return NamedFigure(
        name="favored_layer",
        title="Speed-limited optimization raises the alignment of any chosen layer",
        caption=(
            "UC-NFA of every hidden layer after training, mean over "
            f"{record.sizes['seed']} seed(s): plain SGD at several learning rates, and SLO favoring each layer in turn "
            "(bold: the favored layer). In parentheses: training accuracy."
        ),
        alt=f"UC-NFA of the favored layer: {told}. Best plain SGD: {best}.",
        draw=draw,
        header=["optimizer", "seed", "layer", "uc_nfa", "c_nfa", "accuracy"],
        rows=[
            [
                str(name),
                int(seed),
                int(layer),
                *(float(last[measure].sel(optimizer=name, seed=seed, layer=layer)) for measure in ("uc_nfa", "c_nfa")),
                float(last["accuracy"].sel(optimizer=name, seed=seed)),
            ]
            for name in record["optimizer"].values
            for seed in record["seed"].values
            for layer in record["layer"].values
        ],
    )
