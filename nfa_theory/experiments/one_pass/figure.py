"""One-pass SGD: alignments and loss against time, simulated on the lines of what was predicted, by step and batch."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nfa_theory.experiments.frame.drawing import panels, table
from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import Columns
from nfa_theory.statistics.seeds import mean_over_seeds, standard_error

_PANELS = {
    "c_nfa": ("(a) C-NFA", "C-NFA (cosine)"),
    "uc_nfa": ("(b) UC-NFA", "UC-NFA (cosine)"),
    "loss": ("(c) loss", "loss on fresh inputs"),
}
_MARKERS = "osD^v<>p"


def figures(record: xr.Dataset) -> list[NamedFigure]:
    """Make the figure, with its caption and its data."""
    settings = record["setting"].values.tolist()
    names = [f"{prefix}{name}" for name in _PANELS for prefix in ("", "predicted_", "flow_")]
    last = {name: mean_over_seeds(record[name]).isel(time=-1) for name in names}
    told = "; ".join(
        f"{each}: {float(last['c_nfa'].sel(setting=each)):.3f}, predicted "
        f"{float(last['predicted_c_nfa'].sel(setting=each)):.3f}, gradient flow "
        f"{float(last['flow_c_nfa'].sel(setting=each)):.3f}"
        for each in settings
    )
    header, rows = table({name: record[name] for name in names}, ["setting", "seed", "time"])
    figure = NamedFigure(
        name="one_pass",
        title="One-pass SGD with finite steps and batches, predicted and simulated",
        caption=(
            "C-NFA, UC-NFA and loss of a committee machine through one-pass SGD, against steps over the dimension. "
            f"Points: mean over {record.sizes['seed']} runs, each with weights and teacher of its own; error bars "
            "(smaller than the points where not seen): ± 1 standard error. Lines: mean of what the overlaps at the "
            "start predict of each. Dashed: the same equations without the scatter of the steps: gradient flow."
        ),
        alt=f"C-NFA at the end: {told}.",
        draw=lambda columns: _draw(record, columns),
        header=header,
        rows=rows,
    )
    return [figure]


def _draw(record: xr.Dataset, columns: Columns) -> Figure:
    figure, axes = panels(columns, 3)
    time, settings = record["time"].values, record["setting"].values.tolist()
    colors = mpl.colormaps["viridis"]
    for ax, (name, (title, label)) in zip(axes, _PANELS.items(), strict=True):
        for i, setting in enumerate(settings):
            look: dict[str, Any] = {"color": colors(0.82 * i / max(len(settings) - 1, 1))}
            at = {name: record[name].sel(setting=setting) for name in (name, f"predicted_{name}", f"flow_{name}")}
            ax.plot(time, mean_over_seeds(at[f"flow_{name}"]), linestyle="--", linewidth=0.8, **look)
            ax.plot(time, mean_over_seeds(at[f"predicted_{name}"]), **look)
            ax.errorbar(
                time,
                mean_over_seeds(at[name]),
                standard_error(at[name]),
                linestyle="none",
                marker=_MARKERS[i % len(_MARKERS)],
                markersize=4,
                elinewidth=0.9,
                **look,
            )
        ax.set_xscale("log", base=2)
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.set_xlabel("steps over dimension")
        ax.set_title(title)
        ax.set_ylabel(label)
    axes[2].set_ylim(bottom=0)
    handles = [
        Line2D(
            [], [], color=colors(0.82 * i / max(len(settings) - 1, 1)), marker=_MARKERS[i % len(_MARKERS)], label=each
        )
        for i, each in enumerate(settings)
    ]
    handles.append(Line2D([], [], color="0.4", linestyle="--", linewidth=0.8, label="gradient flow"))
    figure.legend(handles=handles, loc="outside upper center", ncols=3 if columns == 2 else 1)
    return figure
