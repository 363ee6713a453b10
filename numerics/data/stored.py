"""Data that stay on disk: memory-mapped ``.npy``, netCDF and zarr, of which only rows that are asked for are read."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.io import netcdf_file

from numerics.errors import InputError

NETCDF3, HDF5 = b"CDF", b"\x89HDF"  # how the two kinds of netCDF files begin


class StoredRows:
    """A matrix that is read a few rows at a time.

    Parameters
    ----------
    source : array_like
        Has ``shape`` and ``dtype``, and gives rows by slices and by increasing integers without repetition: a variable
        of xarray, h5py, zarr or Dask, or a memory-mapped array.
    name : str
        What to call it in an error.
    """

    def __init__(self, source: Any, name: str) -> None:
        self._source, self._name = source, name
        self.shape, self.dtype = tuple(source.shape), np.dtype(source.dtype).newbyteorder("=")
        self.ndim = len(self.shape)

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
                return np.asarray(self._source[rows], dtype=self.dtype)
            each, places = np.unique(rows, return_inverse=True)
            return np.asarray(self._source[each], dtype=self.dtype)[places]
        except Exception as error:  # the libraries and their codecs raise whatever they please
            raise InputError(f"{self._name}: expected rows that can be read, got damaged data ({error})") from error


@dataclass(frozen=True)
class StoredData:
    """Inputs and labels on disk.

    Parameters
    ----------
    name : str
        The file's stem.
    X : StoredRows
        Inputs (n, d), read when and as far as they are needed.
    Y : (n, c) array
        Labels, in memory; a vector has become a column.
    """

    name: str
    X: StoredRows
    Y: NDArray[Any]


def open_stored(path: str | os.PathLike[str], labels: str | os.PathLike[str] | None = None) -> StoredData:
    """Open data whose inputs may exceed the memory; nothing is scaled.

    Parameters
    ----------
    path : path
        A ``.npy`` file with the inputs, or a netCDF file or zarr folder with variables X (n, d) and Y (n, c) or (n,).
    labels : path, optional
        With inputs in a ``.npy`` file: another with the labels, and only then.

    Returns
    -------
    StoredData
        The inputs still on disk.

    Raises
    ------
    InputError
        If a file or variable is missing or damaged, a shape does not fit, or a library is missing; the message says
        which extra installs it.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path}: expected a .npy or netCDF file or a zarr folder, got no such file")
    if path.suffix == ".npy":
        if labels is None:
            raise InputError(f"{path}: a .npy file holds the inputs alone; give the labels too (--labels Y.npy)")
        X, Y = _npy(path), _npy(Path(labels))
    elif labels is not None:
        raise InputError(f"labels in a file of their own go with inputs in a .npy file, got {path}")
    else:
        X, Y = _variables(path)
    return StoredData(path.stem, _inputs(X, path), _labels(Y, X.shape[0], path))


def _inputs(X: Any, path: Path) -> StoredRows:
    if X.ndim != 2 or 0 in X.shape:
        raise InputError(f"{path}: X must have shape (samples, inputs), got {X.shape}")
    return StoredRows(X, f"{path}: X")


def _labels(Y: Any, samples: int, path: Path) -> NDArray[Any]:
    if Y.ndim not in (1, 2) or 0 in Y.shape:
        raise InputError(f"{path}: Y must have shape (samples,) or (samples, outputs), got {Y.shape}")
    if Y.shape[0] != samples:
        raise InputError(f"{path}: X and Y must have equally many rows, got {samples} and {Y.shape[0]}")
    return StoredRows(Y, f"{path}: Y")[:].reshape(samples, -1)


def _npy(path: Path) -> NDArray[Any]:
    if not path.is_file():
        raise InputError(f"{path}: expected a .npy file, got {'a folder' if path.is_dir() else 'no such file'}")
    with path.open("rb") as stream:
        if stream.read(6) != b"\x93NUMPY":  # np.load would take it for a pickle
            raise InputError(f"{path}: expected a .npy file, as written by numpy.save, got another format")
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]
    except (ValueError, OSError, EOFError) as error:
        raise InputError(f"{path}: expected an intact .npy file of numbers, got a damaged one ({error})") from error


def _variables(path: Path) -> tuple[Any, Any]:
    """Find X and Y in a netCDF file or a zarr folder."""
    if path.is_dir():
        return _opened(path, "zarr", "zarr", _zarr)
    with path.open("rb") as stream:
        start = stream.read(4)
    if start[:3] == NETCDF3:
        return _opened(path, "netCDF", "", _classic)
    if start == HDF5:
        return _opened(path, "netCDF", "netcdf4", _hdf5)
    raise InputError(f"{path}: expected a .npz, .npy or netCDF file or a zarr folder, got another format")


def _opened(path: Path, kind: str, extra: str, read: Callable[[Path], Any]) -> tuple[Any, Any]:
    try:
        variables = read(path)
    except InputError:
        raise
    except ImportError as error:
        raise InputError(
            f"{path}: reading {kind} needs {error.name}; pip install 'nfa-theory[{extra}]' installs it"
        ) from error
    except Exception as error:  # the libraries raise whatever they please on damaged files
        raise InputError(f"{path}: expected intact {kind} data, got damaged data ({error})") from error
    missing = [name for name in ("X", "Y") if name not in variables]
    if missing:
        got = ", ".join(map(str, variables)) or "no variables"
        raise InputError(f"{path}: expected variables X and Y, {missing[0]} is missing, got {got}")
    return variables["X"], variables["Y"]


def _zarr(path: Path) -> Any:
    import zarr

    return dict(zarr.open_group(path, mode="r").arrays())


def _hdf5(path: Path) -> Any:
    import h5netcdf  # noqa: F401  xarray would name the missing library in two lines

    return _by_xarray(path, "h5netcdf", phony_dims="sort")


def _classic(path: Path) -> Any:
    # SciPy refuses damaged data here, where the file that it then leaves open is ours.
    with path.open("rb") as stream, netcdf_file(stream, mmap=True):
        pass
    return _by_xarray(path, "scipy")


def _by_xarray(path: Path, engine: Literal["h5netcdf", "scipy"], **options: Any) -> Any:
    import xarray as xr

    # Rows are read when they are asked for, and packed numbers become those that are meant.
    return dict(xr.open_dataset(path, engine=engine, cache=False, decode_times=False, **options).variables)
