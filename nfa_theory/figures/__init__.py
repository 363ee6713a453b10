"""Figures fit for a paper, drawn from records and tables; nothing is computed here that a record does not hold.

The functions named ``plot_`` draw on given axes, so that they can be put together at will; those that end in
``_figure`` return a `NamedFigure` with caption, text for those who cannot see it, and data, for `write_figure`.
"""

from nfa_theory.figures.agop import plot_agop
from nfa_theory.figures.alignment import alignment_figure, plot_alignment
from nfa_theory.figures.decomposition import decomposition_figure, plot_decomposition
from nfa_theory.figures.early_alignment import early_alignment_figure, plot_early_alignment
from nfa_theory.figures.export import NamedFigure, render, write_figure
from nfa_theory.figures.features import features_figure
from nfa_theory.figures.phase_diagram import phase_diagram_figure, plot_phase_diagram
from nfa_theory.figures.prediction import plot_convergence, plot_prediction, prediction_figure
from nfa_theory.figures.spectrum import plot_spectrum
from nfa_theory.figures.style import ONE_COLUMN, TWO_COLUMNS, layer_styles, paper_style

__all__ = [
    "ONE_COLUMN",
    "TWO_COLUMNS",
    "NamedFigure",
    "alignment_figure",
    "decomposition_figure",
    "early_alignment_figure",
    "features_figure",
    "layer_styles",
    "paper_style",
    "phase_diagram_figure",
    "plot_agop",
    "plot_alignment",
    "plot_convergence",
    "plot_decomposition",
    "plot_early_alignment",
    "plot_phase_diagram",
    "plot_prediction",
    "plot_spectrum",
    "prediction_figure",
    "render",
    "write_figure",
]
