"""Variables of a classic netCDF file (version 3), mapped into memory.

SciPy finds out where the variables are. Its own arrays cannot outlive its file without a warning, and those that xarray
makes of them neither; so the file is mapped once more, and SciPy's is closed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.io import netcdf_file

from numerics.errors import InputError

PACKING = ("scale_factor", "add_offset", "_FillValue", "missing_value")
"""Attributes by which stored numbers are not the numbers that are meant; a fill value of NaN is no such."""


class _Place(NamedTuple):
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int
    strides: tuple[int, ...]


def map_variables(path: Path) -> dict[str, NDArray[Any]]:
    """Map the variables of a file."""
    with path.open("rb") as stream, netcdf_file(stream, mmap=True) as file:
        start = file._mm_buf.__array_interface__["data"][0]
        for name in {"X", "Y"} & set(file.variables):
            _require_plain_numbers(path, name, file.variables[name]._attributes)
        places = {name: _place(variable.data, start) for name, variable in file.variables.items()}
        file.variables.clear()
    whole = np.memmap(path, np.uint8, "r")
    return {name: np.ndarray(at.shape, at.dtype, whole, at.offset, at.strides) for name, at in places.items()}


def _place(data: NDArray[Any], start: int) -> _Place:
    return _Place(data.shape, data.dtype, data.__array_interface__["data"][0] - start, data.strides)


def _require_plain_numbers(path: Path, name: str, attributes: dict[str, Any]) -> None:
    packed = [key for key in PACKING if key in attributes and not np.all(np.isnan(attributes[key]))]
    if packed:
        raise InputError(f"{path}: {name} must hold plain numbers, got the attribute {packed[0]}")
