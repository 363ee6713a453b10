"""What figures of several experiments have in common: lines against a setting, and optimizers side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, Columns, layer_styles
from nfa_theory.statistics.seeds import mean_over_seeds, spread_over_seeds


def plot_by_setting(ax: Axes, variable: xr.DataArray, dimension: str) -> None:
    """Draw a quantity of every layer against a setting: mean over seeds and a bar of ± 1 standard deviation."""
    mean, spread = mean_over_seeds(variable), spread_over_seeds(variable)
    x = variable[dimension].values
    for layer, style in layer_styles(variable["layer"].values.tolist()).items():
        bars = spread.sel(layer=layer).values
        look: dict[str, Any] = {"color": style.color, "marker": style.marker, "elinewidth": 0.9}
        shown = bars if np.isfinite(bars).any() else None
        ax.errorbar(x, mean.sel(layer=layer).values, shown, label=f"layer {layer}", **look)


def use_setting_axis(ax: Axes, values: Sequence[float], label: str, *, log: bool) -> None:
    """Mark the settings that were measured on the x axis, and no others."""
    if log:
        ax.set_xscale("log")
    ax.xaxis.set_major_locator(FixedLocator(list(values)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.set_xlabel(label)


def panels(columns: Columns, number: int, height: float = 2.6) -> tuple[Figure, list[Axes]]:
    """Make a figure of panels side by side (two columns of a paper) or one below the other (one column)."""
    wide = columns == 2
    figure = Figure(figsize=(TWO_COLUMNS, height) if wide else (ONE_COLUMN, 0.8 * height * number + 0.3))
    axes = figure.subplots(*((1, number) if wide else (number, 1)), squeeze=False)
    return figure, list(axes.flat)


def legend_of_layers(figure: Figure, ax: Axes, columns: Columns) -> None:
    """Put one legend of the layers above all panels."""
    handles, labels = ax.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=min(len(labels), 5 if columns == 2 else 3))


def rows_of(variable: xr.DataArray, dimension: str, name: str) -> list[list[float | int | str]]:
    """List mean and spread of a quantity of every layer and setting, for the data of a figure."""
    mean, spread = mean_over_seeds(variable), spread_over_seeds(variable)
    rows: list[list[float | int | str]] = []
    for layer in variable["layer"].values.tolist():
        for value in variable[dimension].values.tolist():
            at = {"layer": layer, dimension: value}
            rows.append([name, layer, value, float(mean.sel(at)), float(spread.sel(at)), variable.sizes["seed"]])
    return rows


def title_of(optimizer: str) -> str:
    """Return the name of an optimizer of a record as a figure shows it.

    Examples
    --------
    >>> title_of("sgd 0.5"), title_of("slo 1")
    ('SGD, rate 0.5', 'SLO, layer 1')
    """
    kind, number = optimizer.split()
    return f"SGD, rate {number}" if kind == "sgd" else f"SLO, layer {number}"


def best_sgd(record: xr.Dataset) -> str:
    """Return the plain SGD that the verdict of a record compares with."""
    return str(json.loads(record.attrs["verdict"])["facts"]["best_sgd"])


def table(
    variables: Mapping[str, xr.DataArray], dimensions: list[str]
) -> tuple[list[str], list[list[float | int | str]]]:
    """List variables as columns, a row for each point of their dimensions."""
    frame = xr.Dataset({name: values.drop_vars("step", errors="ignore") for name, values in variables.items()})
    flat = frame.to_dataframe(dim_order=dimensions).reset_index()[[*dimensions, *variables]]
    return list(flat.columns), [list(row) for row in flat.itertuples(index=False, name=None)]
