"""A prediction as a figure: the early C-NFA of every layer, and the directions in input space that it learns first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, Columns

if TYPE_CHECKING:
    from nfa_theory.predict.limit.directions import TopDirections
    from nfa_theory.predict.result import AlignmentPrediction

SHOWN = 4
"""Directions that are drawn, at most."""
_NAMES = {"nfm": "$F_c$", "agop": "$G_c$"}
_COLORS = {"nfm": "#0072B2", "agop": "#D55E00"}  # Okabe and Ito
_COLUMNS = ("limit", "limit_error", "mean", "mean_error", "std", "std_error")


def plot_by_layer(ax: Axes, prediction: AlignmentPrediction) -> None:
    """Draw a prediction: a bar for the limit, and a point with the spread at the network's widths, for every layer."""
    layers = np.array(prediction.layers)
    ax.errorbar(layers, prediction.mean, prediction.std, marker="o", linestyle="none", label="mean ± spread")
    ax.hlines(prediction.limit, layers - 0.3, layers + 0.3, color="#333333", label="infinite width")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlim(0.4, len(layers) + 0.6)
    ax.set_xlabel("hidden layer")
    ax.set_ylabel("early C-NFA (cosine)")


def prediction_by_layer(
    prediction: AlignmentPrediction,
    directions: TopDirections | None = None,
    image_shape: tuple[int, ...] | None = None,
) -> NamedFigure:
    """Make the figure of a prediction, with its caption and its data."""
    shown = 0 if directions is None else min(SHOWN, len(directions.nfm))

    def draw(columns: Columns) -> Figure:
        wide = columns == 2
        if directions is None:
            figure = Figure(figsize=(TWO_COLUMNS if wide else ONE_COLUMN, 2.6))
            plot_by_layer(figure.subplots(), prediction)
            figure.legend(loc="outside upper center", ncols=2)
            return figure
        figure = Figure(figsize=(TWO_COLUMNS, 2.6) if wide else (ONE_COLUMN, 4.6), layout="constrained")
        parts: Any = figure.subfigures(1, 2, width_ratios=(1, 1.15)) if wide else figure.subfigures(2, 1)
        left, right = parts
        plot_by_layer(left.subplots(), prediction)
        left.legend(loc="outside upper center", ncols=2)
        if image_shape is None:
            _draw_components(right.subplots(), directions)
        else:
            _draw_images(right.subplots(2, shown, squeeze=False), directions, image_shape)
        return figure

    layers = list(prediction.layers)
    values = [getattr(prediction, name).tolist() for name in _COLUMNS]
    return NamedFigure(
        name="predicted",
        title="Early alignment, predicted from the data alone",
        caption=_caption(shown, image_shape is not None),
        alt=_alt(prediction, directions),
        draw=draw,
        header=("layer", *_COLUMNS),
        rows=[list(row) for row in zip(layers, *values, strict=True)],
    )


def _draw_components(ax: Axes, directions: TopDirections) -> None:
    """Draw the leading direction of each matrix by its components."""
    inputs = np.arange(1, directions.nfm.shape[1] + 1)
    few = len(inputs) <= 40
    for name, marker, line in (("nfm", "o", "-"), ("agop", "s", "--")):
        v, label = getattr(directions, name)[0], f"{_NAMES[name]}, {_share(directions, name, 0)}"
        ax.plot(inputs, v, line, color=_COLORS[name], marker=marker if few else "", markersize=3, label=label)
    ax.axhline(0, color="#999999", linewidth=0.6)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("input")
    ax.set_ylabel("leading direction, layer 1")
    ax.legend()


def _draw_images(axes: Any, directions: TopDirections, image_shape: tuple[int, ...]) -> None:
    """Draw directions as images: F_c above, G_c below."""
    height, width, *channels = image_shape
    for row, name in zip(axes, _NAMES, strict=True):
        for i, ax in enumerate(row):
            pixels = getattr(directions, name)[i].reshape(height, width, *(channels or [1])).sum(axis=-1)
            largest = abs(pixels).max()
            ax.imshow(pixels, vmin=-largest, vmax=largest, cmap="RdBu_r", interpolation="nearest")
            ax.set_title(_share(directions, name, i), fontsize="small", pad=2)
            ax.set_xticks([])
            ax.set_yticks([])
            ax.spines[:].set_visible(False)
        row[0].set_ylabel(_NAMES[name], rotation=0, ha="right", va="center")


def _share(directions: TopDirections, name: str, i: int) -> str:
    return f"{getattr(directions, f'{name}_share')[i]:.0%}"


def _caption(shown: int, images: bool) -> str:
    text = (
        "Early C-NFA of every hidden layer. Bars: infinite width. Points: mean over random initializations at the "
        "network's widths; error bars: ± 1 standard deviation over initializations."
    )
    if not shown:
        return text
    what = f"the {shown} leading eigenvectors" if images else "the leading eigenvector"
    colors = " as images (red +, blue −, each over its largest entry)" if images else ""
    return (
        f"{text} Beside: {what} of the centered NFM $F_c$ and the centered AGOP $G_c$ of the first layer at infinite "
        f"width{colors}; percentages are shares of the trace."
    )


def _alt(prediction: AlignmentPrediction, directions: TopDirections | None) -> str:
    rows = zip(prediction.layers, prediction.limit, prediction.mean, prediction.std, strict=True)
    text = "; ".join(
        f"layer {layer}: {limit:.3f} at infinite width, {mean:.3f} ± {std:.3f} at the network's widths"
        for layer, limit, mean, std in rows
    )
    if directions is None:
        return text
    shares = ", ".join(f"{_share(directions, name, 0)} of the {name.upper()}" for name in _NAMES)
    return f"{text}. The leading direction of the first layer carries {shares}."
