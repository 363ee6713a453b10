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

PACKING = ("scale_factor", "add_offset", "_FillValue", "missing_value")
"""Attributes by which stored numbers are not the numbers that are meant; a fill value of NaN is no such."""


class _Place(NamedTuple):
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int
    strides: tuple[int, ...]


def map_variables(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Map the variables of a file; of those that are packed, name the attribute that says so."""
    with path.open("rb") as stream, netcdf_file(stream, mmap=True) as file:
        start = file._mm_buf.__array_interface__["data"][0]
        attributes = {name: variable._attributes for name, variable in file.variables.items()}
        packed = {name: found for name, each in attributes.items() if (found := _packing(each))}
        numbers = {name: each for name, each in file.variables.items() if name not in file.dimensions}
        places = {name: _place(variable.data, start) for name, variable in numbers.items()}
        file.variables.clear()
        del numbers
    whole = np.memmap(path, np.uint8, "r")
    mapped = {name: np.ndarray(at.shape, at.dtype, whole, at.offset, at.strides) for name, at in places.items()}
    return mapped, packed


def _place(data: NDArray[Any], start: int) -> _Place:
    return _Place(data.shape, data.dtype, data.__array_interface__["data"][0] - start, data.strides)


def _packing(attributes: dict[str, Any]) -> str | None:
    return next((key for key in PACKING if key in attributes and not np.all(np.isnan(attributes[key]))), None)
