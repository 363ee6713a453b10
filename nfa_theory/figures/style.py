"""One look for all figures: sizes of a paper's columns, legible fonts, colors that a color-blind reader can order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Literal

import matplotlib as mpl
import xarray as xr
from matplotlib.colors import to_hex

ONE_COLUMN = 3.4
"""Width of a figure that fills one column, inches."""

TWO_COLUMNS = 7.0
"""Width of a figure that fills two columns, inches."""

Columns = Literal[1, 2]

_STYLE_SHEET = files("nfa_theory.figures").joinpath("paper.mplstyle")


@contextmanager
def paper_style() -> Iterator[None]:
    """Apply the style of this package within a block, and restore the caller's afterwards.

    Drawing *and* saving belong inside: matplotlib reads its settings at both times.

    Examples
    --------
    >>> import matplotlib as mpl
    >>> with paper_style():
    ...     mpl.rcParams["pdf.fonttype"]
    42
    """
    with mpl.rc_context():
        with as_file(_STYLE_SHEET) as path:
            mpl.rcParams.update(mpl.rc_params_from_file(path))  # on matplotlib's defaults, not the user's
        yield


@dataclass(frozen=True)
class LayerStyle:
    """How one layer is drawn, by color and by marker, so that neither alone has to be told apart."""

    color: str
    marker: str


def layer_styles(layers: list[int]) -> dict[int, LayerStyle]:
    """Choose colors and markers for layers, which are ordered: from dark (first) to light (last).

    Parameters
    ----------
    layers : list of int
        The layers, in order.

    Returns
    -------
    dict
        The style of each layer. Colors come from viridis without its palest part, so that they stand out on white.

    Examples
    --------
    >>> [style.marker for style in layer_styles([1, 2, 3]).values()]
    ['o', 's', '^']
    """
    markers = "os^Dvp*Xh<>P"
    colors = mpl.colormaps["viridis"]
    steps = max(len(layers) - 1, 1)
    return {
        layer: LayerStyle(to_hex(colors(0.82 * i / steps)), markers[i % len(markers)]) for i, layer in enumerate(layers)
    }


def describe_spread(record: xr.Dataset, marks: str = "Lines", spread: str = "bands") -> str:
    """Say what lines or points, and bands or bars mean for this record, for captions."""
    seeds = record.sizes["seed"]
    if seeds == 1:
        return f"{marks}: one seed, so there are no {spread}."
    return f"{marks}: mean over {seeds} seeds; {spread}: ± 1 standard deviation over these seeds."
