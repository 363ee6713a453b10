"""The main result in one figure: early alignment predicted before training and measured after, layer by layer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, Columns
from nfa_theory.statistics.seeds import mean_over_seeds, standard_error

_PREDICTED, _MEASURED = "#0072B2", "#D55E00"


def plot_early_alignment(ax: Axes, table: xr.Dataset, layer: int, ticks: int = 3) -> None:
    """Draw one layer: what was predicted as a line that ends at infinite width, what was measured as points.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : xarray.Dataset
        ``measured`` (width, seed, layer) and ``predicted`` (layer), the limit of infinite width; if there are
        predictions at the widths themselves, ``predicted_mean`` and ``predicted_error``, both (width, layer).
    layer : int
        Which layer.
    ticks : int
        Widths that are written on the axis, at most; infinity stands there too.
    """
    part = table.sel(layer=layer)
    widths = part["width"].values.astype(float)
    limit, infinity = float(part["predicted"]), float(widths.max() * 2.6)
    if "predicted_mean" in part:
        mean, error = part["predicted_mean"].values, part["predicted_error"].values
        ax.fill_between(widths, mean - error, mean + error, color=_PREDICTED, alpha=0.2, linewidth=0)
        ax.plot(widths, mean, color=_PREDICTED)
        ax.plot([widths[-1], infinity], [mean[-1], limit], color=_PREDICTED, linestyle=":", linewidth=0.9)
    ax.plot(infinity * np.array([0.75, 1.33]), [limit, limit], color=_PREDICTED, linewidth=2.4)
    look: dict[str, Any] = {"color": _MEASURED, "marker": "o", "linestyle": "none", "elinewidth": 1.0}
    measured = part["measured"]
    ax.errorbar(widths, mean_over_seeds(measured).values, standard_error(measured).values, zorder=3, **look)
    ax.set_xscale("log", base=2)
    named = widths[np.unique(np.linspace(0, len(widths) - 1, ticks).round().astype(int))]
    ax.xaxis.set_major_locator(FixedLocator([*named, infinity]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda width, _: "∞" if width == infinity else f"{width:.0f}"))
    ax.set_xlim(widths.min() / 1.4, infinity * 1.5)


def early_alignment_figure(table: xr.Dataset) -> NamedFigure:
    """Make the figure of all layers, with its caption and its data.

    Parameters
    ----------
    table : xarray.Dataset
        As for `plot_early_alignment`.

    Returns
    -------
    NamedFigure
        Ready to be rendered.
    """
    layers = table["layer"].values.tolist()

    def draw(columns: Columns) -> Figure:
        across = min(len(layers), 5 if columns == 2 else 3)
        down = math.ceil(len(layers) / across)
        size = (TWO_COLUMNS, 0.5 + 1.95 * down) if columns == 2 else (ONE_COLUMN, 0.7 + 1.2 * down)
        figure = Figure(figsize=size)
        axes = figure.subplots(down, across, sharey=True, squeeze=False)
        for ax, layer in zip(axes.flat, layers, strict=False):
            plot_early_alignment(ax, table, layer, ticks=3 if columns == 2 else 2)
            ax.set_title(f"layer {layer}")
        for ax in axes.flat[len(layers) :]:
            ax.set_axis_off()
        figure.supxlabel("width of the hidden layers", fontsize=8)
        figure.supylabel("early alignment (cosine)", fontsize=8)
        predicted, measured = "predicted before training", "measured, mean ± standard error"
        handles = [
            Line2D([], [], color=_PREDICTED, linewidth=2, label=predicted),
            Line2D([], [], color=_MEASURED, marker="o", linestyle="none", label=measured),
        ]
        figure.legend(handles=handles, loc="outside upper left", ncols=2 if columns == 2 else 1)
        return figure

    return NamedFigure(
        name="early_alignment",
        title="Early alignment, predicted before training and measured after one small step",
        caption=_caption(table),
        alt=_message(table),
        draw=draw,
        header=["layer", "width", "predicted", "predicted_error", "measured", "measured_error", "limit"],
        rows=_rows(table),
    )


def _caption(table: xr.Dataset) -> str:
    seeds = table.sizes["seed"]
    at_widths = (
        "lines: predicted mean at each width, from the images and random networks other than the measured ones, in a "
        "band of ± 1 standard error; "
        if "predicted_mean" in table
        else ""
    )
    return (
        "Early C-NFA of every hidden layer: how closely one small step of gradient descent on all images aligns its "
        "weights with what the output depends on; 1 is perfect. Blue, predicted before any training: "
        f"{at_widths}bars at ∞: the limit of infinite width, from the images alone. Orange, measured: mean over "
        f"{seeds} random initializations at each width; error bars: ± 1 standard error of this mean."
    )


def _message(table: xr.Dataset) -> str:
    mean, widest = mean_over_seeds(table["measured"]), int(table["width"].values[-1])
    told = [
        f"layer {layer}: {_predicted(table, layer)} predicted, {float(mean.sel(layer=layer)[-1]):.3f} measured"
        for layer in table["layer"].values.tolist()
    ]
    return f"Early alignment at width {widest}, or at infinite width where so marked; {'; '.join(told)}."


def _predicted(table: xr.Dataset, layer: int) -> str:
    if "predicted_mean" in table:
        return f"{float(table['predicted_mean'].sel(layer=layer)[-1]):.3f}"
    return f"{float(table['predicted'].sel(layer=layer)):.3f} (infinite width)"


def _rows(table: xr.Dataset) -> list[list[float | int | str]]:
    measured = [mean_over_seeds(table["measured"]), standard_error(table["measured"])]
    undefined = xr.full_like(measured[0], np.nan)
    predicted = [table.get(name, undefined) for name in ("predicted_mean", "predicted_error")]
    return [
        [layer, width]
        + [float(each.sel(layer=layer, width=width)) for each in (*predicted, *measured)]
        + [float(table["predicted"].sel(layer=layer))]
        for layer in table["layer"].values.tolist()
        for width in table["width"].values.tolist()
    ]
