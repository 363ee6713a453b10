"""EMNIST as published by NIST: a zip archive of IDX files, gzip-compressed, whose images lie on their side."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from numerics.data.files import decompress
from numerics.data.idx import parse_idx
from numerics.data.images import LabeledImages, labeled_images
from numerics.data.zip_members import open_zip

SPLIT = "balanced"


def read_emnist(path: Path, classes: int, *, content_hash: str | None = None) -> tuple[LabeledImages, LabeledImages]:
    """Read the balanced split out of ``gzip.zip``; nothing is extracted to disk."""
    splits = []
    with open_zip(path, content_hash) as archive:
        for split in ("train", "test"):
            start = f"gzip/emnist-{SPLIT}-{split}"
            images, labels = (
                parse_idx(decompress(archive.read(name), path / name), axes, path / name)
                for name, axes in ((f"{start}-images-idx3-ubyte.gz", 3), (f"{start}-labels-idx1-ubyte.gz", 1))
            )
            upright = np.ascontiguousarray(images.transpose(0, 2, 1))[..., None]
            splits.append(labeled_images(upright, labels, classes, path / start))
    return splits[0], splits[1]
