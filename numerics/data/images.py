"""Raw images with labels, as every reader returns them, and the check that both fit together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.errors import InputError


@dataclass(frozen=True, eq=False)
class LabeledImages:
    """Images of one split, unprocessed.

    Parameters
    ----------
    images : (n, height, width, channels) array of uint8
        Pixel values from 0 to 255.
    labels : (n,) array of int64
        Classes from 0.
    """

    images: NDArray[Any]
    labels: NDArray[Any]


def labeled_images(images: NDArray[Any], labels: NDArray[Any], classes: int, path: Path) -> LabeledImages:
    """Put images and labels together after checking that they belong together."""
    if len(images) != len(labels):
        raise InputError(f"{path}: expected one label for each of {len(images)} images, got {len(labels)} labels")
    if len(images) == 0:
        raise InputError(f"{path}: expected at least one image, got none")
    outside = np.flatnonzero((labels < 0) | (labels >= classes))
    if len(outside):
        first = int(outside[0])
        raise InputError(f"{path}: expected labels from 0 to {classes - 1}, got {int(labels[first])} in row {first}")
    return LabeledImages(images, labels.astype(np.int64))
