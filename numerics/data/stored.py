"""Data that stay on disk: memory-mapped ``.npy``, netCDF and zarr, of which only rows that are asked for are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.io import netcdf_file

from numerics.errors import InputError

NETCDF3 = b"CDF"  # how classic netCDF files begin; the newer ones are HDF5


class StoredRows:
    """A matrix that is read a few rows at a time.

    Parameters
    ----------
    source : array_like
        Has ``shape`` and ``dtype``, and gives rows by slices and by increasing integers without repetition: a variable
        of xarray, h5py, zarr or Dask, or a memory-mapped array.
    name : str
        What to call it in an error.
    offset, unit : float or array (d,)
        Subtracted from every row that is read, then divided by; with neither, numbers come as they are stored.
    """

    ndim = 2

    def __init__(self, source: Any, name: str, offset: Any = None, unit: Any = None) -> None:
        self._source, self._name, self._offset, self._unit = source, name, offset, unit
        self.stored_shape = tuple(map(int, source.shape))
        self.shape = (self.stored_shape[0], int(np.prod(self.stored_shape[1:])))  # images are flattened
        self.dtype = np.dtype(source.dtype).newbyteorder("=")
        if offset is not None and self.dtype != np.float32:
            self.dtype = np.dtype(np.float64)

    def scaled(self, offset: Any, unit: Any) -> StoredRows:
        """Return the same rows, to be shifted and scaled when they are read."""
        return StoredRows(self._source, self._name, offset, unit)

    def __len__(self) -> int:
        return int(self.shape[0])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype=dtype)

    def __getitem__(self, rows: slice | NDArray[Any]) -> NDArray[Any]:
        """Read rows into memory.

        Parameters
        ----------
        rows : slice or array of int
            Which, in any order.

        Returns
        -------
        ndarray
            These rows.

        Raises
        ------
        InputError
            If what is stored there is damaged.
        """
        try:
            if isinstance(rows, slice):
                return self._plain(self._source[rows])
            each, places = np.unique(rows, return_inverse=True)
            return self._plain(self._source[each])[places]
        except Exception as error:  # the libraries and their codecs raise whatever they please
            raise InputError(f"{self._name}: expected rows that can be read, got damaged data ({error})") from error

    def _plain(self, rows: Any) -> NDArray[Any]:
        found = np.asarray(rows, dtype=self.dtype)
        found = found.reshape(len(found), -1)
        if self._offset is None:
            return found
        return np.asarray((found - self._offset) / self._unit, dtype=self.dtype)


def npy_rows(path: Path) -> StoredRows:
    """Map a ``.npy`` file into memory."""
    try:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise InputError(f"{path}: expected an intact .npy file of numbers, got a damaged one ({error})") from error
    if mapped.ndim == 0:
        raise InputError(f"{path}: expected one sample a row, got a single number")
    return StoredRows(mapped, str(path))


def open_variables(path: Path) -> dict[str, StoredRows]:
    """Open the variables of a netCDF file or a zarr folder."""
    if path.is_dir():
        kind, extra, read = "zarr", "zarr", _zarr
    else:
        with path.open("rb") as stream:
            classic = stream.read(3) == NETCDF3
        kind, extra, read = ("netCDF", "", _classic) if classic else ("netCDF", "netcdf4", _hdf5)
    try:
        sources = read(path)
    except ImportError as error:
        raise InputError(
            f"{path}: reading {kind} needs {error.name}; pip install 'nfa-theory[{extra}]' installs it"
        ) from error
    except InputError:
        raise
    except Exception as error:  # the libraries raise whatever they please on damaged files
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: expected intact {kind} data, got damaged data ({reason})") from error
    return {name: StoredRows(each, f"{path}: {name}") for name, each in sources.items() if len(each.shape) > 0}


def _zarr(path: Path) -> dict[str, Any]:
    import zarr

    if not any((path / name).exists() for name in ("zarr.json", ".zgroup", ".zarray")):
        raise InputError(f"{path}: expected a file or a zarr folder, got another folder")
    opened = zarr.open(path, mode="r")
    return dict(opened.arrays()) if hasattr(opened, "arrays") else {"X": opened}


def _hdf5(path: Path) -> dict[str, Any]:
    import h5netcdf  # noqa: F401  xarray would name the missing library in two lines

    return _by_xarray(path, "h5netcdf", phony_dims="sort")


def _classic(path: Path) -> dict[str, Any]:
    # SciPy refuses damaged data here, where the file that it then leaves open is ours.
    with path.open("rb") as stream, netcdf_file(stream, mmap=True):
        pass
    return _by_xarray(path, "scipy")


def _by_xarray(path: Path, engine: Literal["h5netcdf", "scipy"], **options: Any) -> dict[str, Any]:
    import xarray as xr

    # Rows are read when they are asked for, and packed numbers become those that are meant.
    opened = xr.open_dataset(path, engine=engine, cache=False, decode_times=False, **options)
    return {str(name): each for name, each in opened.variables.items() if name not in opened.dims}
