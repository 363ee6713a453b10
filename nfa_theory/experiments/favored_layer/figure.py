"""SLO on each layer in turn: UC-NFA of every layer after training, by optimizer, beside the training accuracy."""

from __future__ import annotations

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfa_theory.experiments.frame.drawing import best_sgd, table, title_of
from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, Columns
from nfa_theory.statistics.seeds import mean_over_seeds


def plot_favored_layer(ax: Axes, record: xr.Dataset) -> None:
    """Draw the UC-NFA after training as a table in colors: a row for each optimizer, a column for each layer."""
    last = record.isel(step=-1)
    values, accuracy = (mean_over_seeds(last[name]).values for name in ("uc_nfa", "accuracy"))
    names = [str(name) for name in record["optimizer"].values]
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
    ax.set_yticks(range(len(names)), [title_of(name) for name in names])
    ax.set_xticks(range(values.shape[1]), [str(layer) for layer in record["layer"].values.tolist()])
    ax.set_xlabel("UC-NFA of layer")
    beside = ax.secondary_yaxis("right")
    beside.set_yticks(range(len(names)), [f"{share:.2%}" for share in accuracy])
    beside.set_ylabel("training accuracy")
    for axis in (ax, beside):
        axis.tick_params(length=0)
        axis.spines[:].set_visible(False)
    ax.grid(visible=False)


def figures(record: xr.Dataset) -> list[NamedFigure]:
    """Make the figure, with its caption and its data."""

    def draw(columns: Columns) -> Figure:
        height = 0.6 + 0.25 * record.sizes["optimizer"]
        figure = Figure(figsize=(TWO_COLUMNS if columns == 2 else ONE_COLUMN, height))
        plot_favored_layer(figure.subplots(), record)
        return figure

    mean = mean_over_seeds(record["uc_nfa"].isel(step=-1))
    told = ", ".join(
        f"{float(mean.sel(optimizer=name, layer=layer)):.2f} ({name})"
        for name, layer in zip(record["optimizer"].values, record["favored"].values.tolist(), strict=True)
        if layer
    )
    last = record.isel(step=-1)
    shown = {name: last[name] for name in ("uc_nfa", "c_nfa", "accuracy")}
    header, rows = table(shown, ["optimizer", "seed", "layer"])
    figure = NamedFigure(
        name="favored_layer",
        title="Speed-limited optimization raises the alignment of any chosen layer",
        caption=(
            "UC-NFA of every hidden layer after training (colors from 0, dark, to 1, light), and training accuracy: "
            f"mean over {record.sizes['seed']} seed(s). Plain SGD at several learning rates, and SLO favoring each "
            "layer in turn (bold: the favored layer)."
        ),
        alt=f"UC-NFA of the favored layer: {told}. Best plain SGD: {best_sgd(record)}.",
        draw=draw,
        header=header,
        rows=rows,
    )
    return [figure]
