"""What the court measured of a claim: predicted beside measured, how far from refusal, and the order of an error."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import ONE_COLUMN, Columns

Finding = Mapping[str, Any]
"""One entry of ``findings`` in a verdict of ``results.json``."""

_MARKERS = "os^Dv*"
_SMALLEST = 1e-8
_ROWS = 10
_ROUNDING = 1e-11


def verdict_figures(verdict: Mapping[str, Any]) -> list[NamedFigure]:
    """Make the figures of one verdict, each for one column."""
    name, findings = verdict["claim"], verdict["findings"]
    compared = [each for each in findings if each["kind"] != "order" and _pairs(each).size]
    curves = [each for each in findings if len(_positive(each)[0]) > 1]
    figures = []
    if compared:
        figures += [_agreement_figure(name, compared), _margin_figure(name, compared)]
    if curves:
        figures.append(_order_figure(name, curves))
    return figures


def plot_agreement(ax: Axes, findings: Sequence[Finding]) -> None:
    """Draw predicted against measured values, with the diagonal on which they agree."""
    every = np.concatenate([_pairs(each) for each in findings])
    sizes = np.abs(every[every != 0])
    for i, each in enumerate(findings):
        predicted, measured = _pairs(each).T
        bars = each["interval"] or 0.0
        look: dict[str, Any] = {"marker": _MARKERS[i % len(_MARKERS)], "linestyle": "none", "elinewidth": 0.9}
        ax.errorbar(measured, predicted, xerr=bars, label=each["quantity"], alpha=0.85, **look)
    low, high = _use_value_axes(ax, every, sizes)
    ax.plot([low, high], [low, high], color="#555555", linestyle="--", linewidth=0.9, zorder=0)
    ax.set_xlabel("measured")
    ax.set_ylabel("predicted")
    if len(findings) <= len(_MARKERS):
        ax.legend(loc="upper left", handlelength=1)


def plot_margin(ax: Axes, findings: Sequence[Finding]) -> None:
    """Draw how far each quantity is from its prediction, as a share of the distance that would refuse it."""
    shown = sorted(findings, key=_share)[-_ROWS:]
    for i, kind in enumerate(dict.fromkeys(each["kind"] for each in findings)):
        rows = [row for row, each in enumerate(shown) if each["kind"] == kind]
        shares = np.clip([_share(shown[row]) for row in rows], _SMALLEST, 1e2)
        ax.plot(shares, rows, linestyle="none", marker=_MARKERS[i % len(_MARKERS)], label=kind)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, handlelength=1, borderpad=0)
    ax.axvline(1, color="#a40e26", linewidth=1.2)
    ax.annotate("refused", (1, -0.75), xytext=(3, 0), textcoords="offset points", color="#a40e26", fontsize=7.5)
    ax.set_xscale("log")
    ax.set_xlim(_SMALLEST / 3, 1e3)
    ax.set_ylim(-1, len(shown))
    ax.set_yticks(range(len(shown)), [_short(each["quantity"]) for each in shown])
    ax.set_xlabel("distance / distance that is refused")


def plot_order(ax: Axes, findings: Sequence[Finding]) -> None:
    """Draw how an error falls with time or size on logarithmic axes, beside the claimed slope."""
    for i, each in enumerate(findings):
        x, error = _positive(each)
        (line,) = ax.plot(x, error, marker=_MARKERS[i % len(_MARKERS)], linewidth=0, label=_short(each["quantity"]))
        order, anchor = each["curve"]["order"], _anchor(each)
        ax.plot(x, error[anchor] * (x / x[anchor]) ** order, color=line.get_color(), linestyle="--", linewidth=0.9)
    ax.set_xscale("log")
    ax.set_yscale("log")
    every = np.concatenate([_positive(each)[0] for each in findings])
    ends = sorted({float(every.min()), float(every.max())})  # labels between powers of ten would overlap
    ax.set_xticks(ends, [f"{end:g}" for end in ends])
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlabel("size" if findings[0]["curve"]["order"] < 0 else "time $t$")
    ax.set_ylabel("distance from the limit" if findings[0]["curve"]["order"] < 0 else "relative error")
    if len(findings) <= len(_MARKERS):
        ax.legend(loc="best", handlelength=1)


def found_order(finding: Finding) -> float:
    """Read the order at which an error fell between the last two times; infinite where nothing was left."""
    x, errors = (finding["curve"][name][-2:] for name in ("x", "error"))
    if None in errors or min(errors) <= 0:
        return math.inf
    return math.log(errors[0] / errors[1]) / math.log(x[0] / x[1])


def _agreement_figure(name: str, findings: list[Finding]) -> NamedFigure:
    pairs = np.concatenate([_pairs(each) for each in findings])
    intervals = any(each["kind"] in ("average", "limit") for each in findings)
    bars = " Bars: the interval outside of which a prediction is refused, as wide as at the worst entry."
    few = len(findings) <= len(_MARKERS)
    return NamedFigure(
        f"{name}.agreement",
        "Predicted and measured",
        f"{len(pairs)} values; dashed: they agree.{bars if intervals else ''}"
        + ("" if few else f" The {len(findings)} quantities are listed below."),
        f"Predicted against measured: {len(pairs)} values of {_listed(findings)}. "
        f"The largest difference is {_largest(pairs):.1e} of the largest value.",
        _drawer(plot_agreement, findings),
        ["quantity", "predicted", "measured", "interval"],
        [[each["quantity"], *pair, each["interval"] or 0.0] for each in findings for pair in _pairs(each).tolist()],
    )


def _margin_figure(name: str, findings: list[Finding]) -> NamedFigure:
    worst = max(findings, key=_share)
    left_out = f" The {_ROWS} of {len(findings)} quantities nearest to it." if len(findings) > _ROWS else ""
    verb = "would be refused" if _share(worst) <= 1 else "is refused"
    return NamedFigure(
        f"{name}.margin",
        "Distance from refusal",
        f"Each quantity is refused right of the red line.{left_out} What is below 10⁻⁸ stands at the left edge.",
        f"Distance from prediction as a share of what is refused: the largest is {_share(worst):.2g} "
        f"({worst['quantity']}); at more than 1 a quantity {verb}.",
        _drawer(plot_margin, findings),
        ["quantity", "statistic", "threshold"],
        [[each["quantity"], _number(each["statistic"]), _number(each["threshold"])] for each in findings],
    )


def _order_figure(name: str, findings: list[Finding]) -> NamedFigure:
    orders = [each for each in findings if each["kind"] == "order"]
    told = "; ".join(f"{e['quantity']}: order {found_order(e):.2f}, claimed {e['curve']['order']:g}" for e in orders)
    limit = [each for each in findings if each["kind"] == "limit"]
    far = "; ".join(f"{e['quantity']}: from {_positive(e)[1][0]:.1e} to {_positive(e)[1][-1]:.1e}" for e in limit)
    message = "Error against time" if orders else "Distance from the limit against size"
    return NamedFigure(
        f"{name}.order",
        "How the error falls",
        "Points: measured; dashed: the claimed slope through the earliest time above rounding, or the smallest size.",
        f"{message}, on logarithmic axes. {'; '.join(part for part in (told, far) if part)}.",
        _drawer(plot_order, findings),
        ["quantity", "x", "error", "claimed_order"],
        [[e["quantity"], x, y, e["curve"]["order"]] for e in findings for x, y in zip(*_positive(e), strict=True)],
    )


def _drawer(plot: Any, findings: list[Finding]) -> Any:
    def draw(columns: Columns) -> Figure:
        del columns  # a panel of one column; two of them stand side by side where there is room
        figure = Figure(figsize=(ONE_COLUMN, 2.7))
        plot(figure.subplots(), findings)
        return figure

    return draw


def _pairs(finding: Finding) -> Any:
    """Pair predicted with measured values, (values, 2); none where the closed form gave no value."""
    if finding["predicted"] is None or finding["measured"] is None:
        return np.empty((0, 2))
    pairs = [np.ravel(np.asarray(finding[key], dtype=np.float64)) for key in ("predicted", "measured")]
    if pairs[0].shape != pairs[1].shape:
        return np.empty((0, 2))
    found = np.stack(pairs, axis=1)
    return found[np.isfinite(found).all(axis=1)]


def _positive(finding: Finding) -> tuple[Any, Any]:
    """Take the points of a curve that a logarithmic axis can show."""
    curve = finding["curve"]
    x, error = (np.asarray(curve.get(key, ()), dtype=np.float64) for key in ("x", "error"))
    shown = np.isfinite(error) & (error > 0)
    return x[shown], error[shown]


def _anchor(finding: Finding) -> int:
    """Choose the point that the claimed slope goes through: an early time that is not mere rounding, a small size."""
    _, error = _positive(finding)
    if finding["curve"]["order"] < 0:
        return 0
    return int(np.flatnonzero(error > _ROUNDING)[-1]) if np.any(error > _ROUNDING) else 0


def _share(finding: Finding) -> float:
    statistic, threshold = finding["statistic"], finding["threshold"]
    return math.inf if statistic is None or not threshold else abs(float(statistic)) / float(threshold)


def _use_value_axes(ax: Axes, values: Any, sizes: Any) -> tuple[float, float]:
    """Choose the scale of both axes by the values: logarithmic where they differ by more than a factor of 100."""
    low, high = float(values.min()), float(values.max())
    if not sizes.size or sizes.max() < 100 * sizes.min():
        margin = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
        low, high = low - margin, high + margin
        ax.locator_params(nbins=5)
    elif low > 0:
        low, high = low / 2, high * 2
        ax.set_xscale("log")
        ax.set_yscale("log")
    else:
        threshold = max(sizes.min(), sizes.max() * 1e-4)
        low, high = (2 * low if low < 0 else -threshold), (2 * high if high > 0 else threshold)
        _use_symmetric_scale(ax, threshold, float(sizes.max()), negative=low < -threshold)
    ax.set_xlim(low, high)
    ax.set_ylim(low, high)
    return low, high


def _use_symmetric_scale(ax: Axes, threshold: float, largest: float, *, negative: bool) -> None:
    """Label zero and few powers of ten, since those in between would overlap."""
    top = math.floor(math.log10(largest))
    powers = [10.0**top, 10.0 ** (top - 2)]
    ticks = [*(-each for each in powers if negative), 0, *powers]
    ax.set_xscale("symlog", linthresh=threshold)
    ax.set_yscale("symlog", linthresh=threshold)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_ticks(ticks)
        axis.set_ticks([], minor=True)


def _largest(pairs: Any) -> float:
    scale = float(np.abs(pairs).max()) or 1.0
    return float(np.abs(pairs[:, 0] - pairs[:, 1]).max()) / scale


def _listed(findings: Sequence[Finding]) -> str:
    names = [each["quantity"] for each in findings]
    return ", ".join(names) if len(names) <= 4 else f"{', '.join(names[:3])} and {len(names) - 3} further quantities"


def _short(text: str) -> str:
    return text if len(text) <= 18 else f"{text[:17]}…"


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
