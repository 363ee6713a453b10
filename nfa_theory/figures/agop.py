"""What the network looks at: the AGOP as a matrix, or its diagonal as an image."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float, Shaped
from matplotlib.axes import Axes

from numerics.backend.arrays import to_host
from numerics.errors import InputError


def plot_agop(ax: Axes, agop: Any, image_shape: tuple[int, ...] | None = None) -> None:
    """Draw an average gradient outer product (or any symmetric feature matrix).

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    agop : array, shape (m, m)
        The matrix, for example ``nfa.features(X, net, weights).agop``.
    image_shape : (height, width) or (height, width, channels), optional
        Draws the diagonal as an image instead, from white (0) to dark (its largest entry): how strongly the output
        reacts to each pixel; channels are summed. Without it the matrix is drawn over its largest entry in size, from
        blue (-1) through white to red (1).

    Raises
    ------
    InputError
        If the matrix is not square, vanishes, or has no diagonal of that many pixels.
    """
    G = as_feature_matrix(agop)
    if image_shape is None:
        ax.imshow(G / abs(G).max(), vmin=-1, vmax=1, cmap="RdBu_r", interpolation="nearest")
    else:
        pixels = diagonal_image(G, image_shape)
        ax.imshow(pixels / pixels.max(), vmin=0, vmax=1, cmap="viridis_r", interpolation="nearest")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)


def diagonal_image(agop: Shaped[Any, "m m"], image_shape: tuple[int, ...]) -> Float[np.ndarray, "height width"]:
    """Arrange the diagonal of a feature matrix of images as an image, channels summed."""
    height, width, *channels = image_shape
    diagonal = np.diagonal(as_feature_matrix(agop))
    if diagonal.size != np.prod(image_shape):
        raise InputError(f"image_shape must have as many pixels as inputs ({diagonal.size}), got {tuple(image_shape)}")
    return np.asarray(diagonal.reshape(height, width, *(channels or [1])).sum(-1))


def as_feature_matrix(matrix: Any) -> Float[np.ndarray, "m m"]:
    """Read a feature matrix that can be drawn."""
    array = np.asarray(to_host(matrix), dtype=np.float64)
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise InputError(f"a feature matrix must be square, got shape {array.shape}")
    if not np.isfinite(array).all() or not array.any():
        got = "zeros" if np.isfinite(array).all() else "values that are not"
        raise InputError(f"a feature matrix must be finite and not zero, got {got}")
    return array
