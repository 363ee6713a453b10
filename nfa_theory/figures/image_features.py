"""Features of images with and without SLO: diagonals and top eigenvectors of NFM and AGOP, drawn as images."""

from __future__ import annotations

import json

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.statistics import mean_over_seeds
from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, Columns

EIGENVECTORS = 3
"""How many eigenvectors are drawn."""


def plot_pixels(ax: Axes, values: NDArray[np.floating], image_shape: list[int], *, signed: bool) -> None:
    """Draw one number for each pixel, over the largest in size; channels are summed.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    values : array, shape (height * width * channels,)
        The numbers.
    image_shape : list of int
        Height, width, channels.
    signed : bool
        From blue (-1) through white to red (1), else from white (0) to dark (1).
    """
    image = values.reshape(image_shape).sum(-1)
    limits, colors = ((-1, 1), "RdBu_r") if signed else ((0, 1), "viridis_r")
    ax.imshow(image / abs(image).max(), vmin=limits[0], vmax=limits[1], cmap=colors, interpolation="nearest")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)


def image_features_figure(record: xr.Dataset) -> NamedFigure:
    """Make the figure, with its caption and its data.

    Parameters
    ----------
    record : xarray.Dataset
        Of the experiment ``image_features``.

    Returns
    -------
    NamedFigure
        Ready to be rendered.
    """
    best = json.loads(record.attrs["verdict"])["facts"]["best_sgd"]
    shape = np.asarray(record.attrs["image_shape"]).tolist()
    lines = [(name, matrix) for name in (best, "slo 1") for matrix in ("nfm", "agop")]

    def draw(columns: Columns) -> Figure:
        size = (TWO_COLUMNS, 6.6) if columns == 2 else (ONE_COLUMN, 3.7)
        figure = Figure(figsize=size)
        axes = figure.subplots(len(lines), EIGENVECTORS + 1, squeeze=False)
        for row, (name, matrix) in zip(axes, lines, strict=True):
            one = record.sel(optimizer=name).isel(seed=0)
            plot_pixels(row[0], one[f"{matrix}_diagonal"].values, shape, signed=False)
            row[0].set_ylabel(f"{name}\n{matrix.upper()}")
            for k in range(EIGENVECTORS):
                plot_pixels(row[k + 1], one[f"{matrix}_vectors"].values[k], shape, signed=True)
        for ax, title in zip(axes[0], ("diagonal", *(f"vector {k + 1}" for k in range(EIGENVECTORS))), strict=True):
            ax.set_title(title)
        return figure

    top = record.sizes["rank"]
    overlap, uc = mean_over_seeds(record["overlap"]), mean_over_seeds(record["uc_nfa"].isel(step=-1).sel(layer=1))
    told = "; ".join(
        f"{name}: UC-NFA {float(uc.sel(optimizer=name)):.2f}, overlap of the top {top} eigenvectors "
        f"{float(overlap.sel(optimizer=name)):.2f}"
        for name in (best, "slo 1")
    )
    return NamedFigure(
        name="image_features",
        title="What the first layer sees and what the network reacts to",
        caption=(
            "First layer after training with plain SGD at its best learning rate "
            f"({best}) and with SLO on the first layer (slo 1), one seed: neural feature matrix (NFM) and average "
            "gradient outer product (AGOP). Left: the diagonal, a value for each pixel, from white (0) to dark (the "
            "largest). Then: eigenvectors of the largest eigenvalues, from blue (−) through white (0) to red (+); "
            "their overall signs are chosen so that the sum is positive."
        ),
        alt=f"Mean over {record.sizes['seed']} seeds. {told}.",
        draw=draw,
        header=["optimizer", "seed", "uc_nfa_layer_1", "overlap", "test_accuracy"],
        rows=[
            [
                str(name),
                int(seed),
                float(record["uc_nfa"].isel(step=-1).sel(layer=1, optimizer=name, seed=seed)),
                float(record["overlap"].sel(optimizer=name, seed=seed)),
                float(record["test_accuracy"].isel(step=-1).sel(optimizer=name, seed=seed)),
            ]
            for name in record["optimizer"].values
            for seed in record["seed"].values
        ],
    )
