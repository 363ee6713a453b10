"""Predicted beside measured means at finite width: the whole family of comparisons in one figure."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from scipy import stats

from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, Columns
from nfa_theory.statistics.family import deviations

_MARKERS = "os^Dv"


def plot_shift(ax: Axes, table: xr.Dataset) -> None:
    """Draw the measured against the predicted effect of the width, one point for each layer of each network."""
    for activation, look in _looks(table).items():
        part = table.isel(comparison=(table["activation"] == activation).values)
        x, y = (part[name] - part["limit"] for name in ("predicted", "measured"))
        errors: dict[str, Any] = {"xerr": part["predicted_error"], "yerr": part["measured_error"]}
        ax.errorbar(x, y, **errors, **look, linestyle="none", elinewidth=0.5, markersize=2.6, markeredgewidth=0)
    low, high = (float(limit) for limit in ax.get_xlim())
    ends = np.array([min(low, ax.get_ylim()[0]), max(high, ax.get_ylim()[1])])
    ax.plot(ends, ends, color="#555555", linewidth=0.8, zorder=0)
    ax.set_xlim(*ends)
    ax.set_ylim(*ends)
    ax.set_xlabel("predicted mean − limit")
    ax.set_ylabel("measured mean − limit")


def plot_deviations(ax: Axes, table: xr.Dataset) -> None:
    """Draw the distribution of the deviations beside the one that chance gives."""
    z = deviations(table)
    edge = max(4.0, float(np.ceil(abs(z).max() * 2) / 2))
    edges = np.linspace(-edge, edge, int(4 * edge) + 1).tolist()
    ax.hist(z, edges, color="#7fa6c9", edgecolor="white", linewidth=0.4)
    x = np.linspace(-edge, edge, 400)
    student = stats.t(int(table["seeds"].min()) - 1)
    ax.plot(x, len(z) * (edges[1] - edges[0]) * student.pdf(x), color="#222222", linewidth=1.0)
    for bound in (-3, 3):
        ax.axvline(bound, color="#555555", linestyle="--", linewidth=0.7)
    ax.set_xlabel("(measured − predicted) / standard error")
    ax.set_ylabel("comparisons")


def plot_rate(ax: Axes, table: xr.Dataset) -> None:
    """Draw the distance of the means from their limits against width, both axes logarithmic."""
    widths = np.unique(table["width"].values).astype(float)
    top = 0.0
    for i, (activation, look) in enumerate(_looks(table).items()):
        shift = 2 ** (0.08 * (i - 2))
        measured, predicted = (_distance(table, activation, widths, name) for name in ("measured", "predicted"))
        ax.plot(widths * shift, measured, **look, linestyle="none", markersize=4)
        ax.plot(widths * shift, predicted, color=look["color"], linewidth=0.8)
        top = max(top, predicted[0])
    ax.plot(widths, 1.8 * top * widths[0] / widths, color="#555555", linestyle="--", linewidth=0.9)
    start = (widths[0], 1.8 * top)
    ax.annotate("∝ 1/width", start, xytext=(8, 0), textcoords="offset points", color="#333333", fontsize=7.5)
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ax.xaxis.set_major_locator(FixedLocator(list(widths)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda width, _: f"{width:.0f}"))
    ax.set_xlabel("width of the hidden layers")
    ax.set_ylabel("|mean − limit|, r.m.s.")


def figures(record: xr.Dataset) -> list[NamedFigure]:
    """Make the figure of the experiment."""
    return [finite_width_figure(record)]


def finite_width_figure(table: xr.Dataset) -> NamedFigure:
    """Make the figure of all comparisons at finite width, with its caption and its data.

    Parameters
    ----------
    table : xarray.Dataset
        As for `plot_shift`.

    Returns
    -------
    NamedFigure
        Ready to be rendered.
    """
    columns = [str(name) for name in table.data_vars]

    def draw(size: Columns) -> Figure:
        wide = size == 2
        figure = Figure(figsize=(TWO_COLUMNS, 2.7) if wide else (ONE_COLUMN, 6.4))
        axes = figure.subplots(*((1, 3) if wide else (3, 1)), squeeze=False).flat
        titles = ("(a) effect of the width", "(b) deviations", "(c) approach to the limit")
        for ax, plot, title in zip(axes, (plot_shift, plot_deviations, plot_rate), titles, strict=True):
            plot(ax, table)
            ax.set_title(title)
        handles = [Line2D([], [], **look, label=name, linestyle="none") for name, look in _looks(table).items()]
        figure.legend(handles=handles, loc="outside upper center", ncols=5 if wide else 3)
        return figure

    return NamedFigure(
        name="finite_width",
        title="Predicted at finite width, then measured",
        caption=_caption(table),
        alt=_message(table),
        draw=draw,
        header=columns,
        rows=list(zip(*(table[name].values.tolist() for name in columns), strict=True)),
    )


def _looks(table: xr.Dataset) -> dict[str, dict[str, Any]]:
    names = list(dict.fromkeys(table["activation"].values.tolist()))
    colors = [to_hex(colormaps["viridis"](0.85 * i / max(len(names) - 1, 1))) for i in range(len(names))]
    pairs = zip(names, colors, strict=True)
    return {name: {"color": color, "marker": _MARKERS[i % 5]} for i, (name, color) in enumerate(pairs)}


def _distance(table: xr.Dataset, activation: str, widths: Any, name: str) -> Any:
    of = (table["activation"] == activation).values
    squares = ((table[name] - table["limit"]) ** 2).values
    return np.array([np.sqrt(squares[of & (table["width"] == width).values].mean()) for width in widths])


def _caption(table: xr.Dataset) -> str:
    seeds = int(table["seeds"].min())
    sets = ", ".join(dict.fromkeys(str(name) for name in table["data"].values.tolist()))
    depths = np.unique(table["depth"].values)
    return (
        f"Early C-NFA of every hidden layer at finite width: {table.sizes['comparison']} comparisons on {sets}, "
        f"{int(table['samples'].min())} images, {depths.min()} to {depths.max()} hidden layers; measured: mean over "
        f"{seeds} random initializations, gradient at initialization; predicted: from the data and other random "
        "networks. (a) Distance of both means from the predicted limit of infinite width; error bars: ± 1 standard "
        "error of the mean; line: equality. (b) Difference of the two means over its standard error: histogram of all "
        f"comparisons; curve: Student's t with {seeds - 1} degrees of freedom, which chance alone would give; dashed: "
        "three standard errors. (c) Root mean square of the distance from the limit over data sets, depths and layers, "
        "without error bars; points: measured (which includes the scatter of the means), lines: predicted; dashed: "
        "slope −1. Points of different activations are shifted sideways a little."
    )


def _message(table: xr.Dataset) -> str:
    z = abs(deviations(table))
    return (
        f"Measured means at finite width follow the predicted ones: of {len(z)} comparisons {int((z > 3).sum())} "
        f"deviate by more than 3 standard errors, the greatest by {z.max():.2f}."
    )
