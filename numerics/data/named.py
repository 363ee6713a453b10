"""Load a data set by its name: find the files, read, choose samples, scale."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from numerics.checks import require_integer
from numerics.data.catalog import IMAGE_SETS
from numerics.data.dataset import DataSet
from numerics.data.image_set import ImageSet
from numerics.data.image_sets import read_image_set
from numerics.data.images import LabeledImages
from numerics.data.preprocess import STANDARDIZATIONS, balanced_order, float_dtype, one_hot, standardize_images
from numerics.data.synthetic import SYNTHETIC_NAMES
from numerics.errors import InputError, unknown

DATASET_NAMES = tuple(IMAGE_SETS)
"""Names that ``load_dataset`` knows; the first is shipped with the package."""


def load_dataset(
    name: str = DATASET_NAMES[0],
    *,
    train: Any = None,
    test: Any = None,
    dtype: Any = "float64",
    seed: Any = 0,
    cache: str | os.PathLike[str] | None = None,
    standardize: str = "channel",
    center_labels: bool = True,
) -> DataSet:
    """Load a named set of images, ready for training.

    Files are looked for in ``$NFA_DATA/name``, ``$NFA_DATA``, ``cache/name``, ``cache`` and the folder of
    Debian's package (Fashion-MNIST), else downloaded once into ``cache/name``; each must have its published
    checksum. ``fashion_mnist_subset`` is shipped and needs no file.

    Parameters
    ----------
    name : str
        ``fashion_mnist_subset`` (2000 + 500 images), ``fashion_mnist``, ``mnist``, ``cifar10``, ``svhn``,
        ``cifar100``, ``stl10`` (96 x 96), ``gtsrb`` (brought to 32 x 32) or ``emnist`` (balanced).
    train, test : int, optional
        How many samples, as equally many of each class as possible, chosen and ordered by ``seed``; a
        smaller choice is the beginning of a larger one. None takes all in the order of the files.
        ``test=0`` gives no test set.
    dtype : str or numpy.dtype
        ``float64`` or ``float32``, of inputs and targets.
    seed : int
        Decides which samples are chosen.
    cache : path, optional
        Folder for downloads, by default the user's cache.
    standardize : str
        ``"channel"``: pixels minus the mean, over the standard deviation, of each channel over the chosen
        training images; ``"none"``: pixels from 0 to 1; ``"unit_sphere"``: each image of norm 1.
    center_labels : bool
        Targets are one-hot minus ``1 / classes``; if false, one-hot.

    Returns
    -------
    DataSet
        Inputs (n, d), targets (n, classes), labels, test set, class names, license and source.

    Raises
    ------
    InputError
        If the name is unknown, a number is out of range, a file is missing with no network, or is damaged.

    Examples
    --------
    >>> load_dataset("fashion_mnist_subset", train=100, test=20, dtype="float32")
    DataSet(fashion_mnist_subset: 100 training + 20 test samples, X (100, 784), Y (100, 10),
    images 28 x 28 x 1, 10 classes, float32)
    """
    precision = float_dtype(dtype)
    if standardize not in STANDARDIZATIONS:  # before a long download, not after it
        raise InputError(unknown("standardization", standardize, STANDARDIZATIONS))
    require_integer("seed", seed, 0)
    image_set = _by_name(name)
    all_train, all_test = read_image_set(image_set, cache)
    training = _choose(all_train, "train (--samples)", train, 2, [seed, 0])
    held_out = _choose(all_test, "test", test, 0, [seed, 1])
    pixels_test = held_out.images if len(held_out.labels) else None
    X, X_test = standardize_images(training.images, pixels_test, standardize, precision)
    classes = len(image_set.class_names)
    Y, Y_test = (
        one_hot(split.labels, classes, center=center_labels, dtype=precision) for split in (training, held_out)
    )
    return DataSet(
        name=name,
        X=X,
        Y=Y,
        labels=training.labels,
        X_test=X_test,
        Y_test=None if X_test is None else Y_test,
        labels_test=None if X_test is None else held_out.labels,
        image_shape=image_set.image_shape,
        class_names=image_set.class_names,
        license=image_set.license,
        source=image_set.source,
    )


def _by_name(name: str) -> ImageSet:
    if name in SYNTHETIC_NAMES:
        raise InputError(f"data set {name!r} is synthetic; expected a call of synthetic_dataset for it")
    if name not in IMAGE_SETS:
        raise InputError(unknown("data set", name, (*IMAGE_SETS, *SYNTHETIC_NAMES)))
    return IMAGE_SETS[name]


def _choose(split: LabeledImages, name: str, count: Any, least: int, seed: list[int]) -> LabeledImages:
    """Take all, or a balanced random choice."""
    if count is None:
        return split
    require_integer(name, count, least, len(split.labels))
    rows = balanced_order(split.labels, np.random.default_rng(seed))[:count]
    return LabeledImages(split.images[rows], split.labels[rows])
