"""All nine terms of the decomposition after training: which pair of parts the UC-NFA of every layer is made of."""

from __future__ import annotations

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfa_theory.figures.decomposition import decomposition_figure
from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, Columns
from nfa_theory.statistics.seeds import mean_over_seeds, spread_over_seeds

_SHORT = {"initial": "W₀", "cross": "mixed", "centered": "dW"}


def plot_nine_terms(ax: Axes, record: xr.Dataset, layer: int) -> None:
    """Draw the shares of one layer as a table in colors: a row for a term of the NFM, a column for one of the AGOP."""
    terms = mean_over_seeds(record["decomposition"]).isel(step=-1).sel(layer=layer)
    values = terms.transpose("nfm_term", "agop_term").values
    ax.imshow(values, vmin=-1, vmax=1, cmap="RdBu_r")
    for i, row in enumerate(values):
        for j, value in enumerate(row):
            ax.text(j, i, f"{value:.3f}", ha="center", va="center", color="white" if abs(value) > 0.6 else "black")
    ax.set_xticks(range(3), [_SHORT[str(name)] for name in record["agop_term"].values])
    ax.set_yticks(range(3), [_SHORT[str(name)] for name in record["nfm_term"].values])
    ax.set_xlabel("term of the AGOP")
    ax.set_ylabel("term of the NFM")
    ax.tick_params(length=0)
    ax.grid(visible=False)


def figures(record: xr.Dataset) -> list[NamedFigure]:
    """Make the figures of the parts through training and of all nine terms after it."""
    return [decomposition_figure(record), nine_terms_figure(record)]


def nine_terms_figure(record: xr.Dataset) -> NamedFigure:
    """Make the figure with one panel per layer, with its caption and its data."""
    layers = record["layer"].values.tolist()
    mean, spread = mean_over_seeds(record["decomposition"]), spread_over_seeds(record["decomposition"])

    def draw(columns: Columns) -> Figure:
        across = min(len(layers), 3 if columns == 2 else 1)
        down = -(-len(layers) // across)
        figure = Figure(figsize=(TWO_COLUMNS if columns == 2 else ONE_COLUMN, 2.5 * down))
        axes = figure.subplots(down, across, squeeze=False).flat
        for ax in axes[len(layers) :]:
            ax.set_axis_off()
        for ax, layer in zip(axes, layers, strict=False):
            plot_nine_terms(ax, record, layer)
            ax.set_title(f"layer {layer}")
        return figure

    step = int(record["step"].values[-1])
    rows: list[list[float | int | str]] = []
    for layer in layers:
        for nfm_term in record["nfm_term"].values.tolist():
            for agop_term in record["agop_term"].values.tolist():
                at = {"layer": layer, "step": step, "nfm_term": nfm_term, "agop_term": agop_term}
                values = [float(table.sel(at)) for table in (mean, spread)]
                rows.append([layer, nfm_term, agop_term, *values, record.sizes["seed"]])
    told = ", ".join(
        f"{float(mean.sel(layer=k, step=step, nfm_term='centered', agop_term='centered')):.2f} in layer {k}"
        for k in layers
    )
    return NamedFigure(
        name="nine_terms",
        title="The nine terms of the alignment",
        caption=(
            f"Contribution of every pair of terms of NFM and AGOP to the UC-NFA after training (step {step}), mean "
            f"over {record.sizes['seed']} seed(s); the nine of a layer sum to its UC-NFA. W₀: of the initial weights "
            "alone; dW: of their change alone; mixed: both orders of one with the other. From blue (−1) through white "
            "to red (1)."
        ),
        alt=f"The term of the change alone contributes {told}.",
        draw=draw,
        header=["layer", "nfm_term", "agop_term", "mean", "standard_deviation", "seeds"],
        rows=rows,
    )
