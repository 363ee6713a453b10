"""A predicted course as a figure: C-NFA and UC-NFA of every layer in time, and how long they can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, Columns, layer_styles

if TYPE_CHECKING:
    from nfa_theory.predict.course.result import AlignmentCourse, CoursePrediction

NAMES = {"c_nfa": "C-NFA", "uc_nfa": "UC-NFA"}
_MOMENTS = ("mean", "mean_error", "std", "std_error")


def course_by_layer(course: CoursePrediction) -> NamedFigure:
    """Make the figure of a predicted course, with its caption and its data."""

    def draw(columns: Columns) -> Figure:
        side_by_side = columns == 2
        figure = Figure(figsize=(TWO_COLUMNS, 2.7) if side_by_side else (ONE_COLUMN, 4.6))
        axes = figure.subplots(*((1, 2) if side_by_side else (2, 1)), sharex=True, squeeze=False).flat
        for ax, (name, label), letter in zip(axes, NAMES.items(), "ab", strict=True):
            _plot(ax, getattr(course, name), course.layers)
            ax.set_title(f"({letter}) {label}")
            ax.set_xlabel("time (learning rate × steps)")
            ax.set_ylabel(f"{label} (cosine)")
            ax.tick_params(labelbottom=True)
            _plot_limit(ax, course, name)
        _add_legend(figure, course, columns=5 if side_by_side else 3)
        return figure

    return NamedFigure(
        name="course",
        title="The course in time, predicted from the data alone",
        caption=_caption(course),
        alt=_message(course),
        draw=draw,
        header=("alignment", "layer", "time", *_MOMENTS, "trusted", "infinite_width"),
        rows=_rows(course),
    )


def _plot(ax: Axes, course: AlignmentCourse, layers: tuple[int, ...]) -> None:
    for i, style in enumerate(layer_styles(list(layers)).values()):
        shown = course.trusted[:, i]
        times, mean, std = course.times[shown], course.mean[shown, i], course.std[shown, i]
        ax.plot(times, mean, color=style.color, marker=style.marker)
        ax.fill_between(times, mean - std, np.minimum(mean + std, 1), color=style.color, alpha=0.2, linewidth=0)
    margin = 0.03 * float(course.times[-1]) or 1.0
    ax.set_xlim(-margin, float(course.times[-1]) + margin)


def _plot_limit(ax: Axes, course: CoursePrediction, name: str) -> None:
    limit = course.limit_of(name)
    if limit is None:
        return
    for i, style in enumerate(layer_styles(list(course.layers)).values()):
        ax.plot(course.times, limit[:, i], color=style.color, linestyle="--", marker="none")


def _add_legend(figure: Figure, course: CoursePrediction, columns: int) -> None:
    styles = layer_styles(list(course.layers)).items()
    handles = [Line2D([], [], color=each.color, marker=each.marker, label=f"layer {layer}") for layer, each in styles]
    if course.limit is not None:
        handles.append(Line2D([], [], color="#333333", linestyle="--", label="infinite width"))
    figure.legend(handles=handles, loc="outside upper center", ncols=min(len(handles), columns))


def _caption(course: CoursePrediction) -> str:
    if course.method == "exact":
        kind = "The gradient flow of the networks closes over second moments of the data and is integrated."
    elif course.method == "mup":
        kind = "The feature-learning limit (muP), and networks made of its neurons."
    else:
        kind = (
            f"Taylor polynomials of order {course.config['order']}; a curve ends where its error is expected to exceed "
            f"{course.tolerance:g}."
        )
    limit = "; dashed: infinite width, at all times" if course.limit is not None else ""
    return (
        "Predicted alignments of every hidden layer under gradient flow. (a) C-NFA, from its limit as t → 0 on"
        f"{limit}. (b) UC-NFA. Points: mean over {course.config['networks']} random networks; bands: ± 1 standard "
        f"deviation over initializations, cut off at 1. {kind}"
    )


def _message(course: CoursePrediction) -> str:
    parts = []
    for name, label in NAMES.items():
        each = getattr(course, name)
        for i, layer in enumerate(course.layers):
            last = np.flatnonzero(each.trusted[:, i])
            if not len(last):
                parts.append(f"{label} of layer {layer} cannot be trusted at these times")
                continue
            start, end = each.mean[0, i], each.mean[last[-1], i]
            parts.append(f"{label} of layer {layer} goes from {start:.3f} to {end:.3f} at t = {each.times[last[-1]]:g}")
    return "; ".join(parts) + "."


def _rows(course: CoursePrediction) -> list[list[float | int | str]]:
    rows: list[list[float | int | str]] = []
    for name, label in NAMES.items():
        each, wide = getattr(course, name), course.limit_of(name)
        for i, layer in enumerate(course.layers):
            for j, time in enumerate(course.times.tolist()):
                moments = [float(getattr(each, moment)[j, i]) for moment in _MOMENTS]
                limit = float("nan") if wide is None else float(wide[j, i])
                rows.append([label, layer, time, *moments, int(each.trusted[j, i]), limit])
    return rows
