"""Where features align and where they do not: an alignment over two parameters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure

from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, Columns
from numerics.errors import InputError

LEVELS = (0.2, 0.4, 0.6, 0.8, 0.95)
"""Contours that are drawn and labeled."""


def plot_phase_diagram(ax: Axes, alignment: xr.DataArray, levels: Sequence[float] = LEVELS) -> QuadMesh:
    """Draw an alignment over two parameters in colors from 0 to 1, with labeled contours.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw; set its scales (``ax.set_xscale("log")``) before or after.
    alignment : xarray.DataArray
        With two dimensions that have increasing coordinates: the first goes up, the second to the right. Their
        attribute ``long_name``, if there is one, becomes the label of the axis.
    levels : sequence of float
        Contours to draw.

    Returns
    -------
    matplotlib.collections.QuadMesh
        For `Figure.colorbar`.

    Raises
    ------
    InputError
        If there are not two dimensions, or fewer than two values along one.
    """
    if alignment.ndim != 2 or min(alignment.shape) < 2:
        raise InputError(f"a phase diagram needs two dimensions of at least 2 values, got shape {alignment.shape}")
    up, right = alignment.dims
    x, y, z = alignment[right].values, alignment[up].values, alignment.values
    mesh = ax.pcolormesh(x, y, z, vmin=0.0, vmax=1.0, cmap="viridis", shading="nearest", rasterized=True)
    inside = [level for level in levels if np.nanmin(z) < level < np.nanmax(z)]
    if inside:
        ax.clabel(ax.contour(x, y, z, levels=inside, colors="white", linewidths=0.8), fmt="%g", fontsize=7)
    ax.set_xlabel(str(alignment[right].attrs.get("long_name", right)))
    ax.set_ylabel(str(alignment[up].attrs.get("long_name", up)))
    return mesh


def phase_diagram_figure(
    alignment: xr.DataArray, *, title: str = "Where features align", what: str = "alignment (cosine)", log: bool = False
) -> NamedFigure:
    """Make the figure of an alignment over two parameters, with its caption and its data.

    Parameters
    ----------
    alignment : xarray.DataArray
        As for `plot_phase_diagram`.
    title : str
        Heading.
    what : str
        What the colors are.
    log : bool
        Both axes logarithmic.

    Returns
    -------
    NamedFigure
        Ready to be rendered.
    """

    def draw(columns: Columns) -> Figure:
        figure = Figure(figsize=(TWO_COLUMNS if columns == 2 else ONE_COLUMN, 2.8))
        ax = figure.subplots()
        if log:
            ax.set_xscale("log")
            ax.set_yscale("log")
        figure.colorbar(plot_phase_diagram(ax, alignment), ax=ax, label=what)
        return figure

    up, right = map(str, alignment.dims)
    low, high = alignment.min(), alignment.max()
    levels = ", ".join(f"{level:g}" for level in LEVELS)
    return NamedFigure(
        name="phase_diagram",
        title=title,
        caption=f"{what[0].upper()}{what[1:]} in colors, over {right} and {up}; white: contours at {levels}.",
        alt=f"The {what} goes from {float(low):.2f} to {float(high):.2f} over {right} and {up}.",
        draw=draw,
        header=[up, right, "alignment"],
        rows=[
            [float(y), float(x), float(alignment.sel({up: y, right: x}))]
            for y in alignment[up].values
            for x in alignment[right].values
        ],
    )
