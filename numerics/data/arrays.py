"""The user's own data: a NumPy archive with X and Y, refused in one line if it cannot be trained on."""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.data.dataset import DataSet
from numerics.data.preprocess import float_dtype, one_hot
from numerics.errors import InputError

Arrays = dict[str, NDArray[Any]]
ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")  # a zip archive, and an empty one


def read_arrays(
    path: str | os.PathLike[str], *, labels_as_classes: bool = False, center_labels: bool = True, dtype: Any = None
) -> DataSet:
    """Read a ``.npz`` file with ``X`` and ``Y``, and optionally ``X_test`` and ``Y_test``; nothing is scaled.

    Parameters
    ----------
    path : path
        The file. It is read with ``allow_pickle=False``.
    labels_as_classes : bool
        Read ``Y`` as integer classes from 0, and make one-hot targets of them.
    center_labels : bool
        Then subtract ``1 / classes`` from the targets.
    dtype : str or numpy.dtype, optional
        float32 or float64; None keeps float32 if ``X`` is float32, and takes float64 otherwise.

    Returns
    -------
    DataSet
        ``X`` (n, d); ``Y`` (n, c), where a vector (n,) becomes a column (n, 1). Named after the file.

    Raises
    ------
    InputError
        If the file is missing, damaged or no ``.npz``; if a key is missing, an array is empty, not numeric,
        not finite, of the wrong shape or has fewer than 2 rows; if labels are not classes from 0.
    """
    path = Path(path)
    arrays = _load(path)
    _require_keys(arrays, path)
    precision = _precision(arrays["X"], dtype)
    labels: Arrays = {}
    if labels_as_classes:
        labels = {key: _classes(arrays[key], key, path) for key in ("Y", "Y_test") if key in arrays}
        classes = 1 + max(int(values.max()) for values in labels.values())
        if classes > len(labels["Y"]):
            raise InputError(
                f"{path}: Y must hold classes from 0 to at most {len(labels['Y']) - 1}, got class {classes - 1}"
            )
        for key, values in labels.items():
            arrays[key] = one_hot(values, classes, center=center_labels, dtype=precision)
    numbers = {key: _numbers(arrays[key], key, path, precision) for key in arrays}
    return DataSet(
        path.stem,
        numbers["X"],
        numbers["Y"],
        labels.get("Y"),
        numbers.get("X_test"),
        numbers.get("Y_test"),
        labels.get("Y_test"),
        source=path.name,
    )


def _load(path: Path) -> Arrays:
    """Read the arrays that matter; whatever else is in the archive stays unread."""
    if not path.is_file():
        raise InputError(f"{path}: expected a .npz file, got {'a folder' if path.is_dir() else 'no such file'}")
    try:
        with path.open("rb") as stream:  # opened here, because np.load leaves a damaged file open
            if stream.read(4) not in ZIP_STARTS:  # np.load would take it for a pickle, and say so in two lines
                raise InputError(f"{path}: expected a .npz archive, as written by numpy.savez, got another format")
            stream.seek(0)
            with np.load(stream, allow_pickle=False) as archive:
                return _entries(archive, path)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, MemoryError) as error:
        raise InputError(f"{path}: expected an intact .npz archive, got a damaged one ({error})") from error


def _entries(archive: Any, path: Path) -> Arrays:
    wanted = [key for key in ("X", "Y", "X_test", "Y_test") if key in archive.files]
    if missing := [key for key in ("X", "Y") if key not in wanted]:
        got = ", ".join(archive.files) or "no arrays"
        raise InputError(f"{path}: expected arrays X and Y, {missing[0]} is missing, got {got}")
    return {key: _entry(archive, key, path) for key in wanted}


def _entry(archive: Any, key: str, path: Path) -> NDArray[Any]:
    try:
        entry = archive[key]
    except ValueError as error:
        if "allow_pickle" in str(error):
            raise InputError(f"{path}: {key} must hold numbers, got Python objects (dtype object)") from error
        raise InputError(f"{path}: expected {key} to be a NumPy array, got a damaged one ({error})") from error
    if not isinstance(entry, np.ndarray):  # np.load hands out raw bytes of members that are no .npy
        raise InputError(f"{path}: expected {key} to be a NumPy array, got raw bytes")
    return entry


def _require_keys(arrays: Arrays, path: Path) -> None:
    if ("X_test" in arrays) != ("Y_test" in arrays):
        present = "X_test" if "X_test" in arrays else "Y_test"
        raise InputError(f"{path}: X_test and Y_test must be given together, got only {present}")
    for key, array in arrays.items():
        if array.size == 0:
            raise InputError(f"{path}: {key} must not be empty, got shape {array.shape}")
        if array.ndim not in ((2,) if key.startswith("X") else (1, 2)):
            wanted = "(samples, inputs)" if key.startswith("X") else "(samples,) or (samples, outputs)"
            raise InputError(f"{path}: {key} must have shape {wanted}, got {array.shape}")
    if len(arrays["X"]) < 2:
        raise InputError(f"{path}: X must have at least 2 samples, got {len(arrays['X'])}")
    for suffix in ("", "_test"):
        X, Y = arrays.get(f"X{suffix}"), arrays.get(f"Y{suffix}")
        if X is not None and Y is not None and len(X) != len(Y):
            raise InputError(f"{path}: X{suffix} and Y{suffix} must have equally many rows, got {len(X)} and {len(Y)}")


def _precision(X: NDArray[Any], dtype: Any) -> np.dtype[Any]:
    if dtype is not None:
        return float_dtype(dtype)
    return X.dtype if X.dtype == np.float32 else np.dtype("float64")


def _numbers(array: NDArray[Any], key: str, path: Path, precision: np.dtype[Any]) -> NDArray[Any]:
    """Cast to floats, a vector to a column, and refuse what is not finite."""
    if array.dtype.kind not in "buif":
        raise InputError(f"{path}: {key} must hold real numbers, got dtype {array.dtype}")
    with np.errstate(over="ignore"):  # a float64 too large for float32 is reported as not finite below
        numbers = array.astype(precision).reshape(len(array), -1)
    bad = np.flatnonzero(~np.isfinite(numbers).all(axis=1))
    if len(bad):
        raise InputError(
            f"{path}: {key} must be finite in {precision}, got NaN or infinity in {len(bad)} rows, "
            f"the first is row {int(bad[0])}"
        )
    return numbers


def _classes(array: NDArray[Any], key: str, path: Path) -> NDArray[Any]:
    """Check that labels are integers from 0; floats that hold integers are accepted."""
    values = array.reshape(-1)
    if array.ndim != 1 and array.shape[1] != 1:
        raise InputError(f"{path}: {key} must be one column of classes, got shape {array.shape}")
    if array.dtype.kind not in "buif":
        raise InputError(f"{path}: {key} must hold integer classes, got dtype {array.dtype}")
    bad = np.flatnonzero(~((values >= 0) & (np.floor(values) == values) & (values < 2**31)))
    if len(bad):
        row = int(bad[0])
        raise InputError(f"{path}: {key} must hold integer classes from 0, got {values[row]} in row {row}")
    return values.astype(np.int64)
