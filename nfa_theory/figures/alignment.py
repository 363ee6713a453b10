"""The ansatz emerging: UC-NFA and C-NFA of every layer through training."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, Columns, describe_spread, layer_styles
from nfa_theory.statistics.seeds import mean_over_seeds, spread_over_seeds

Measure = Literal["uc_nfa", "c_nfa"]
MEASURES: tuple[Measure, ...] = ("uc_nfa", "c_nfa")
LABELS: dict[Measure, str] = {"uc_nfa": "UC-NFA", "c_nfa": "C-NFA"}


def plot_alignment(ax: Axes, record: xr.Dataset, measure: Measure = "uc_nfa", **line: Any) -> None:
    """Draw the alignment of every layer against the training step: mean over seeds and ± 1 standard deviation.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    record : xarray.Dataset
        What `simulate` returned.
    measure : {"uc_nfa", "c_nfa"}
        Of the weights as they are, or of their change since initialization. C-NFA starts at the first measurement
        after a step: before, nothing has moved.
    **line
        Passed on to `Axes.plot`.
    """
    mean, spread = mean_over_seeds(record[measure]), spread_over_seeds(record[measure])
    steps = record["step"].values
    for layer, style in layer_styles(record["layer"].values.tolist()).items():
        y, dy = mean.sel(layer=layer).values, spread.sel(layer=layer).values
        settings = {"color": style.color, "marker": style.marker, "label": f"layer {layer}"} | line
        ax.plot(steps, y, **settings)
        if np.isfinite(dy).any():
            ax.fill_between(steps, y - dy, y + dy, color=style.color, alpha=0.2, linewidth=0)
    use_step_axis(ax, int(steps.max()))
    ax.set_ylabel(f"{LABELS[measure]} (cosine)" if _is_cosine(record) else f"{LABELS[measure]} (correlation)")


def use_step_axis(ax: Axes, last: int) -> None:
    """Set up an x axis for training steps: logarithmic, because early training is fast, yet with 0 on it."""
    ax.set_xscale("symlog", linthresh=1, linscale=0.5)
    decades = [0, *(10**k for k in range(len(str(max(last, 1)))))]
    ax.xaxis.set_major_locator(FixedLocator(decades))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda step, _: f"{step:,.0f}"))
    ax.set_xlim(-0.15, max(last, 1) * 1.25)
    ax.set_xlabel("training step (0: before training)")


def alignment_figure(record: xr.Dataset) -> NamedFigure:
    """Make the figure of UC-NFA and C-NFA side by side, with its caption and its data.

    Parameters
    ----------
    record : xarray.Dataset
        What `simulate` returned.

    Returns
    -------
    NamedFigure
        Ready to be rendered.
    """

    def draw(columns: Columns) -> Figure:
        side_by_side = columns == 2
        size = (TWO_COLUMNS, 2.7) if side_by_side else (ONE_COLUMN, 4.6)
        figure = Figure(figsize=size)
        shape = (1, 2) if side_by_side else (2, 1)
        axes = figure.subplots(*shape, sharex=True, sharey=True, squeeze=False).flat
        titles = ("(a) UC-NFA: the weights", "(b) C-NFA: their change")
        for ax, measure, title in zip(axes, MEASURES, titles, strict=True):
            plot_alignment(ax, record, measure)
            ax.set_title(title)
            ax.tick_params(labelbottom=True, labelleft=True)
        low = float(np.nanmin([record[name].min() for name in MEASURES]))
        ax.set_ylim(min(0.0, low), 1.03)
        layers = record.sizes["layer"]
        handles, labels = ax.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=min(layers, 5 if side_by_side else 3))
        return figure

    return NamedFigure(
        name="alignment",
        title="Alignment through training",
        caption=_caption(record),
        alt=_message(record),
        draw=draw,
        header=["measure", "layer", "step", "epoch", "mean", "standard_deviation", "seeds"],
        rows=_rows(record),
    )


def _rows(record: xr.Dataset) -> list[list[float | int | str]]:
    rows: list[list[float | int | str]] = []
    for measure in MEASURES:
        mean, spread = mean_over_seeds(record[measure]), spread_over_seeds(record[measure])
        for layer in record["layer"].values.tolist():
            for i, step in enumerate(record["step"].values.tolist()):
                values = [float(table.sel(layer=layer).values[i]) for table in (mean, spread)]
                epoch = float(record["epoch"].values[i])
                rows.append([measure, layer, step, epoch, *values, record.sizes["seed"]])
    return rows


def _caption(record: xr.Dataset) -> str:
    return (
        "Alignment of the neural feature matrix with the average gradient outer product, for every hidden layer, "
        "against the number of optimizer steps (logarithmic from 1 on). (a) UC-NFA: of the weights. (b) C-NFA: of "
        "the change of the weights since initialization, undefined before the first step. " + describe_spread(record)
    )


def _message(record: xr.Dataset) -> str:
    """Tell the first and the last values of each layer."""
    sentences = []
    for measure, label in LABELS.items():
        mean = mean_over_seeds(record[measure]).dropna("step", how="any")
        if mean.sizes["step"] == 0:
            continue
        first, last = (int(mean["step"].values[i]) for i in (0, -1))
        changes = ", ".join(
            f"{a:.2f} to {b:.2f} in layer {layer}"
            for a, b, layer in zip(mean[0].values, mean[-1].values, mean["layer"].values, strict=True)
        )
        sentences.append(f"{label} goes, from step {first} to step {last}, from {changes}.")
    return " ".join(sentences)


def _is_cosine(record: xr.Dataset) -> bool:
    return "pearson" not in str(record.attrs.get("config", ""))
