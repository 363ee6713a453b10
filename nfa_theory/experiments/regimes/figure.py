"""C-NFA and UC-NFA through training in both parametrizations, with three theories."""

from __future__ import annotations

from typing import Any

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nfa_theory.experiments.frame.drawing import table
from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, Columns
from nfa_theory.statistics.seeds import mean_over_seeds, spread_over_seeds

_NAMES = {"ntk": "NTK: kernels stand still", "mup": "muP: features move"}
_ALIGNMENTS = {"c_nfa": "C-NFA", "uc_nfa": "UC-NFA"}
_COLORS = {"ntk": "#31688e", "mup": "#b5367a"}


def figures(record: xr.Dataset) -> list[NamedFigure]:
    """Make the figure of the experiment."""

    def draw(columns: Columns) -> Figure:
        wide = columns == 2
        figure = Figure(figsize=(TWO_COLUMNS, 4.2) if wide else (ONE_COLUMN, 7.6))
        axes = figure.subplots(*((2, 2) if wide else (4, 1)), sharex=True, squeeze=False)
        panels = axes.flat if wide else axes[:, 0]
        pairs = [(alignment, name) for alignment in _ALIGNMENTS for name in _NAMES]
        for ax, (alignment, name), letter in zip(panels, pairs, "abcd", strict=True):
            _panel(ax, record.sel(parametrization=name, layer=1), alignment, _COLORS[name])
            ax.set_title(f"({letter}) {_NAMES[name]}")
            ax.set_ylabel(f"{_ALIGNMENTS[alignment]} (cosine)")
            ax.set_ylim(*_range(record, alignment))
        for ax in axes[-1]:
            ax.set_xlabel("time (learning rate × steps)")
        figure.legend(handles=_handles(), loc="outside upper center", ncols=3 if wide else 1)
        return figure

    facts = _moves(record)
    header, rows = table(_columns(record), ["parametrization", "step"])
    return [
        NamedFigure(
            name="regimes",
            title="The regimes side by side",
            caption="One hidden layer on the same images in two parametrizations that have the same tangent kernel at "
            f"initialization. Points: simulation, mean over {record.sizes['seed']} networks, bars ± 1 standard "
            "deviation. Solid: theory of the regime; in (a) the limit of infinite width, in (c) features that stand "
            "still, in (b) and (d) the feature-learning theory at this width. Dashed: early series at this width, as "
            "long as it can be trusted to 0.01.",
            alt=facts,
            draw=draw,
            header=header,
            rows=rows,
        )
    ]


def _panel(ax: Axes, record: xr.Dataset, alignment: str, color: str) -> None:
    later = record.isel(step=slice(1, None))
    time = later.time.values
    measured = later[alignment]
    look: dict[str, Any] = {"color": color, "marker": "o", "linestyle": "none", "elinewidth": 0.9, "markersize": 3.5}
    ax.errorbar(time, mean_over_seeds(measured).values, spread_over_seeds(measured).values, **look)
    ax.plot(time, later[f"predicted_{alignment}"].values, color=color, marker="none", linewidth=1.4)
    ax.plot(time, later[f"early_{alignment}"].values, color="#222222", marker="none", linestyle="--", linewidth=1.4)
    ax.set_xscale("log")


def _range(record: xr.Dataset, alignment: str) -> tuple[float, float]:
    """Return one range for both parametrizations, with the bars."""
    mean, spread = mean_over_seeds(record[alignment]), spread_over_seeds(record[alignment]).fillna(0.0)
    low, high = float((mean - spread).min()), float((mean + spread).max())
    margin = 0.08 * (high - low)
    return low - margin, min(high + margin, 1 + margin)


def _handles() -> list[Line2D]:
    return [
        Line2D([], [], color="#555555", marker="o", linestyle="none", markersize=3.5, label="simulation"),
        Line2D([], [], color="#555555", marker="none", label="theory of the regime"),
        Line2D([], [], color="#222222", marker="none", linestyle="--", label="early series, while trusted"),
    ]


def _moves(record: xr.Dataset) -> str:
    mean = mean_over_seeds(record.uc_nfa.sel(layer=1))
    parts = [
        f"in {name} the UC-NFA goes from {float(mean.sel(parametrization=name)[0]):.3f} to "
        f"{float(mean.sel(parametrization=name)[-1]):.3f}"
        for name in _NAMES
    ]
    return "; ".join(parts) + "."


def _columns(record: xr.Dataset) -> dict[str, xr.DataArray]:
    at = record.sel(layer=1).drop_vars(["layer", "time", "epoch"])
    found = {"time": record.time.drop_vars(["time", "epoch"]) + 0 * at.predicted_c_nfa}
    for name in _ALIGNMENTS:
        found |= {f"{name}_mean": mean_over_seeds(at[name]), f"{name}_std": spread_over_seeds(at[name])}
        found |= {f"{name}_{kind}": at[f"{kind}_{name}"] for kind in ("predicted", "early")}
    return found
