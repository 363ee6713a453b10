"""Theory beside measurement, against a setting of the data: early C-NFA of the first hidden layer."""

from __future__ import annotations

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfa_theory.experiments.frame.drawing import use_setting_axis
from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import ONE_COLUMN, Columns
from nfa_theory.statistics.seeds import mean_over_seeds, standard_error

_THEORY, _MEASURED = "#0072B2", "#D55E00"


def plot_predicted_setting(ax: Axes, record: xr.Dataset, dimension: str) -> None:
    """Draw what was observed as points on the line of what was predicted."""
    x = record[dimension].values
    observed = record["c_nfa"].isel(step=-1).sel(layer=1)
    ax.plot(x, record["predicted"].sel(layer=1).values, color=_THEORY, label="predicted from the data, infinite width")
    ax.errorbar(
        x,
        mean_over_seeds(observed).values,
        standard_error(observed).values,
        linestyle="none",
        marker="o",
        color=_MEASURED,
        label="observed after one small step",
    )
    ax.set_ylim(0, 1.03)
    ax.set_ylabel("early C-NFA (cosine)")


def predicted_setting_figures(record: xr.Dataset, *, dimension: str, label: str, log: bool) -> list[NamedFigure]:
    """Make the figure, with its caption and its data."""
    values = record[dimension].values.tolist()
    observed = record["c_nfa"].isel(step=-1).sel(layer=1)
    mean, error = mean_over_seeds(observed), standard_error(observed)
    predicted = record["predicted"].sel(layer=1)
    seeds = record.sizes["seed"]
    pairs = zip(values, predicted.values, mean.values, strict=True)
    told = ", ".join(f"{p:.3f} and {o:.3f} at {value:g}" for value, p, o in pairs)

    def draw(columns: Columns) -> Figure:
        figure = Figure(figsize=(ONE_COLUMN * (1.3 if columns == 2 else 1), 2.6))
        ax = figure.subplots()
        plot_predicted_setting(ax, record, dimension)
        use_setting_axis(ax, values, label, log=log)
        ax.legend(loc="lower right" if log else "lower left")
        return figure

    figure = NamedFigure(
        name=str(record.attrs["experiment"]),
        title="Early alignment, predicted from the data alone and observed",
        caption=(
            f"C-NFA of the hidden layer after one small step of gradient descent, against: {label}. Points: mean over "
            f"{seeds} random initializations; error bars (smaller than the points where not seen): ± 1 standard error "
            "of this mean. Line: what the theory of infinite width predicts from the data, at the marked settings "
            "(straight in between)."
        ),
        alt=f"Predicted and observed early C-NFA: {told}.",
        draw=draw,
        header=[dimension, "predicted", "observed_mean", "standard_error", "seeds"],
        rows=[
            [v, float(p), float(o), float(e), seeds]
            for v, p, o, e in zip(values, predicted.values, mean.values, error.values, strict=True)
        ],
    )
    return [figure]
