"""Figures fit for a paper, drawn from records and tables; nothing is computed here that a record does not hold."""

from nfa_theory.figures.alignment import alignment_figure, plot_alignment
from nfa_theory.figures.decomposition import decomposition_figure, plot_decomposition
from nfa_theory.figures.export import NamedFigure, render, write_figure
from nfa_theory.figures.prediction import plot_convergence, plot_prediction, prediction_figure
from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, layer_styles, paper_style

__all__ = [
    "ONE_COLUMN",
    "TWO_COLUMNS",
    "NamedFigure",
    "alignment_figure",
    "decomposition_figure",
    "layer_styles",
    "paper_style",
    "plot_alignment",
    "plot_convergence",
    "plot_decomposition",
    "plot_prediction",
    "prediction_figure",
    "render",
    "write_figure",
]
