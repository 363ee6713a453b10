"""Where the alignment comes from: UC-NFA split into what was there at the start and what training made."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfa_theory.figures.alignment import use_step_axis
from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, Columns, describe_spread
from nfa_theory.statistics.seeds import mean_over_seeds, spread_over_seeds

# Okabe and Ito's colors, and dashes: neither has to be told apart alone.
_LOOK = {
    "total": ("UC-NFA", "#000000", "-"),
    "centered": ("centered × centered", "#D55E00", "-"),
    "initial": ("initial × initial", "#0072B2", "--"),
    "mixed": ("all mixed terms", "#009E73", "-."),
}


def grouped_terms(record: xr.Dataset, layer: int) -> dict[str, xr.DataArray]:
    """Group the nine terms of the decomposition of UC-NFA into initial, centered and mixed."""
    terms = record["decomposition"].sel(layer=layer)
    total = record["uc_nfa"].sel(layer=layer)
    initial = terms.sel(nfm_term="initial", agop_term="initial", drop=True)
    centered = terms.sel(nfm_term="centered", agop_term="centered", drop=True)
    mixed = terms.sum(("nfm_term", "agop_term"), skipna=False) - initial - centered
    return {"total": total, "centered": centered, "initial": initial, "mixed": mixed}


def plot_decomposition(ax: Axes, record: xr.Dataset, layer: int) -> None:
    """Draw UC-NFA of one layer and the parts that add up to it: mean over seeds and ± 1 standard deviation.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    record : xarray.Dataset
        What `simulate` returned.
    layer : int
        Which layer.
    """
    steps = record["step"].values
    for name, part in grouped_terms(record, layer).items():
        label, color, dashes = _LOOK[name]
        y, dy = mean_over_seeds(part).values, spread_over_seeds(part).values
        ax.plot(steps, y, color=color, linestyle=dashes, label=label, linewidth=1.8 if name == "total" else 1.2)
        if np.isfinite(dy).any():
            ax.fill_between(steps, y - dy, y + dy, color=color, alpha=0.2, linewidth=0)
    use_step_axis(ax, int(steps.max()))
    ax.set_ylabel("part of UC-NFA")


def decomposition_figure(record: xr.Dataset) -> NamedFigure:
    """Make the figure with one panel per layer, with its caption and its data.

    Parameters
    ----------
    record : xarray.Dataset
        What `simulate` returned.

    Returns
    -------
    NamedFigure
        Ready to be rendered.
    """
    layers = record["layer"].values.tolist()

    def draw(columns: Columns) -> Figure:
        across = min(len(layers), 3 if columns == 2 else 2)
        down = math.ceil(len(layers) / across)
        free = down * across - len(layers)
        width = TWO_COLUMNS if columns == 2 else ONE_COLUMN
        figure = Figure(figsize=(width, 0.5 + 1.75 * down))
        axes = figure.subplots(down, across, squeeze=False, sharex=True, sharey=True)
        for ax in axes.flat[len(layers) :]:
            ax.set_axis_off()
        for ax, layer in zip(axes.flat, layers, strict=False):
            plot_decomposition(ax, record, layer)
            ax.set_title(f"layer {layer}")
            ax.label_outer()
        for ax in axes.flat[max(len(layers) - across, 0) : len(layers)]:
            ax.tick_params(labelbottom=True)
            ax.set_xlabel("training step")
        handles, labels = axes.flat[0].get_legend_handles_labels()
        if free:
            axes.flat[-1].legend(handles, labels, loc="center")
        else:
            figure.legend(handles, labels, loc="outside upper center", ncols=2 * columns)
        return figure

    return NamedFigure(
        name="decomposition",
        title="Where the alignment comes from",
        caption=(
            "UC-NFA of each hidden layer and the terms that add up to it, with W = W₀ + dW: the alignment "
            "of the initial weights alone (initial × initial), of their change alone (centered × centered), and all "
            "terms in which both occur. " + describe_spread(record)
        ),
        alt=_message(record),
        draw=draw,
        header=["layer", "part", "step", "mean", "standard_deviation", "seeds"],
        rows=_rows(record),
    )


def _rows(record: xr.Dataset) -> list[list[float | int | str]]:
    rows: list[list[float | int | str]] = []
    for layer in record["layer"].values.tolist():
        for name, part in grouped_terms(record, layer).items():
            mean, spread = mean_over_seeds(part).values, spread_over_seeds(part).values
            for i, step in enumerate(record["step"].values.tolist()):
                rows.append([layer, name, step, float(mean[i]), float(spread[i]), record.sizes["seed"]])
    return rows


def _message(record: xr.Dataset) -> str:
    parts = []
    for layer in record["layer"].values.tolist():
        last = {name: float(mean_over_seeds(part)[-1]) for name, part in grouped_terms(record, layer).items()}
        parts.append(
            f"layer {layer}: UC-NFA {last['total']:.2f}, of it centered {last['centered']:.2f}, "
            f"initial {last['initial']:.2f}, mixed {last['mixed']:.2f}"
        )
    return f"At the last step (step {int(record['step'].values[-1])}): " + "; ".join(parts) + "."
