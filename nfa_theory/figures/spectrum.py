"""How many directions a layer has learned: the eigenvalues of its feature matrices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped
from matplotlib.axes import Axes

from nfa_theory.figures.agop import as_feature_matrix

_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")  # Okabe and Ito
_MARKERS = "osv^"
ROUNDING = 1e-13
"""Eigenvalues below this share of the largest are rounding, and left out."""


def plot_spectrum(ax: Axes, matrices: Mapping[str, Any]) -> None:
    """Draw the eigenvalues of feature matrices over the largest of each, against their rank, both axes logarithmic.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    matrices : mapping of str to array (m, m)
        Symmetric positive semidefinite matrices by label, for example ``{"NFM": features.nfm, "AGOP": features.agop}``.
        Eigenvalues below 1e-13 of the largest are rounding, and are not drawn.

    Raises
    ------
    InputError
        If a matrix is not square, not finite or zero.
    """
    for i, (label, matrix) in enumerate(matrices.items()):
        share = relative_eigenvalues(matrix)
        ranks = np.arange(1, len(share) + 1)
        ax.plot(ranks, share, color=_COLORS[i % 4], marker=_MARKERS[i % 4], markersize=2.5, label=label)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("rank")
    ax.set_ylabel("eigenvalue / largest")
    ax.legend()


def relative_eigenvalues(matrix: Shaped[Any, "m m"]) -> Float[np.ndarray, " r"]:
    """Compute eigenvalues of a feature matrix over the largest, in falling order, without those that are rounding."""
    eigenvalues = np.linalg.eigvalsh(as_feature_matrix(matrix))[::-1]
    share = eigenvalues / eigenvalues[0]
    return np.asarray(share[share > ROUNDING])
