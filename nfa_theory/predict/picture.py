"""A prediction as a figure: limit, mean and spread of the early C-NFA of every layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, Columns

if TYPE_CHECKING:
    from nfa_theory.predict.prediction import AlignmentPrediction


def plot_by_layer(ax: Axes, prediction: AlignmentPrediction) -> None:
    """Draw a prediction: a bar for the limit, and a point with the spread at the network's widths, for every layer.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    prediction : AlignmentPrediction
        Its moments at finite width are estimated if they have not been.
    """
    layers = np.array(prediction.layers)
    ax.errorbar(layers, prediction.mean, prediction.std, marker="o", linestyle="none", label="mean ± spread")
    ax.hlines(prediction.limit, layers - 0.3, layers + 0.3, color="#333333", label="infinite width")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlim(0.4, len(layers) + 0.6)
    ax.set_xlabel("hidden layer")
    ax.set_ylabel("early C-NFA (cosine)")


def prediction_by_layer(prediction: AlignmentPrediction) -> NamedFigure:
    """Make the figure of a prediction, with its caption and its data.

    Parameters
    ----------
    prediction : AlignmentPrediction
        Its moments at finite width are estimated if they have not been.

    Returns
    -------
    NamedFigure
        Ready to be rendered.
    """
    layers = np.array(prediction.layers)

    def draw(columns: Columns) -> Figure:
        figure = Figure(figsize=(TWO_COLUMNS if columns == 2 else ONE_COLUMN, 2.6))
        ax = figure.subplots()
        plot_by_layer(ax, prediction)
        figure.legend(loc="outside upper center", ncols=2)
        return figure

    names = ("limit", "limit_error", "mean", "mean_error", "std", "std_error")
    columns = [getattr(prediction, name).tolist() for name in names]
    return NamedFigure(
        name="predicted",
        title="Early alignment, predicted from the data alone",
        caption=(
            "Early C-NFA of every hidden layer. Bars: infinite width. Points: mean over random initializations at the "
            "network's widths; error bars: ± 1 standard deviation over initializations."
        ),
        alt="; ".join(
            f"layer {layer}: {limit:.3f} at infinite width, {mean:.3f} ± {std:.3f} at the network's widths"
            for layer, limit, mean, std in zip(layers, prediction.limit, prediction.mean, prediction.std, strict=True)
        ),
        draw=draw,
        header=("layer", *names),
        rows=[list(row) for row in zip(layers.tolist(), *columns, strict=True)],
    )
