"""One reader for every command and function: from a file of any known format to a data set."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np

from numerics.data.conversion import as_array
from numerics.data.dataset import DataSet
from numerics.data.formats import open_arrays
from numerics.data.notes import note
from numerics.data.prepare import Prepared, as_column, as_rows, prepare_quietly
from numerics.data.preprocess import float_dtype
from numerics.data.stored import StoredRows
from numerics.data.tables import LABEL_COLUMNS, split_table
from numerics.errors import InputError

_X_NAMES = ("x", "x_train", "train_x", "inputs", "input", "data", "features", "images", "x_data", "train_images")
_Y_NAMES = (*LABEL_COLUMNS, "y_train", "train_y", "outputs", "output", "y_data", "train_labels")
_X_TEST = ("x_test", "test_x", "test_images", "images_test", "inputs_test")
_Y_TEST = ("y_test", "test_y", "test_labels", "labels_test", "targets_test")


def read_data(
    path: str | os.PathLike[str],
    labels: str | os.PathLike[str] | None = None,
    *,
    x_key: str | None = None,
    y_key: str | None = None,
    classes: bool | None = None,
    standardize: str | bool | None = None,
    center_labels: bool | None = None,
    dtype: Any = None,
) -> DataSet:
    """Read your own data; nothing is scaled unless it is asked for.

    Parameters
    ----------
    path : path
        ``.npz``, ``.npy``, netCDF, zarr, parquet, or a table of text (``.csv``, also compressed). What a file is, its
        first bytes say, not its name.
    labels : path, optional
        The labels, where they lie in a file of their own.
    x_key, y_key : str, optional
        Names of the arrays or columns; several columns with commas between. By default X and Y, or what is usual:
        images and labels, inputs and targets, a column ``label``, or the last one. A `DataWarning` says what was taken
        if it was a guess.
    classes : bool, optional
        Take labels as classes: integers of any values, or one-hot rows. Text always is.
    standardize : {"none", "columns", "pixels", "unit_sphere"}
        Columns of mean 0 and deviation 1 (over the training samples), values over 255, or samples of norm 1.
    center_labels : bool, optional
        Subtract ``1 / classes`` from one-hot labels (by default done to `classes`), the mean from others.
    dtype : str or numpy.dtype, optional
        float32 or float64; None keeps float32 if ``X`` is float32, and takes float64 otherwise.

    Returns
    -------
    DataSet
        ``X`` (n, d), images flattened row by row; ``Y`` (n, c), where a vector has become a column. Inputs in ``.npy``,
        netCDF or zarr stay on disk: ``X`` is then a `StoredRows`, read as far as it is needed.

    Raises
    ------
    InputError
        If a file or an array is missing, damaged, not finite or of the wrong shape, or if a format is not read; the
        message says how to convert it. No pickle is opened.
    """
    given: object = path
    if not isinstance(given, str | os.PathLike):
        raise InputError(f"read_data needs the path of a file, got {type(given).__name__}")
    path = Path(path)
    arrays = _find(path, x_key, y_key, labels)
    raw = {key: as_array(f"{path}: {key}", values) for key, values in arrays.items()}
    _require_shapes(raw, path)
    precision = None if dtype is None else float_dtype(dtype)
    asked = {"X": precision, "X_test": precision}
    raw = {
        key: array if key.startswith("Y") and _is_text(array) else _numbers(array, key, path, asked.get(key))
        for key, array in raw.items()
    }
    options = {"classes": classes, "standardize": standardize, "center_labels": center_labels}
    try:
        found = prepare_quietly(raw["X"], raw["Y"], **options)
        test = found.like(raw["X_test"], raw["Y_test"]) if "X_test" in raw else (None, None)
    except InputError as error:
        raise InputError(str(error) if str(error).startswith(str(path)) else f"{path}: {error}") from error
    return _data_set(path, found, test, raw)


def _data_set(path: Path, found: Prepared, test: tuple[Any, Any], raw: dict[str, Any]) -> DataSet:
    classes, dtype = found.classes, found.X.dtype
    dtype = np.dtype("float32") if dtype == np.float32 else np.dtype("float64")
    X_test, Y_test = (None if values is None else np.asarray(values, dtype=dtype) for values in test)
    return DataSet(
        path.stem,
        found.X,
        np.asarray(found.Y, dtype=dtype),
        None if classes is None else classes.numbers("Y", raw["Y"]),
        X_test,
        Y_test,
        None if classes is None or X_test is None else classes.numbers("Y_test", raw["Y_test"]),
        class_names=None if classes is None else classes.names,
        source=path.name,
    )


def _find(path: Path, x_key: str | None, y_key: str | None, labels: Any) -> dict[str, Any]:
    """Find inputs and labels, and a test set if there is one."""
    opened = open_arrays(path)
    if hasattr(opened, "columns"):
        arrays = split_table(path, opened, x_key, y_key, labels=labels is not None)
    elif isinstance(opened, Mapping):
        arrays = _by_name(path, opened, x_key, y_key, labels=labels is not None)
    else:
        arrays = {"X": opened}
        if x_key is not None:
            raise InputError(f"{path}: --x-key (x_key=) chooses among several arrays, got a file with one")
    if labels is not None:
        arrays["Y"] = _labels(Path(labels), y_key)
    elif "Y" not in arrays:
        raise InputError(f"{path}: holds the inputs alone; give the labels too (--labels FILE, labels=)")
    return arrays


def _labels(path: Path, y_key: str | None) -> Any:
    """Read labels from a file of their own."""
    opened = open_arrays(path)
    if hasattr(opened, "columns"):
        return (
            opened
            if len(opened.columns) == 1 and y_key is None
            else split_table(path, opened, None, y_key, labels=False)["Y"]
        )
    if not isinstance(opened, Mapping):
        return opened
    names = list(opened)
    if y_key is None and len(names) == 1:
        return opened[names[0]]
    return opened[_key(path, opened, y_key, _Y_NAMES, "Y")]


def _by_name(
    path: Path, opened: Mapping[str, Any], x_key: str | None, y_key: str | None, *, labels: bool
) -> dict[str, Any]:
    names = list(opened)
    if labels and x_key is None and len(names) == 1:
        return {"X": opened[names[0]]}
    if not (x_key or y_key) and len(names) == 2 and not _usual(names):
        x, y = cast("tuple[str, str | None]", _by_shape(path, opened))
    else:
        x = _key(path, opened, x_key, _X_NAMES, "X")
        y = None if labels else _key(path, opened, y_key, _Y_NAMES, "Y")
    guessed = (not labels and (x_key is None and x.lower() != "x")) or (
        y is not None and y_key is None and y.lower() != "y"
    )
    if guessed:
        note(
            f"{path}: X is taken from {x!r}"
            + ("" if y is None else f" and Y from {y!r}")
            + "; --x-key and --y-key (x_key=, y_key=) choose others"
        )
    arrays = {"X": opened[x]} | ({} if y is None else {"Y": opened[y]})
    test = {key: _match(names, wanted) for key, wanted in (("X_test", _X_TEST), ("Y_test", _Y_TEST))}
    given = [key for key, name in test.items() if name is not None]
    if len(given) == 1 and not labels:
        raise InputError(f"{path}: X_test and Y_test must be given together, got only {given[0]}")
    if not labels and not (x_key or y_key):
        arrays |= {key: opened[name] for key, name in test.items() if name is not None}
    return arrays


def _usual(names: list[str]) -> bool:
    return _match(names, _X_NAMES) is not None and _match(names, _Y_NAMES) is not None


def _match(names: list[str], wanted: tuple[str, ...]) -> str | None:
    lower = {name.lower(): name for name in reversed(names)}
    return next((lower[each] for each in wanted if each in lower), None)


def _key(path: Path, opened: Mapping[str, Any], key: str | None, wanted: tuple[str, ...], symbol: str) -> str:
    names = list(opened)
    found = key if key is not None else symbol if symbol in names else _match(names, wanted)
    if found is None or found not in names:
        what = f"an array {key!r}" if key is not None else "arrays X and Y"
        missing = "" if key is not None else f", {symbol} is missing"
        raise InputError(
            f"{path}: expected {what}{missing}, got {', '.join(map(str, names)) or 'no arrays'}"
            + ("" if key is not None else f"; --{symbol.lower()}-key NAME ({symbol.lower()}_key=) says which it is")
        )
    return found


def _by_shape(path: Path, opened: Mapping[str, Any]) -> tuple[str, str]:
    """Of two arrays with equally many rows, the one with more columns holds the inputs."""
    sizes = {name: opened[name].shape for name in opened}
    (a, first), (b, second) = sizes.items()
    width = {name: int(np.prod(shape[1:])) if shape else 0 for name, shape in sizes.items()}
    if not (first and second) or first[0] != second[0] or width[a] == width[b]:
        shown = ", ".join(f"{name} {shape}" for name, shape in sizes.items())
        raise InputError(
            f"{path}: expected arrays X and Y, got {shown}; --x-key and --y-key (x_key=, y_key=) say which they are"
        )
    return (a, b) if width[a] > width[b] else (b, a)


def _require_shapes(arrays: dict[str, Any], path: Path) -> None:
    shapes = {key: tuple(getattr(array, "stored_shape", array.shape)) for key, array in arrays.items()}
    for key, shape in shapes.items():
        if 0 in shape:
            raise InputError(f"{path}: {key} must not be empty, got shape {shape}")
        if len(shape) not in ((2, 3, 4) if key.startswith("X") else (1, 2)):
            wanted = "(samples, inputs)" if key.startswith("X") else "(samples,) or (samples, outputs)"
            raise InputError(f"{path}: {key} must have shape {wanted}, got {shape}")
    if arrays["X"].shape[0] < 2:
        raise InputError(f"{path}: X must have at least 2 samples, got {arrays['X'].shape[0]}")
    for suffix in ("", "_test"):
        X, Y = arrays.get(f"X{suffix}"), arrays.get(f"Y{suffix}")
        if X is not None and Y is not None and X.shape[0] != Y.shape[0]:
            raise InputError(
                f"{path}: X{suffix} and Y{suffix} must have equally many rows, got {X.shape[0]} and {Y.shape[0]}"
            )
    if len(shapes["X"]) > 2:
        flat = (shapes["X"][0], int(np.prod(shapes["X"][1:])))
        note(f"{path}: X {shapes['X']} is flattened to {flat}, row by row")


def _is_text(array: Any) -> bool:
    return isinstance(array, np.ndarray) and array.dtype.kind in "SU"


def _numbers(array: Any, key: str, path: Path, precision: Any) -> Any:
    """Cast to floats what is in memory, and refuse what is not finite."""
    if isinstance(array, StoredRows) and key.startswith("X") and precision is None:
        return array
    if isinstance(array, StoredRows):
        array = array[:]
    if _is_text(array):
        raise InputError(f"{path}: {key} must hold numbers, got text such as {str(array.flat[0])!r}")
    if key.startswith("X"):
        array = as_rows(f"{path}: {key}", array)
    if precision is None:
        precision = array.dtype if array.dtype == np.float32 else np.dtype("float64")
    with np.errstate(over="ignore"):  # a float64 too large for float32 is reported as not finite below
        numbers = as_column(array).astype(precision)
    bad = np.flatnonzero(~np.isfinite(numbers.reshape(len(numbers), -1)).all(axis=1))
    if len(bad):
        raise InputError(
            f"{path}: {key} must be finite in {precision}, got NaN or infinity in {len(bad)} rows, "
            f"the first is row {int(bad[0])}"
        )
    return numbers
