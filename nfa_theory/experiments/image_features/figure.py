"""Features of images with and without SLO: diagonals and top eigenvectors of NFM and AGOP, drawn as images."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nfa_theory.experiments.frame.drawing import best_sgd, table, title_of
from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, Columns
from nfa_theory.statistics.seeds import mean_over_seeds

EIGENVECTORS = 3
"""How many eigenvectors are drawn."""


def plot_pixels(ax: Axes, values: NDArray[np.floating], image_shape: list[int], *, signed: bool) -> None:
    """Draw one number for each pixel, over the largest in size; channels are summed."""
    image = values.reshape(image_shape).sum(-1)
    limits, colors = ((-1, 1), "RdBu_r") if signed else ((0, 1), "Greys")
    ax.imshow(image / abs(image).max(), vmin=limits[0], vmax=limits[1], cmap=colors, interpolation="nearest")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)


def figures(record: xr.Dataset) -> list[NamedFigure]:
    """Make the figure, with its caption and its data."""
    best = best_sgd(record)
    shape = np.asarray(record.attrs["image_shape"]).tolist()
    lines = [(name, matrix) for name in (best, "slo 1") for matrix in ("nfm", "agop")]

    def draw(columns: Columns) -> Figure:
        size = (TWO_COLUMNS, 6.6) if columns == 2 else (ONE_COLUMN, 3.7)
        figure = Figure(figsize=size)
        axes = figure.subplots(len(lines), EIGENVECTORS + 1, squeeze=False)
        for row, (name, matrix) in zip(axes, lines, strict=True):
            one = record.sel(optimizer=name).isel(seed=0)
            plot_pixels(row[0], one[f"{matrix}_diagonal"].values, shape, signed=False)
            row[0].set_ylabel(f"{title_of(name)}\n{matrix.upper()}")
            for k in range(EIGENVECTORS):
                vector, beside = one[f"{matrix}_vectors"].values[k], one["nfm_vectors"].values[k]
                plot_pixels(row[k + 1], vector * (-1 if vector @ beside < 0 else 1), shape, signed=True)
        for ax, title in zip(axes[0], ("diagonal", *(f"vector {k + 1}" for k in range(EIGENVECTORS))), strict=True):
            ax.set_title(title)
        return figure

    top = record.sizes["rank"]
    last = record.isel(step=-1)
    shown = {"uc_nfa_layer_1": last["uc_nfa"].sel(layer=1), "overlap": last["overlap"]}
    uc, overlap = (mean_over_seeds(values) for values in shown.values())
    header, rows = table(shown | {"test_accuracy": last["test_accuracy"]}, ["optimizer", "seed"])
    told = "; ".join(
        f"{name}: UC-NFA {float(uc.sel(optimizer=name)):.2f}, overlap of the top {top} eigenvectors "
        f"{float(overlap.sel(optimizer=name)):.2f}"
        for name in (best, "slo 1")
    )
    figure = NamedFigure(
        name="image_features",
        title="What the first layer sees and what the network reacts to",
        caption=(
            "First layer after training with plain SGD at its best learning rate and with SLO on the first layer, "
            "one seed: neural feature matrix (NFM) and average gradient outer product (AGOP). Left: the diagonal, a "
            "value for each pixel, from white (0) to black (the largest). Then: eigenvectors of the largest "
            "eigenvalues, from blue (−) through white (0) to red (+); the sign of one of the AGOP is the one that "
            "brings it nearer to that of the NFM above it."
        ),
        alt=f"Mean over {record.sizes['seed']} seeds. {told}.",
        draw=draw,
        header=header,
        rows=rows,
    )
    return [figure]
