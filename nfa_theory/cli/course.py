"""What `nfa predict` reads of times and statistics, whom it asks, and what it prints of a course in time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nfa_theory.cli.data_options import Chosen, read_widths
from numerics.errors import InputError

if TYPE_CHECKING:
    from nfa_theory.predict import AlignmentCourse, AlignmentPrediction, CoursePrediction, DataStatistics
    from numerics import MLP

_MOMENTS = ("mean", "mean_error", "std", "std_error")
_NAMES = {"c_nfa": "C-NFA", "uc_nfa": "UC-NFA"}


@dataclass(frozen=True)
class NamedStatistics:
    """Second moments with the name of their file.

    Parameters
    ----------
    name : str
        Stem of the file name.
    moments : DataStatistics
        What the file holds.
    """

    name: str
    moments: DataStatistics


def read_statistics(path: str, samples: int | None) -> NamedStatistics:
    """Read second moments from a file."""
    from nfa_theory.predict.problem.statistics_file import read_statistics as read

    if samples is not None:
        raise InputError(f"--statistics is for a file without samples, got --samples {samples}")
    return NamedStatistics(Path(path).stem, read(path))


def network_for(known: Chosen | NamedStatistics, hidden: str, **settings: Any) -> MLP:
    """Build the network that fits the data or their statistics."""
    if isinstance(known, Chosen):
        return known.network(hidden, **settings)
    from numerics import MLP

    return MLP((known.moments.inputs, *read_widths(hidden), known.moments.outputs), **settings)


def predict_in_time(known: Chosen | NamedStatistics, net: MLP, times: list[float], **options: Any) -> CoursePrediction:
    """Predict a course from samples or statistics."""
    from nfa_theory.predict import predict_course

    if isinstance(known, NamedStatistics):
        return predict_course(known.moments, net, times, **options)
    return predict_course(known.data.X, known.data.Y, net, times, **known.options, **options)


def predict_at_start(known: Chosen | NamedStatistics, net: MLP, **options: Any) -> AlignmentPrediction:
    """Predict the early alignment from samples or statistics."""
    from nfa_theory.predict import predict_alignment

    if isinstance(known, NamedStatistics):
        return predict_alignment(known.moments, net, **options)
    return predict_alignment(known.data.X, known.data.Y, net, **known.options, **options)


def read_times(text: str) -> list[float]:
    """Read times.

    Examples
    --------
    >>> read_times("0, 0.5, 2")
    [0.0, 0.5, 2.0]
    """
    try:
        return [float(word) for word in text.split(",")]
    except ValueError:
        raise InputError(f"--times must be numbers with commas between, got {text!r}") from None


def course_as_json(course: CoursePrediction, *, finite: bool = True) -> dict[str, Any]:
    """Turn a course into values that JSON knows, with what is said of finite widths or without."""
    layers = []
    for i, layer in enumerate(course.layers):
        row: dict[str, Any] = {"layer": layer, "initial_uc_nfa": float(course.initial_uc_nfa[i])}
        row = row if finite else {"layer": layer, "c_nfa": {}}
        for name in _NAMES if finite else ():
            row[name] = _alignment(getattr(course, name), i)
        if finite and course.infinite_width is not None:
            wide = course.infinite_width.uc_nfa
            row["uc_nfa"] |= {"limit": _numbers(wide.mean[:, i]), "limit_error": _numbers(wide.mean_error[:, i])}
        for name in ("limit", "limit_error"):
            values = getattr(course, name)
            row["c_nfa"][name] = None if values is None else values[:, i].tolist()
        layers.append(row)
    head = {"config": course.config, "method": course.method, "tolerance": course.tolerance}
    found = {**head, "times": course.times.tolist(), "layers": layers}
    if course.loss is not None and course.infinite_width is not None:
        losses = {"": course.loss, "limit_": course.infinite_width.loss}
        found["loss"] = {
            f"{which}{name}": getattr(each, name).tolist()
            for which, each in losses.items()
            for name in ("mean", "mean_error")
        }
    return found


def _alignment(course: AlignmentCourse, i: int) -> dict[str, Any]:
    until = float(course.trusted_time[i])
    return {
        **{name: getattr(course, name)[:, i].tolist() for name in _MOMENTS},
        "trusted_time": until if math.isfinite(until) else None,
        "coefficients": None if course.coefficients is None else course.coefficients[:, i].tolist(),
    }


def _numbers(values: Any) -> list[float | None]:
    return [float(each) if math.isfinite(each) else None for each in values]


def course_as_text(course: CoursePrediction, *, finite: bool = True) -> str:
    """Write a course as a table."""
    head, *_ = repr(course).splitlines()
    if not finite:
        limits = [
            f"    t = {time:<8.4g} infinite width {value:.4f}"
            for i in range(len(course.layers))
            for time, value in zip(course.times, course.limit[:, i], strict=True)
        ]
        count = len(course.times)
        rows = [
            "\n".join([f"  layer {layer}, C-NFA", *limits[i * count : (i + 1) * count]])
            for i, layer in enumerate(course.layers)
        ]
        return "\n".join([head, *rows])
    lines = [head]
    for i, layer in enumerate(course.layers):
        for name, label in _NAMES.items():
            each = getattr(course, name)
            until = each.trusted_time[i]
            always = "exact at all times" if course.method == "exact" else "at all times"
            trust = always if math.isinf(until) else f"error below {course.tolerance:g} until t = {until:.3g}"
            lines.append(f"  layer {layer}, {label}, {trust}")
            limit = course.limit_of(name)
            lines += [_line(each, i, j, limit) for j in range(len(course.times))]
    return "\n".join([*lines, *_losses(course)])


def _losses(course: CoursePrediction) -> list[str]:
    if course.loss is None or course.infinite_width is None:
        return []
    pairs = zip(course.loss.mean, course.loss.mean_error, strict=True)
    shown = [f"mean {mean:.4f} +- {error:.4f}" for mean, error in pairs]
    rows = zip(course.times, shown, course.infinite_width.loss.mean, strict=True)
    return ["  loss", *(f"    t = {time:<8.4g} {text:<37}   infinite width {wide:.4f}" for time, text, wide in rows)]


def _line(course: AlignmentCourse, i: int, j: int, limit: Any) -> str:
    values = f"mean {course.mean[j, i]:.4f} +- {course.mean_error[j, i]:.4f}, spread {course.std[j, i]:.4f}"
    shown = values if course.trusted[j, i] else "not to be trusted"
    wide = "" if limit is None or math.isnan(limit[j, i]) else f"   infinite width {limit[j, i]:.4f}"
    return f"    t = {course.times[j]:<8.4g} {shown:<37}{wide}".rstrip()
