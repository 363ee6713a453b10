"""At convergence with weight decay: FACT beside the ansatz and its exponents."""

from __future__ import annotations

from typing import Any

import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nfa_theory.experiments.frame.drawing import legend_of_layers, panels, rows_of
from nfa_theory.figures.alignment import use_step_axis
from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import Columns, layer_styles
from nfa_theory.statistics.seeds import mean_over_seeds

_ROUNDING = 1e-15


def plot_ansatz_and_fact(ax: Axes, record: xr.Dataset) -> None:
    """Draw how far from 1 the alignment is after training, against the exponent; FACT's as lines across."""
    last = record.isel(step=-1)
    ansatz, fact = ((1 - last[name]).clip(min=_ROUNDING) for name in ("generalized", "fact"))
    for layer, style in layer_styles(record["layer"].values.tolist()).items():
        for seed in record["seed"].values:
            at = {"layer": layer, "seed": seed}
            look: dict[str, Any] = {"color": style.color, "linewidth": 0.8}
            ax.plot(ansatz["exponent"].values, ansatz.sel(at).values, marker=style.marker, **look)
            ax.axhline(float(fact.sel(at)), linestyle="--", **look)
    ax.set_yscale("log")
    ax.set_xlabel("exponent α of the ansatz")
    ax.set_ylabel("1 − alignment with the NFM")


def plot_fact_error(ax: Axes, record: xr.Dataset) -> None:
    """Draw the relative error of FACT against the step, both axes logarithmic."""
    for layer, style in layer_styles(record["layer"].values.tolist()).items():
        for seed in record["seed"].values:
            one = record["fact_error"].sel(layer=layer, seed=seed)
            label = f"layer {layer}" if seed == record["seed"].values[0] else None
            ax.plot(one["step"].values, one.values, color=style.color, marker=style.marker, linewidth=0.8, label=label)
    ax.axhline(0.01, color="#555555", linestyle=":", linewidth=0.9)
    use_step_axis(ax, int(record["step"].values.max()))
    ax.set_yscale("log")
    ax.set_ylabel("relative error of FACT")


def figures(record: xr.Dataset) -> list[NamedFigure]:
    """Make the figure, with its caption and its data."""
    last = record.isel(step=-1)

    def draw(columns: Columns) -> Figure:
        figure, axes = panels(columns, 2)
        plot_ansatz_and_fact(axes[0], record)
        axes[0].set_title("(a) ansatz (points), FACT (dashed)")
        plot_fact_error(axes[1], record)
        axes[1].set_title("(b) FACT through training")
        legend_of_layers(figure, axes[1], columns)
        return figure

    fact, plain = (mean_over_seeds(last[name]) for name in ("fact", "uc_nfa"))
    told = "; ".join(
        f"layer {layer}: FACT {float(fact.sel(layer=layer)):.4f}, ansatz with exponent 1 "
        f"{float(plain.sel(layer=layer)):.4f}"
        for layer in record["layer"].values.tolist()
    )
    figure = NamedFigure(
        name="converged_with_weight_decay",
        title="FACT and the ansatz where training with weight decay stands still",
        caption=(
            f"A line for each of {record.sizes['seed']} seed(s) and each layer. (a) After training: how far the "
            "alignment (cosine) of the NFM with the AGOP to the power α is from 1. Dashed: the same of the NFM with "
            "FACT's matrix; what is below the rounding of a cosine is drawn at 1e-15. (b) Relative error "
            "|λ WᵀW − FACT's matrix| / |λ WᵀW| through training; dotted: 1%."
        ),
        alt=f"Mean alignment with the NFM after training: {told}.",
        draw=draw,
        header=["quantity", "layer", "exponent_or_step", "mean", "standard_deviation", "seeds"],
        rows=[
            *rows_of(last["generalized"], "exponent", "ansatz"),
            *rows_of(record["fact"], "step", "fact"),
            *rows_of(record["fact_error"], "step", "fact_error"),
        ],
    )
    return [figure]
