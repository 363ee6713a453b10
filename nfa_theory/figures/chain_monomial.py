"""Features on a chain of monomials with and without SLO: overlap, test loss, and the AGOP itself."""

from __future__ import annotations

import json

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfa_theory.figures.agop import plot_agop
from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, Columns


def plot_overlap(ax: Axes, record: xr.Dataset) -> None:
    """Draw test loss against overlap, a point for each seed and optimizer.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    record : xarray.Dataset
        What `nfa_theory.experiments.chain_monomial_features` returned.
    """
    colors = ["#56B4E9", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#D55E00"]
    for i, name in enumerate(record["optimizer"].values):
        one = record.sel(optimizer=name)
        ax.plot(
            one["overlap"].values,
            one["test_loss"].isel(step=-1).values,
            linestyle="none",
            marker="os^Dv*"[i % 6],
            color=colors[i % 6],
            label=str(name),
        )
    ax.set_xlabel("overlap with the teacher's directions")
    ax.set_ylabel("test loss")


def chain_monomial_figure(record: xr.Dataset) -> NamedFigure:
    """Make the figure, with its caption and its data.

    Parameters
    ----------
    record : xarray.Dataset
        What `nfa_theory.experiments.chain_monomial_features` returned.

    Returns
    -------
    NamedFigure
        Ready to be rendered.
    """
    verdict = json.loads(record.attrs["verdict"])
    best = verdict["best_sgd"]

    def draw(columns: Columns) -> Figure:
        wide = columns == 2
        figure = Figure(figsize=(TWO_COLUMNS, 2.6) if wide else (ONE_COLUMN, 7.0))
        axes = [figure.add_subplot(1, 3, i) if wide else figure.add_subplot(3, 1, i) for i in (1, 2, 3)]
        plot_overlap(axes[0], record)
        axes[0].legend()
        for ax, name in zip(axes[1:], (best, "slo 1"), strict=True):
            plot_agop(ax, record["agop"].sel(optimizer=name).isel(seed=0).values)
            ax.set_title(f"AGOP, {name}")
        return figure

    return NamedFigure(
        name="chain_monomial",
        title="Speed-limited optimization finds a low-rank teacher's directions",
        caption=(
            "Left: test loss after training against the overlap of the first layer's top AGOP eigenvectors with the "
            "teacher's directions, a point for each seed. Middle and right: the AGOP of the first seed, over its "
            f"largest entry, with plain SGD at its best learning rate ({best}) and with SLO; the teacher uses the "
            "first inputs."
        ),
        alt=(
            f"Mean overlap {verdict['overlap']['slo 1']:.2f} with SLO and {verdict['overlap'][best]:.2f} with {best}; "
            f"mean test loss {verdict['test_loss']['slo 1']:.2f} and {verdict['test_loss'][best]:.2f}."
        ),
        draw=draw,
        header=["optimizer", "seed", "overlap", "test_loss"],
        rows=[
            [
                str(name),
                int(seed),
                float(record["overlap"].sel(optimizer=name, seed=seed)),
                float(record["test_loss"].isel(step=-1).sel(optimizer=name, seed=seed)),
            ]
            for name in record["optimizer"].values
            for seed in record["seed"].values
        ],
    )
