"""Read a whole named set, whatever its format: the files are found, checked and opened."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from numerics.data.cifar import read_cifar10, read_cifar100
from numerics.data.emnist import read_emnist
from numerics.data.gtsrb import read_gtsrb_test, read_gtsrb_training
from numerics.data.idx import read_idx
from numerics.data.image_set import ImageSet
from numerics.data.images import LabeledImages, labeled_images
from numerics.data.locate import obtain
from numerics.data.stl10 import read_stl10
from numerics.data.subset import read_subset
from numerics.data.svhn import read_svhn

Splits = tuple[LabeledImages, LabeledImages]
Files = list[tuple[Path, str]]


def read_image_set(image_set: ImageSet, cache: str | os.PathLike[str] | None = None) -> Splits:
    """Find or download the files of a set and read them, unprocessed."""
    paths = [obtain(image_set, file, cache) for file in image_set.files]
    hashes = [file.content_hash for file in image_set.files]
    return READERS[image_set.format](list(zip(paths, hashes, strict=True)), image_set)


def _read_idx_set(files: Files, image_set: ImageSet) -> Splits:
    splits = []
    for (images, images_hash), (labels, labels_hash) in (files[:2], files[2:]):
        pixels = read_idx(images, 3, content_hash=images_hash)[..., None]
        classes = read_idx(labels, 1, content_hash=labels_hash)
        splits.append(labeled_images(pixels, classes, len(image_set.class_names), labels))
    return splits[0], splits[1]


def _read_cifar10_set(files: Files, image_set: ImageSet) -> Splits:
    [(archive, content_hash)] = files
    return read_cifar10(archive, content_hash=content_hash)


def _read_cifar100_set(files: Files, image_set: ImageSet) -> Splits:
    [(archive, content_hash)] = files
    return read_cifar100(archive, content_hash=content_hash)


def _read_stl10_set(files: Files, image_set: ImageSet) -> Splits:
    [(archive, content_hash)] = files
    return read_stl10(archive, content_hash=content_hash)


def _read_emnist_set(files: Files, image_set: ImageSet) -> Splits:
    [(archive, content_hash)] = files
    return read_emnist(archive, len(image_set.class_names), content_hash=content_hash)


def _read_gtsrb_set(files: Files, image_set: ImageSet) -> Splits:
    (training, training_hash), (images, images_hash), (labels, labels_hash) = files
    test = read_gtsrb_test(images, labels, images_hash=images_hash, labels_hash=labels_hash)
    return read_gtsrb_training(training, content_hash=training_hash), test


def _read_svhn_set(files: Files, image_set: ImageSet) -> Splits:
    train, test = (read_svhn(path, content_hash=content_hash) for path, content_hash in files)
    return train, test


def _read_shipped_set(files: Files, image_set: ImageSet) -> Splits:
    return read_subset()


READERS: dict[str, Callable[[Files, ImageSet], Splits]] = {
    "shipped": _read_shipped_set,
    "idx": _read_idx_set,
    "cifar10": _read_cifar10_set,
    "cifar100": _read_cifar100_set,
    "svhn": _read_svhn_set,
    "stl10": _read_stl10_set,
    "gtsrb": _read_gtsrb_set,
    "emnist": _read_emnist_set,
}
