"""Both exponents in one run: eigenvalues of AGOP and shifted NFM on the predicted curve, and its slope."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from nfa_theory.claims import claims
from nfa_theory.experiments.frame.drawing import panels
from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import Columns

_COLORS = ("#0072B2", "#D55E00", "#009E73")  # Okabe and Ito
_MARKERS = ("o", "s", "^")


def figures(record: xr.Dataset) -> list[NamedFigure]:
    """Make the figure, with its caption and its data."""
    settings = [str(name) for name in record["setting"].values]
    shown = record.x > 3e-3  # below, the random function of a network of this width is larger than what it learned
    x, g, slope = (record[name].where(shown & (record.g > 0)) for name in ("x", "g", "exponent"))
    curve = np.geomspace(3e-3, float(record.x.max()) * 1.5, 200)
    predicted = claims["training.local_exponent"].function(x=curve, S=1.0)

    def draw(columns: Columns) -> Figure:
        figure, axes = panels(columns, 2)
        for ax, line, measured in zip(axes, (predicted["g"], predicted["alpha"]), (g, slope), strict=True):
            for i, name in enumerate(settings):
                points = (each.sel(setting=name).values.ravel() for each in (x, measured))
                ax.plot(*points, _MARKERS[i], color=_COLORS[i], markersize=2.5, linestyle="", alpha=0.6, label=name)
            ax.plot(curve, line, color="black", linewidth=1.2, label="predicted")
            ax.set_xscale("log")
            ax.set_xlabel("eigenvalue x of the shifted NFM, over S")
        axes[0].set_yscale("log")
        axes[0].set_ylabel("eigenvalue of the AGOP, over S²")
        axes[0].set_title("(a) one curve, all of training")
        axes[1].set_ylim(0.4, 1.15)
        axes[1].set_ylabel("exponent d log x / d log g")
        axes[1].set_title("(b) from 1 to 1/2")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=4 if columns == 2 else 2)
        return figure

    flat = [each.transpose("setting", "seed", "step", "mode").values for each in (x, g, slope)]
    rows: list[list[float | int | str]] = [
        [settings[i], int(record.seed[j]), int(record.step[s]), m, *(float(each[i, j, s, m]) for each in flat)]
        for i, j, s, m in np.argwhere(np.isfinite(flat[0]))
    ]
    figure = NamedFigure(
        name="both_exponents",
        title="Both exponents of the ansatz in one run",
        caption=(
            "A wide two-layer linear network from a random start, followed to the end: each point is one eigenvector "
            "of the AGOP of one network at one step. (a) Its eigenvalue against that of the NFM less its start, in "
            "units of S = (s1 + s2) q and S². Line: x (x + S), predicted without a free parameter. (b) The slope of "
            "log x against log g between steps. Line: (x + S) / (2 x + S). Where x is small the random function of a "
            "network of this width adds to the AGOP, and lifts the slope."
        ),
        alt="Eigenvalues for both losses and with weight decay lie on one curve, whose exponent falls from 1 to 1/2.",
        draw=draw,
        header=["setting", "seed", "step", "mode", "x", "g", "exponent"],
        rows=rows,
    )
    return [figure]
