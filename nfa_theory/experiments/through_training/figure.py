"""Alignment through training, and where it comes from."""

from __future__ import annotations

import xarray as xr

from nfa_theory.figures.alignment import alignment_figure
from nfa_theory.figures.decomposition import decomposition_figure
from nfa_theory.figures.export import NamedFigure


def figures(record: xr.Dataset) -> list[NamedFigure]:
    """Make the figures of the experiment."""
    return [alignment_figure(record), decomposition_figure(record)]
