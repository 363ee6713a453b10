"""Alignment of every layer before and after training, one panel for each network and data set, and through training."""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, Columns, layer_styles
from nfa_theory.statistics.seeds import mean_over_seeds, spread_over_seeds

TITLES: Final = {"vgg11": "VGG-11", "mlp": "perceptron"}
LOOKS: Final[dict[str, dict[str, Any]]] = {
    "UC-NFA before training": {"marker": "o", "mfc": "none", "color": "#31688e"},
    "UC-NFA after training": {"marker": "o", "color": "#31688e"},
    "C-NFA after the first step": {"marker": "^", "mfc": "none", "color": "#b5367a"},
    "C-NFA after training": {"marker": "^", "color": "#b5367a"},
}


def before_and_after(record: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return the four numbers of every layer that the figure shows, by name."""
    end = str(record.moment.values[-1])
    shown = (("uc_nfa", "start"), ("uc_nfa", end), ("c_nfa", "first step"), ("c_nfa", end))
    return {
        title: record[name].sel(moment=moment, drop=True) for title, (name, moment) in zip(LOOKS, shown, strict=True)
    }


def plot_layers(ax: Axes, record: xr.Dataset) -> None:
    """Draw UC-NFA and C-NFA of every layer before and after training: mean over seeds, bars of ± 1 deviation."""
    for (title, values), shift in zip(before_and_after(record).items(), (-0.15, -0.05, 0.05, 0.15), strict=True):
        mean, spread = mean_over_seeds(values), spread_over_seeds(values)
        ax.errorbar(values.layer.values + shift, mean, spread, label=title, linestyle="none", **LOOKS[title])
    shown = record.layer.values[record.uc_nfa.notnull().any(("seed", "moment")).values]
    ax.set_xticks(shown)
    ax.set_xlabel("layer")
    ax.set_ylim(0, 1.03)


def plot_course(ax: Axes, record: xr.Dataset) -> None:
    """Draw the C-NFA of every layer through training: mean over seeds."""
    mean = mean_over_seeds(record.c_nfa)
    for layer, style in layer_styles(record.layer.values.tolist()).items():
        values = mean.sel(layer=layer).values[1:]
        if np.isfinite(values).any():
            ax.plot(values, color=style.color, marker=style.marker, label=f"layer {layer}")
    moments = [str(moment).removeprefix("epoch ") for moment in record.moment.values[1:]]
    ax.set_xticks(range(len(moments)), ["first\nstep", *moments[1:]])
    ax.set_xlabel("epoch")
    ax.set_ylim(0, 1.03)


def figures(record: xr.Dataset) -> list[NamedFigure]:
    """Make the figures, with their captions and their data."""
    kind = "correlation" if json.loads(record.attrs["options"])["kind"] == "pearson" else "cosine"
    seeds = record.sizes["seed"]
    header = ["data", "network", "layer", "quantity", "mean", "standard deviation", "seeds"]
    rows: list[list[float | int | str]] = []
    for title, values in before_and_after(record).items():
        mean, spread = mean_over_seeds(values), spread_over_seeds(values)
        for at in np.argwhere(np.isfinite(mean.values)):
            name, network, layer = (mean[dim].values.tolist()[i] for dim, i in zip(mean.dims, at, strict=True))
            numbers = (float(each.values[tuple(at)]) for each in (mean, spread))
            rows.append([name, network, layer, title, *numbers, seeds])
    layers = NamedFigure(
        name="convolutions",
        title="Alignment of every layer before and after training",
        caption=(
            f"UC-NFA and C-NFA ({kind}) of every hidden layer of VGG-11 (convolutions) and of a perceptron: mean over "
            f"{seeds} seed(s) and bars of ± 1 standard deviation."
        ),
        alt=_told(record),
        draw=lambda columns: _panels(record, columns, plot_layers, "alignment"),
        header=header,
        rows=rows,
    )
    course_rows: list[list[float | int | str]] = []
    mean = mean_over_seeds(record.c_nfa)
    for at in np.argwhere(np.isfinite(mean.values)):
        place = (mean[dim].values.tolist()[i] for dim, i in zip(mean.dims, at, strict=True))
        course_rows.append([*place, float(mean.values[tuple(at)])])
    course = NamedFigure(
        name="convolutions_through_training",
        title="C-NFA of every layer through training",
        caption=f"C-NFA ({kind}) of every hidden layer, from dark (first) to light (last): mean over {seeds} seed(s).",
        alt=_told(record),
        draw=lambda columns: _panels(record, columns, plot_course, "C-NFA"),
        header=[*(str(dim) for dim in mean.dims), "c_nfa"],
        rows=course_rows,
    )
    return [layers, course]


def _panels(record: xr.Dataset, columns: Columns, plot: Any, label: str) -> Figure:
    names, networks = (record[dim].values.tolist() for dim in ("data", "network"))
    size = (TWO_COLUMNS if columns == 2 else ONE_COLUMN, 0.6 + (2.2 if columns == 2 else 1.6) * len(names))
    figure = Figure(figsize=size)
    axes = figure.subplots(len(names), len(networks), squeeze=False, sharey=True)
    for row, name in zip(axes, names, strict=True):
        for ax, network in zip(row, networks, strict=True):
            plot(ax, record.sel(data=name, network=network))
            ax.set_title(f"{TITLES[network]}, {name}")
        row[0].set_ylabel(label)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4 if columns == 2 else 2)
    return figure


def _told(record: xr.Dataset) -> str:
    means = {title: mean_over_seeds(values) for title, values in before_and_after(record).items()}
    parts = []
    for network in record.network.values.tolist():
        ranges = (
            f"{title} {float(values.sel(network=network).min()):.2f} to {float(values.sel(network=network).max()):.2f}"
            for title, values in means.items()
        )
        parts.append(f"{TITLES[network]}: {', '.join(ranges)}")
    return "; ".join(parts) + "."
