"""A quantity of every layer against a setting of a sweep: lines with bands, and a map over two settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter, NullLocator

from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import ONE_COLUMN, Columns, layer_styles
from nfa_theory.statistics.seeds import mean_over_seeds, spread_over_seeds
from numerics.errors import InputError

_NAMES = {
    "uc_nfa": "UC-NFA (cosine)",
    "c_nfa": "C-NFA (cosine)",
    "loss": "training loss",
    "accuracy": "training accuracy",
    "test_loss": "test loss",
    "test_accuracy": "test accuracy",
}

_MOST_NUMBERS = 64
"""Cells of a map, of which each has its number."""


def plot_against_setting(ax: Axes, values: xr.DataArray, setting: str) -> None:
    """Draw a quantity against a setting: mean over seeds and a band of ± 1 standard deviation, a line for each layer.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    values : xarray.DataArray
        Dimensions `setting`, ``seed`` and, if it is of every layer, ``layer``. Seeds that are missing are left out.
    setting : str
        The dimension that goes to the right; its coordinate must hold numbers.
    """
    layers = values["layer"].values.tolist() if "layer" in values.dims else [0]
    x = values[setting].values
    for layer, style in layer_styles(layers).items():
        one = values.sel(layer=layer) if "layer" in values.dims else values
        mean, spread = _over_seeds(one)
        label = f"layer {layer}" if "layer" in values.dims else None
        ax.plot(x, mean.values, color=style.color, marker=style.marker, label=label)
        if np.isfinite(spread.values).any():
            low, high = mean.values - spread.values, mean.values + spread.values
            ax.fill_between(x, low, high, color=style.color, alpha=0.2, linewidth=0)
    if is_logarithmic(x):
        ax.set_xscale("log")
    ax.xaxis.set_major_locator(FixedLocator(x.tolist()))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.set_xlabel(words(setting))
    ax.set_ylabel(_NAMES.get(str(values.name), str(values.name)))


def setting_figure(values: xr.DataArray, setting: str, at: Mapping[str, Any] | None = None) -> NamedFigure:
    """Make the figure of a quantity against a setting, with its caption and its data.

    Parameters
    ----------
    values : xarray.DataArray
        As for `plot_against_setting`.
    setting : str
        The dimension that goes to the right.
    at : mapping, optional
        Other settings and the values they have here, for the caption.

    Returns
    -------
    NamedFigure
        Ready to be rendered.
    """
    what = _NAMES.get(str(values.name), str(values.name))

    def draw(columns: Columns) -> Figure:
        figure = Figure(figsize=(ONE_COLUMN * (1.3 if columns == 2 else 1), 2.6))
        ax = figure.subplots()
        plot_against_setting(ax, values, setting)
        if "layer" in values.dims:
            ax.legend()
        return figure

    mean, _ = _over_seeds(values)
    band = f"band: ± 1 standard deviation over {values.sizes['seed']} seeds" if values.sizes["seed"] > 1 else "one seed"
    return NamedFigure(
        name=f"{values.name}_by_{setting}",
        title=f"{what} against {words(setting)}",
        caption=f"{what} at the last measurement, against {words(setting)}{_fixed(at or {})}. Line: mean; {band}.",
        alt=f"{what} goes from {float(mean.min()):.3g} to {float(mean.max()):.3g}.",
        draw=draw,
        header=["layer", setting, "mean", "standard_deviation", "seeds"],
        rows=_rows(values, setting),
    )


def sweep_figures(sweep: xr.Dataset, of: str = "c_nfa", settings: tuple[str, ...] = ()) -> list[NamedFigure]:
    """Make the figures of a sweep: lines against every setting of numbers, and a map of layer 1 over the first two.

    Parameters
    ----------
    sweep : xarray.Dataset
        From `nfa_theory.sweeps.open`.
    of : str
        A variable over the grid and, perhaps, steps and layers. Of steps the last one of each run is taken.
    settings : tuple of str
        Axes of the grid; by default all that hold at least two different numbers. In a figure the other axes stay at
        their first value, which the caption names.

    Returns
    -------
    list of NamedFigure

    Raises
    ------
    InputError
        If there is no such variable or axis.
    """
    if of not in sweep or of == "finished":
        raise InputError(f"the variable must be one of {', '.join(map(str, sweep.data_vars))}, got {of!r}")
    values = last_measured(sweep[of])
    values = values if "seed" in values.dims else values.expand_dims(seed=[0])
    rest = set(values.dims) - {*sweep["finished"].dims, "layer", "seed"}
    if rest:
        raise InputError(
            f"{of} must have no dimensions but the grid's, step and layer, got {', '.join(map(str, rest))}"
        )
    grid = [str(name) for name in sweep["finished"].dims if name != "seed"]
    numbers = [name for name in grid if sweep[name].dtype.kind in "iuf" and sweep.sizes[name] > 1]
    for name in settings:
        if name not in numbers:
            raise InputError(f"the setting must be one of {', '.join(numbers) or 'none'}, got {name!r}")
    chosen = list(settings) or numbers
    if not chosen:
        raise InputError("a figure needs an axis of the grid with two different numbers, got none")
    figures = []
    for name in chosen:
        at = {other: sweep[other].values.tolist()[0] for other in grid if other != name}
        figures.append(setting_figure(values.isel(dict.fromkeys(at, 0)).sortby(name), name, at))
    if len(chosen) > 1:
        at = {other: sweep[other].values.tolist()[0] for other in grid if other not in chosen[:2]}
        figures.append(_map(values, chosen[0], chosen[1], grid, at))
    return figures


def last_measured(values: xr.DataArray) -> xr.DataArray:
    """Return the last number of every run along the steps: runs are of different lengths."""
    if "step" not in values.dims:
        return values
    there = values.notnull().values
    axis = values.dims.index("step")
    last = np.where(
        there, np.arange(values.sizes["step"]).reshape([-1 if i == axis else 1 for i in range(there.ndim)]), 0
    )
    index = np.expand_dims(last.max(axis), axis)
    taken = np.take_along_axis(values.values, index, axis).squeeze(axis)
    return values.isel(step=0, drop=True).copy(data=taken)


def is_logarithmic(x: np.ndarray[Any, Any]) -> bool:
    """Tell whether values are spread by factors rather than by differences: 64, 128, 256, 512.

    Examples
    --------
    >>> is_logarithmic(np.array([64, 128, 256, 512])), is_logarithmic(np.array([1, 2, 3]))
    (True, False)
    """
    return len(x) > 2 and bool(np.all(x > 0)) and float(np.max(x) / np.min(x)) >= 4


def words(setting: str) -> str:
    """Say the name of a setting as an axis is labeled.

    Examples
    --------
    >>> words("network.learning_rate")
    'learning rate'
    """
    return setting.rpartition(".")[2].replace("_", " ")


def plot_setting_map(ax: Axes, values: xr.DataArray) -> AxesImage:
    """Draw a number over two settings as colors, with the number in each cell; cells without one stay white.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    values : xarray.DataArray
        Two dimensions with coordinates: the first goes up, the second to the right.

    Returns
    -------
    matplotlib.image.AxesImage
        For `Figure.colorbar`.
    """
    up, right = map(str, values.dims)
    image = ax.imshow(values.values, origin="lower", aspect="auto", cmap="viridis")
    middle = (float(values.min()) + float(values.max())) / 2
    if values.size <= _MOST_NUMBERS:
        for (i, j), value in np.ndenumerate(values.values):
            if np.isfinite(value):
                color = "black" if value > middle else "white"
                ax.text(j, i, f"{value:.3g}", ha="center", va="center", color=color, fontsize=7)
    for axis, name in ((ax.xaxis, right), (ax.yaxis, up)):
        axis.set_major_locator(FixedLocator(range(values.sizes[name])))
        axis.set_major_formatter(FixedFormatter([_label(value) for value in values[name].values.tolist()]))
        axis.set_label_text(words(name))
    ax.grid(visible=False)
    return image


def _label(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _map(values: xr.DataArray, right: str, up: str, grid: list[str], at: Mapping[str, Any]) -> NamedFigure:
    one = values.isel(dict.fromkeys((name for name in grid if name not in (right, up)), 0))
    what = _NAMES.get(str(values.name), str(values.name))
    if "layer" in one.dims:
        what = f"{what} of layer {int(one['layer'].values[0])}"
        one = one.isel(layer=0)
    mean, _ = _over_seeds(one)
    table = mean.transpose(up, right).sortby([up, right])

    def draw(columns: Columns) -> Figure:
        figure = Figure(figsize=(ONE_COLUMN * (1.3 if columns == 2 else 1), 2.6))
        ax = figure.subplots()
        figure.colorbar(plot_setting_map(ax, table), ax=ax, label=what)
        return figure

    pairs = [(y, x) for y in table[up].values.tolist() for x in table[right].values.tolist()]
    return NamedFigure(
        name=f"{values.name}_map",
        title=f"{what} over {words(right)} and {words(up)}",
        caption=f"{what} at the last measurement, mean over {one.sizes['seed']} seeds{_fixed(at)}.",
        alt=f"{what} goes from {float(mean.min()):.3g} to {float(mean.max()):.3g}.",
        draw=draw,
        header=[up, right, "mean"],
        rows=[[y, x, float(table.sel({up: y, right: x}))] for y, x in pairs],
    )


def _fixed(at: Mapping[str, Any]) -> str:
    return "".join(f", {words(name)} {_label(value)}" for name, value in at.items())


def _over_seeds(values: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    """Return mean and spread over the seeds that are there at each setting."""
    if bool(values.notnull().all()):
        return mean_over_seeds(values), spread_over_seeds(values)
    count = values.notnull().sum("seed")
    mean = values.sum("seed", skipna=True) / count.where(count > 0)
    squares = ((values - mean) ** 2).sum("seed", skipna=True)
    return mean, (squares / (count - 1).where(count > 1)) ** 0.5


def _rows(values: xr.DataArray, setting: str) -> list[list[float | int | str]]:
    mean, spread = _over_seeds(values)
    counts = values.notnull().sum("seed")
    rows: list[list[float | int | str]] = []
    for layer in values["layer"].values.tolist() if "layer" in values.dims else [""]:
        for x in values[setting].values.tolist():
            at = {setting: x} | ({"layer": layer} if layer != "" else {})
            rows.append([layer, x, float(mean.sel(at)), float(spread.sel(at)), int(counts.sel(at))])
    return rows
