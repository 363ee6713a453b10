"""The images shipped with the package: 2000 training and 500 test images of Fashion-MNIST, balanced."""

from __future__ import annotations

import io
from importlib.resources import files
from pathlib import Path

import numpy as np

from numerics.data.files import check_hash, read_bytes
from numerics.data.images import LabeledImages, labeled_images

ASSET = "fashion_mnist_subset.npz"
ASSET_HASH = "sha256:10011f0855ac876011319b9459397df3235bd8676874db57bf749f0a70bf1c9e"
TRAIN_PER_CLASS, TEST_PER_CLASS, CLASSES = 200, 50, 10


def subset_path() -> Path:
    """Path of the shipped file."""
    return Path(str(files("numerics.data") / "assets" / ASSET))


def read_subset(
    path: Path | None = None, *, content_hash: str | None = ASSET_HASH
) -> tuple[LabeledImages, LabeledImages]:
    """Read the shipped subset."""
    path = subset_path() if path is None else path
    content = read_bytes(path)
    check_hash(content, content_hash, path)
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        train, test = (
            labeled_images(archive[f"{split}_images"], archive[f"{split}_labels"], CLASSES, path)
            for split in ("train", "test")
        )
    return train, test


def first_of_each_class(source: LabeledImages, per_class: int) -> LabeledImages:
    """Choose the first so many images of each class, kept in their order: no random numbers involved."""
    chosen = [np.flatnonzero(source.labels == label)[:per_class] for label in range(CLASSES)]
    rows = np.sort(np.concatenate(chosen))
    return LabeledImages(source.images[rows], source.labels[rows])


def pack_subset(train: LabeledImages, test: LabeledImages) -> bytes:
    """Compress both splits into one ``.npz``, the same bytes for the same images and the same zlib."""
    buffer = io.BytesIO()
    np.savez_compressed(  # NumPy dates the members 1980-01-01, so no clock gets in
        buffer,
        train_images=np.ascontiguousarray(train.images),
        train_labels=train.labels.astype(np.uint8),
        test_images=np.ascontiguousarray(test.images),
        test_labels=test.labels.astype(np.uint8),
    )
    return buffer.getvalue()
