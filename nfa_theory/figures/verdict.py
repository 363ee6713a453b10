"""What the court measured: how far each quantity is from refusal, and how the errors of expansions fall."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullLocator

from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, Columns

Finding = Mapping[str, Any]
"""One entry of ``findings`` in a verdict of ``results.json``."""

_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_MARKERS = "os^Dvp"
_ROUNDING = 1e-11


class Curve(NamedTuple):
    """How an error falls, relative to one point above rounding.

    Parameters
    ----------
    order : float
        The claimed one, positive.
    small : (p,) array
        The time, or the inverse of the size, over that of the point.
    error : (p,) array
        Over that of the point.
    """

    order: float
    small: Float[np.ndarray, " p"]
    error: Float[np.ndarray, " p"]


def share(finding: Finding) -> float:
    """Say how far a quantity is from its prediction, as a share of the distance that would refuse it.

    Parameters
    ----------
    finding : mapping
        With ``statistic``, ``threshold`` and ``held``.

    Returns
    -------
    float
        At most 1 if it held; infinite if there is no value and it is refused for that.

    Examples
    --------
    >>> share({"statistic": 1.5, "threshold": 6.0, "held": True})
    0.25
    """
    statistic, threshold = finding["statistic"], finding["threshold"]
    if statistic is None:  # an order that cannot be told from infinity holds; a value that is not a number does not
        return 0.0 if finding["held"] else math.inf
    return max(float(statistic), 0.0) / float(threshold) if threshold else (0.0 if finding["held"] else math.inf)


def found_order(finding: Finding) -> float:
    """Read the order at which an error fell between the last two times; infinite where nothing was left."""
    x, errors = (finding["curve"][name][-2:] for name in ("x", "error"))
    if None in errors or min(errors) <= 0:
        return math.inf
    return math.log(errors[0] / errors[1]) / math.log(x[0] / x[1])


def curve_of(finding: Finding) -> Curve | None:
    """Take the points of a curve that are above rounding, relative to the one that is nearest to it.

    Parameters
    ----------
    finding : mapping
        With ``curve``: ``x`` (time or size), ``error`` and the claimed ``order``.

    Returns
    -------
    Curve or None
        None if fewer than two points are left.
    """
    curve = finding["curve"]
    x, error = (np.asarray(curve.get(key, ()), dtype=np.float64) for key in ("x", "error"))
    shown = np.isfinite(error) & (error > _ROUNDING)
    if shown.sum() < 2:
        return None
    small = x[shown] if curve["order"] > 0 else 1 / x[shown]
    anchor = int(small.argmin())
    return Curve(abs(float(curve["order"])), small / small[anchor], error[shown] / error[shown][anchor])


def plot_orders(ax: Axes, curves: Sequence[Curve]) -> None:
    """Draw how errors fall with time or size on logarithmic axes, beside the claimed slopes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    curves : sequence of Curve
        At least one; of one color and marker for each order.
    """
    widest = max(float(each.small.max()) for each in curves)
    reach = np.array([1.0, widest])
    for order, look in _looks(curves).items():
        ax.plot(reach, reach**order, color=look["color"], linewidth=0.9)
        of_order = [each for each in curves if each.order == order]
        x, y = (np.concatenate([getattr(each, name) for each in of_order]) for name in ("small", "error"))
        ax.plot(x, y, linestyle="none", markersize=2.8, alpha=0.7, markeredgewidth=0, **look)
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.set_xlabel("time (or 1/size) / smallest")
    ax.set_ylabel("error / smallest error")


def orders_figure(verdicts: Iterable[Mapping[str, Any]]) -> NamedFigure | None:
    """Make the figure of how the errors of all expansions fall, with its caption and its data.

    Parameters
    ----------
    verdicts : iterable of mapping
        The entries of ``claims`` in the court's part of ``results.json``.

    Returns
    -------
    NamedFigure or None
        None if no error was followed.
    """
    found = [
        (verdict["claim"], finding["quantity"], curve)
        for verdict in verdicts
        for finding in verdict["findings"]
        if (curve := curve_of(finding)) is not None
    ]
    if not found:
        return None
    curves = [curve for _, _, curve in found]

    def draw(columns: Columns) -> Figure:
        figure = Figure(figsize=(TWO_COLUMNS * 0.72, 2.9) if columns == 2 else (ONE_COLUMN, 3.1))
        ax = figure.subplots()
        plot_orders(ax, curves)
        handles = [
            Line2D([], [], label=f"order {order:g}", linewidth=0.9, **look) for order, look in _looks(curves).items()
        ]
        ax.legend(handles=handles, loc="upper left")
        return figure

    claims = len({claim for claim, _, _ in found})
    worst = max(curves, key=_distance)
    return NamedFigure(
        name="orders",
        title="How the errors of the expansions fall",
        caption=(
            "Each expansion of the theory leaves out terms of a claimed order in time or in 1/size. Points: the error "
            f"found by simulation, {len(curves)} quantities of {claims} claims, relative to that at the smallest time "
            "above rounding; lines: the claimed slopes. A wrong coefficient lowers a slope by one or more."
        ),
        alt=(
            f"Errors of {len(curves)} quantities against time on logarithmic axes, along their claimed slopes; the "
            f"farthest is off by a factor of {math.exp(_distance(worst)):.2g} (order {worst.order:g})."
        ),
        draw=draw,
        header=["claim", "quantity", "claimed_order", "relative_time", "relative_error"],
        rows=[
            [claim, quantity, curve.order, float(x), float(y)]
            for claim, quantity, curve in found
            for x, y in zip(curve.small, curve.error, strict=True)
        ],
    )


def _distance(curve: Curve) -> float:
    """Logarithm of the largest factor between a curve and its claimed slope."""
    return float(abs(np.log(curve.error / curve.small**curve.order)).max())


def _looks(curves: Sequence[Curve]) -> dict[float, dict[str, Any]]:
    orders = sorted({each.order for each in curves})
    return {order: {"color": _COLORS[i % 6], "marker": _MARKERS[i % 6]} for i, order in enumerate(orders)}
