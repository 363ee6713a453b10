"""Alignment with exponents: the NFM of every layer against powers of the AGOP."""

from __future__ import annotations

import xarray as xr
from matplotlib.figure import Figure

from nfa_theory.experiments.frame.drawing import legend_of_layers, panels, plot_by_setting, rows_of
from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.style import Columns, describe_spread, layer_styles
from nfa_theory.statistics.seeds import mean_over_seeds


def figures(record: xr.Dataset) -> list[NamedFigure]:
    """Make the figure with a panel for each activation, with its caption and its data."""
    names = [str(name) for name in record["activation"].values]
    predicted = dict(zip(record["layer"].values.tolist(), record["predicted_exponent"].values.tolist(), strict=True))

    def draw(columns: Columns) -> Figure:
        figure, axes = panels(columns, len(names))
        for ax, name in zip(axes, names, strict=True):
            plot_by_setting(ax, record["generalized"].sel(activation=name), "exponent")
            if name == "linear":
                for layer, style in layer_styles(list(predicted)).items():
                    ax.axvline(predicted[layer], color=style.color, linestyle=":", linewidth=1.2)
                ax.set_ylim(top=1.005)
            ax.set_title(f"({'abcdef'[names.index(name)]}) {name}")
            ax.set_xlabel("exponent α of the AGOP")
            ax.set_ylabel("alignment with the NFM (cosine)")
        legend_of_layers(figure, axes[0], columns)
        return figure

    at = mean_over_seeds(record["generalized_at_predicted"].sel(activation="linear"))
    told = ", ".join(f"{float(at.sel(layer=k)):.4f} at α = {alpha:.3g} in layer {k}" for k, alpha in predicted.items())
    figure = NamedFigure(
        name="exponents",
        title="The AGOP is a power of the NFM in deep linear networks",
        caption=(
            "Alignment of the NFM with the AGOP to the power α after training, for every hidden layer and activation. "
            + describe_spread(record, "Points", "error bars")
            + " Dotted, linear network only: the exponent 1/(L − l + 1) that theory derives for layer l of L, the "
            "readout counted. The panels have scales of their own."
        ),
        alt=f"Mean alignment of the linear network at the derived exponents: {told}.",
        draw=draw,
        header=["activation", "layer", "exponent", "mean", "standard_deviation", "seeds"],
        rows=[row for name in names for row in rows_of(record["generalized"].sel(activation=name), "exponent", name)],
    )
    return [figure]
