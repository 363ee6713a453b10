"""Arrays from what people have: pandas, xarray, SciPy, PyTorch, masked arrays, images; or one line that says how."""

from __future__ import annotations

from typing import Any

import numpy as np
from array_api_compat import is_array_api_obj, is_torch_array

from numerics.data.stored import StoredRows
from numerics.errors import InputError

MOST_BYTES = 4 * 2**30
"""A sparse matrix is filled up to so many bytes."""


def as_array(name: str, values: Any) -> Any:
    """Return an array of numbers or of text, as it is where it is one; nothing is scaled."""
    if isinstance(values, StoredRows):
        return values if values.dtype.kind in "buif" else _of_known_dtype(name, values[:], "text")
    if values is None:
        raise InputError(f"{name} must be an array, got None")
    if isinstance(values, str):
        raise InputError(f"{name} must be an array, got the text {values!r}; nfa.read_data reads a file")
    if is_torch_array(values):
        return _from_torch(values)
    values = _from_library(name, values)
    if isinstance(values, StoredRows) or (is_array_api_obj(values) and not isinstance(values, np.ndarray)):
        return values
    if isinstance(values, np.ma.MaskedArray):
        if np.ma.is_masked(values):
            count = int(np.ma.getmaskarray(values).sum())
            raise InputError(
                f"{name} must have no masked entries, got {count}; fill them ({name}.filled(0)) or drop the rows"
            )
        values = values.data
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError(f"{name} must be a rectangular array of numbers: {' '.join(str(error).split())}") from None
    return _of_known_dtype(name, array, type(values).__name__)


def _from_torch(tensor: Any) -> Any:
    tensor = tensor.detach()
    if tensor.layout is not tensor.new_empty(0).layout:
        tensor = tensor.to_dense()
    return tensor.float() if tensor.is_floating_point() and tensor.element_size() < 4 else tensor


def _from_library(name: str, values: Any) -> Any:
    """Take the numbers out of a container of another library; none of them is imported for it."""
    kind = f"{type(values).__module__.partition('.')[0]}.{type(values).__name__}"
    if kind == "pandas.DataFrame":
        return _from_frame(name, values)
    if kind in ("pandas.Series", "pandas.Index", "pandas.Categorical"):
        return _from_series(values)
    if kind == "xarray.Dataset":
        raise InputError(
            f"{name} must be one array, got an xarray.Dataset; take a variable of it, one of {list(values)}"
        )
    if kind in ("xarray.DataArray", "xarray.Variable"):
        variable = getattr(values, "variable", values)
        lazy = not isinstance(variable._data, np.ndarray)
        return StoredRows(variable, name) if lazy and values.ndim > 1 else np.asarray(values)
    if kind.startswith("scipy.") and hasattr(values, "toarray"):
        size = int(np.prod(values.shape)) * values.dtype.itemsize
        if size > MOST_BYTES:
            raise InputError(
                f"{name} must fit into memory, got a sparse matrix of {size / 2**30:.0f} GiB when filled; "
                "take fewer rows"
            )
        return values.toarray()
    if kind.startswith("numpy.") or is_array_api_obj(values) or hasattr(values, "__array_namespace__"):
        return values
    if isinstance(getattr(values, "dtype", None), np.dtype) and hasattr(values, "shape") and len(values.shape) == 2:
        return StoredRows(values, name)  # rows of h5py, zarr or Dask
    return values


def _from_frame(name: str, frame: Any) -> Any:
    numbers = [column for column in frame if frame[column].dtype.kind in "buif"]
    if len(numbers) == len(frame.columns):
        plain = all(isinstance(dtype, np.dtype) for dtype in frame.dtypes)
        return frame.to_numpy() if plain else frame.to_numpy(dtype=float, na_value=np.nan)
    text = next(column for column in frame if column not in numbers)
    if len(frame.columns) == 1:
        return _from_series(frame[text])
    example = next((str(value) for value in frame[text] if not _is_number(value)), "")
    raise InputError(
        f"{name} must hold numbers, got text in column {text!r} (such as {example!r}); leave the column out, or turn "
        "it into numbers (pandas.get_dummies)"
    )


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _from_series(series: Any) -> Any:
    kind = getattr(series.dtype, "kind", "O")
    if kind in "buif":
        plain = isinstance(series.dtype, np.dtype)
        return series.to_numpy() if plain else series.to_numpy(dtype=float, na_value=np.nan)
    return np.asarray([str(value) for value in series])


def _of_known_dtype(name: str, array: Any, came: str) -> Any:
    if array.dtype.kind in "buiUS":
        return array
    if array.dtype.kind == "f" and array.dtype.itemsize in (4, 8):
        return array
    if array.dtype.kind == "f":
        return array.astype(np.float32 if array.dtype.itemsize == 2 else np.float64)
    if array.dtype.name == "bfloat16":
        return array.astype(np.float32)
    if array.dtype.kind == "O":
        try:
            return array.astype(str if _holds_text(array) else np.float64)
        except (TypeError, ValueError):
            raise InputError(
                f"{name} must hold numbers, got Python objects ({came}); convert them, as "
                "numpy.asarray(values, float) does"
            ) from None
    advice = {
        "c": "take real and imaginary parts as columns of their own",
        "M": "give numbers, such as days since a date",
        "m": "give numbers, such as seconds",
        "V": "give plain columns (numpy.lib.recfunctions.structured_to_unstructured)",
    }.get(array.dtype.kind, "give numbers")
    raise InputError(f"{name} must hold real numbers, got dtype {array.dtype}; {advice}")


def _holds_text(array: Any) -> bool:
    return array.ndim > 0 and array.size > 0 and all(isinstance(value, str) for value in array.flat)
