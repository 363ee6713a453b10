"""Measured beside predicted, layer by layer and against the width."""

from __future__ import annotations

import xarray as xr

from nfa_theory.figures.early_alignment import early_alignment_figure
from nfa_theory.figures.export import NamedFigure
from nfa_theory.figures.prediction import prediction_figure


def figures(record: xr.Dataset) -> list[NamedFigure]:
    """Make the figures of the experiment."""
    return [early_alignment_figure(record), prediction_figure(record)]
