"""SVHN, cropped digits: MATLAB files with images (32, 32, 3, n) and labels 1 to 10, where 10 is the digit 0."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from numerics.data.files import check_hash, read_bytes
from numerics.data.images import LabeledImages, labeled_images
from numerics.errors import InputError

CLASSES = 10


def read_svhn(path: Path, *, content_hash: str | None = None) -> LabeledImages:
    """Read ``train_32x32.mat`` or ``test_32x32.mat``."""
    raw = read_bytes(path)
    check_hash(raw, content_hash, path)
    variables = _load(raw, path)
    X, y = (_variable(variables, key, path) for key in ("X", "y"))
    if X.ndim != 4 or X.shape[:3] != (32, 32, 3) or X.dtype != np.uint8:
        raise InputError(f"{path}: expected X of shape (32, 32, 3, n) and type uint8, got {X.shape}, {X.dtype}")
    if y.size != max(y.shape, default=0) or y.dtype.kind not in "ui":
        raise InputError(f"{path}: expected y to be a column of integers, got shape {y.shape}, {y.dtype}")
    digits = y.reshape(-1).astype(np.int64)
    outside = np.flatnonzero((digits < 1) | (digits > CLASSES))
    if len(outside):
        first = int(outside[0])
        raise InputError(f"{path}: expected labels from 1 to {CLASSES}, got {int(digits[first])} in row {first}")
    return labeled_images(X.transpose(3, 0, 1, 2), digits % CLASSES, CLASSES, path)


def _load(raw: bytes, path: Path) -> dict[str, Any]:
    from scipy.io import loadmat  # here, because it costs a tenth of a second that only SVHN needs

    try:
        return dict(loadmat(io.BytesIO(raw), variable_names=("X", "y")))
    except Exception as error:  # SciPy answers a damaged file with whatever its parser stumbles over
        summary = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path}: expected a MATLAB file of version 5, got {summary}") from error


def _variable(variables: dict[str, Any], key: str, path: Path) -> Any:
    if key not in variables or not isinstance(variables[key], np.ndarray):
        got = ", ".join(sorted(name for name in variables if not name.startswith("_"))) or "no variables"
        raise InputError(f"{path}: expected an array {key}, got {got}")
    return variables[key]
