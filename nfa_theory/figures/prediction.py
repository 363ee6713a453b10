"""Theory beside measurement: the early C-NFA of every layer against the width, with the limit predicted from data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, Columns, layer_styles
from nfa_theory.statistics.seeds import mean_over_seeds, spread_over_seeds, standard_error

if TYPE_CHECKING:
    from nfa_theory.predict import AlignmentPrediction


def plot_prediction(ax: Axes, prediction: AlignmentPrediction | xr.Dataset) -> None:
    """Draw a prediction, alone or beside what was measured.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    prediction : AlignmentPrediction or xarray.Dataset
        What `predict_alignment` returned is drawn by layer: limit, mean and spread. A table is drawn against width,
        measurements with standard errors and the predicted limit as a line at the right; it has ``measured`` with
        dims (width, seed, layer), ``predicted`` with dim (layer), and, if there is a fit, ``coefficient`` with dims
        (layer, power): the expansion in 1/width.
    """
    if isinstance(prediction, xr.Dataset):
        _plot_against_width(ax, prediction)
        return
    from nfa_theory.predict.picture import plot_by_layer

    plot_by_layer(ax, prediction)


def _plot_against_width(ax: Axes, table: xr.Dataset) -> None:
    widths = table["width"].values.astype(float)
    mean, error = mean_over_seeds(table["measured"]), standard_error(table["measured"])
    layers = table["layer"].values.tolist()
    for i, (layer, style) in enumerate(layer_styles(layers).items()):
        shift = 2 ** (0.06 * (i - (len(layers) - 1) / 2))  # apart, so that no bar hides another
        y, dy = mean.sel(layer=layer).values, error.sel(layer=layer).values
        look: dict[str, Any] = {"color": style.color, "marker": style.marker, "linestyle": "none", "elinewidth": 0.9}
        ax.errorbar(widths * shift, y, dy, label=f"layer {layer}", **look)
        if "coefficient" in table:
            x = np.geomspace(_fitted_from(table), widths.max(), 100)
            fit = sum(c * x**-k for k, c in enumerate(table["coefficient"].sel(layer=layer).values))
            ax.plot(x, fit, color=style.color, linestyle=":", linewidth=0.9)  # solid lines are predictions
        limit = float(table["predicted"].sel(layer=layer))
        ax.plot(widths.max() * np.array([1.35, 2.1]), [limit, limit], color=style.color, linewidth=2.2)
    _use_width_axis(ax, widths, infinity=widths.max() * 1.7)
    ax.set_xlim(widths.min() / 1.25, widths.max() * 2.3)
    ax.set_ylabel("early C-NFA (cosine)")


def plot_convergence(ax: Axes, table: xr.Dataset) -> None:
    """Draw the distance of measured from predicted early C-NFA against width, both axes logarithmic.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : xarray.Dataset
        As for `plot_prediction`. A line of slope -1 shows how theory says the distance falls.
    """
    widths = table["width"].values.astype(float)
    distance = abs(mean_over_seeds(table["measured"]) - table["predicted"])
    error = standard_error(table["measured"])
    layers = table["layer"].values.tolist()
    for i, (layer, style) in enumerate(layer_styles(layers).items()):
        shift = 2 ** (0.06 * (i - (len(layers) - 1) / 2))
        y, dy = distance.sel(layer=layer).values, error.sel(layer=layer).values
        down = np.minimum(dy, 0.999 * y)  # a bar that reaches zero goes to the lower edge
        look: dict[str, Any] = {"color": style.color, "marker": style.marker, "linestyle": "none", "elinewidth": 0.9}
        ax.errorbar(widths * shift, y, np.stack([down, dy]), label=f"layer {layer}", **look)
    x = np.array([_fitted_from(table), widths.max()])
    guide = 1.4 * float(distance.isel(width=-1).max()) * widths.max() / x  # above all layers at the largest width
    ax.plot(x, guide, color="#555555", linestyle="--", linewidth=0.9)
    ax.annotate("∝ 1/width", (x[0], guide[0]), xytext=(3, 3), textcoords="offset points", color="#333333", fontsize=7.5)
    ax.set_yscale("log")
    top = max(guide[0], float(distance.max()))
    ax.set_ylim(bottom=max(float(distance.min()) / 2, top * 1e-4), top=top * 2)
    _use_width_axis(ax, widths)
    ax.set_ylabel("|measured − predicted|")


def prediction_figure(table: xr.Dataset) -> NamedFigure:
    """Make the figure of prediction against measurement, with its caption and its data.

    Parameters
    ----------
    table : xarray.Dataset
        As for `plot_prediction`.

    Returns
    -------
    NamedFigure
        Ready to be rendered.
    """

    def draw(columns: Columns) -> Figure:
        side_by_side = columns == 2
        figure = Figure(figsize=(TWO_COLUMNS, 2.9) if side_by_side else (ONE_COLUMN, 5.2))
        axes = figure.subplots(*((1, 2) if side_by_side else (2, 1)), squeeze=False).flat
        titles = ("(a) measured, and predicted at ∞", "(b) their distance")
        for ax, plot, title in zip(axes, (plot_prediction, plot_convergence), titles, strict=True):
            plot(ax, table)
            ax.set_title(title)
        styles = layer_styles(table["layer"].values.tolist())
        handles = [Line2D([], [], color=s.color, marker=s.marker, label=f"layer {k}") for k, s in styles.items()]
        figure.legend(handles=handles, loc="outside upper center", ncols=min(len(styles), 5 if side_by_side else 3))
        return figure

    return NamedFigure(
        name="prediction",
        title="Predicted from the data alone, then measured",
        caption=_caption(table),
        alt=_message(table),
        draw=draw,
        header=["layer", "width", "measured_mean", "standard_deviation", "standard_error", "seeds", "predicted"],
        rows=_rows(table),
    )


def _fitted_from(table: xr.Dataset) -> float:
    return float(table.attrs.get("fitted_from", table["width"].values.min()))


def _use_width_axis(ax: Axes, widths: Float[np.ndarray, " w"], infinity: float = math.inf) -> None:
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_locator(FixedLocator([*widths, *([infinity] if math.isfinite(infinity) else [])]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda width, _: "∞" if width == infinity else f"{width:.0f}"))
    ax.set_xlabel("width of the hidden layers")


def _caption(table: xr.Dataset) -> str:
    seeds = table["measured"].sizes["seed"]
    return (
        "Early C-NFA of every hidden layer: after one small step of gradient descent on all samples. (a) Points: mean "
        f"over {seeds} random initializations; error bars: ± 1 standard error of this mean (the standard deviation "
        f"over seeds divided by the square root of {seeds}); dotted: least-squares fit of limit + a/width + "
        f"b/width² to the widths from {_fitted_from(table):.0f} on; thick bars at ∞: the prediction for infinite "
        "width, computed from the data without any network. "
        "Points of different layers are shifted sideways a little to be told apart. (b) Distance of the mean from the "
        "prediction, same error bars (cut off where they reach zero); dashed: slope −1, the rate at which theory lets "
        "it fall at large width."
    )


def _message(table: xr.Dataset) -> str:
    mean = mean_over_seeds(table["measured"])
    widths = table["width"].values
    parts = [
        f"layer {layer}: predicted {float(table['predicted'].sel(layer=layer)):.3f}, "
        f"measured {float(mean.sel(layer=layer)[0]):.3f} at width {widths[0]} and "
        f"{float(mean.sel(layer=layer)[-1]):.3f} at width {widths[-1]}"
        for layer in table["layer"].values.tolist()
    ]
    return "Early C-NFA measured at several widths beside the prediction for infinite width; " + "; ".join(parts) + "."


def _rows(table: xr.Dataset) -> list[list[float | int | str]]:
    mean, deviation = mean_over_seeds(table["measured"]), spread_over_seeds(table["measured"])
    error, seeds = standard_error(table["measured"]), table["measured"].sizes["seed"]
    rows: list[list[float | int | str]] = []
    for layer in table["layer"].values.tolist():
        predicted = float(table["predicted"].sel(layer=layer))
        for i, width in enumerate(table["width"].values.tolist()):
            values = [float(t.sel(layer=layer).values[i]) for t in (mean, deviation, error)]
            rows.append([layer, width, *values, seeds, predicted])
    return rows
