"""Features of a low-rank teacher with and without SLO: overlap, test loss, and the AGOP itself."""

from __future__ import annotations

from typing import Any

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfa_theory.experiments.frame.drawing import best_sgd, table, title_of
from nfa_theory.figures.agop import plot_agop
from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, Columns
from nfa_theory.statistics.seeds import mean_over_seeds


def plot_overlap(ax: Axes, record: xr.Dataset) -> None:
    """Draw test loss against overlap, a point for each seed and optimizer."""
    colors = ["#56B4E9", "#0072B2", "#009E73", "#CC79A7", "#E69F00"]
    for i, name in enumerate(record["optimizer"].values):
        one = record.sel(optimizer=name)
        look: dict[str, Any] = {"marker": "os^Dv"[i % 5], "color": colors[i % 5], "markersize": 3.5}
        if one["favored"] > 0:
            look = {"marker": "*", "color": "#D55E00", "markersize": 6}
        overlap, loss = one["overlap"].values, one["test_loss"].isel(step=-1).values
        ax.plot(overlap, loss, linestyle="none", label=title_of(str(name)), **look)
    ax.set_xlabel("overlap with the teacher's directions")
    ax.set_ylabel("test loss")


def figures(record: xr.Dataset) -> list[NamedFigure]:
    """Make the figure, with its caption and its data."""
    best = best_sgd(record)
    shown = {"overlap": record["overlap"], "test_loss": record["test_loss"].isel(step=-1)}
    overlap, loss = (mean_over_seeds(values) for values in shown.values())
    header, rows = table(shown, ["optimizer", "seed"])

    def draw(columns: Columns) -> Figure:
        wide = columns == 2
        figure = Figure(figsize=(TWO_COLUMNS, 2.8) if wide else (ONE_COLUMN, 7.0))
        axes = [figure.add_subplot(1, 3, i) if wide else figure.add_subplot(3, 1, i) for i in (1, 2, 3)]
        plot_overlap(axes[0], record)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(
            handles, labels, loc="outside upper center", ncols=6 if wide else 2, columnspacing=1.0, handletextpad=0.1
        )
        for ax, name in zip(axes[1:], (best, "slo 1"), strict=True):
            plot_agop(ax, record["agop"].sel(optimizer=name).isel(seed=0).values)
            ax.set_title(f"AGOP: {title_of(name)}")
        return figure

    figure = NamedFigure(
        name="low_rank_features",
        title="Speed-limited optimization finds a low-rank teacher's directions",
        caption=(
            "Left: test loss after training against the overlap of the first layer's top AGOP eigenvectors with the "
            "teacher's directions, a point for each seed. Middle and right: the AGOP of the first seed, over its "
            "largest entry from blue (−1) through white to red (1), with plain SGD at its best learning rate and "
            "with SLO. The chain of monomials depends on the first inputs alone."
        ),
        alt=(
            f"Mean overlap {float(overlap.sel(optimizer='slo 1')):.2f} with SLO and "
            f"{float(overlap.sel(optimizer=best)):.2f} with {best}; mean test loss "
            f"{float(loss.sel(optimizer='slo 1')):.2f} and {float(loss.sel(optimizer=best)):.2f}."
        ),
        draw=draw,
        header=header,
        rows=rows,
    )
    return [figure]
