"""Which format a file has, by its first bytes, and the arrays in it by name; no pickle is ever opened."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from numerics.data.stored import npy_rows, open_variables
from numerics.data.tables import read_parquet, read_text
from numerics.errors import InputError

ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")  # a zip archive, and an empty one
_REFUSED = {
    b"\x80\x02": ("a pickle", "unpickle it where you trust it"),
    b"\x80\x03": ("a pickle", "unpickle it where you trust it"),
    b"\x80\x04": ("a pickle", "unpickle it where you trust it"),
    b"\x80\x05": ("a pickle", "unpickle it where you trust it"),
    b"MATLAB": ("a MATLAB file", "read it with scipy.io.loadmat"),
    b"ARROW1": ("an Arrow (feather) file", "read it with pandas.read_feather"),
    b"\x89PNG": ("an image", "stack images into one array (n, height, width)"),
    b"\xff\xd8\xff": ("an image", "stack images into one array (n, height, width)"),
    b"SQLite": ("an SQLite data base", "read it with pandas.read_sql"),
    b"%PDF": ("a PDF", "take the numbers out of it"),
    b"\xd0\xcf\x11\xe0": ("an Excel file", "read it with pandas.read_excel"),
    b"\x00\x00\x08": ("an IDX file", "nfa data shows the sets of images that are read by name"),
}
"""First bytes of formats that are known and not read, what they are, and how to convert them."""
SAVE = "and write numpy.savez(path, X=X, Y=Y)"


def open_arrays(path: Path) -> Any:
    """Return a table of pandas, a single array, or a mapping of names to arrays, whatever a file holds."""
    if not path.exists():
        raise InputError(f"{path}: expected a file or a zarr folder with X and Y, got no such file")
    if path.is_dir():
        return open_variables(path)
    if not path.is_file():
        raise InputError(f"{path}: expected a regular file, got a device, a pipe or a socket")
    with path.open("rb") as stream:
        start = stream.read(16)
    if not start:
        raise InputError(f"{path}: expected arrays X and Y, got an empty file")
    if start[:4] in ZIP_STARTS:
        return _archive(path)
    if start[:6] == b"\x93NUMPY":
        return npy_rows(path)
    if start[:3] == b"CDF" or start[:4] == b"\x89HDF":
        return open_variables(path)
    if start[:4] == b"PAR1":
        return read_parquet(path)
    for first, (what, how) in _REFUSED.items():
        if start.startswith(first):
            raise InputError(f"{path}: expected arrays or a table, got {what}; {how} {SAVE}")
    return read_text(path)


def _archive(path: Path) -> Any:
    """Open a .npz archive; other archives are refused by what is in them."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, UnicodeError) as error:
        raise _damaged(path, error) from error
    if any(name.endswith("data.pkl") for name in names):
        raise InputError(f"{path}: expected arrays, got a file of torch.save, which is a pickle; load it {SAVE}")
    if "[Content_Types].xml" in names:
        raise InputError(f"{path}: expected arrays, got an Excel file; read it with pandas.read_excel {SAVE}")
    members = [name.removesuffix(".npy") for name in names]
    if {"format.npy", "shape.npy", "data.npy"} <= set(names):
        return _sparse(path)
    return Archive(path, members)


def _sparse(path: Path) -> Any:
    from scipy.sparse import load_npz  # here, because it costs a tenth of a second that few need

    try:
        return load_npz(path)
    except Exception as error:  # SciPy raises whatever it pleases on damaged files
        raise _damaged(path, error) from error


class Archive(dict[str, Any]):
    """The arrays of a ``.npz`` file by name, each read when it is asked for."""

    def __init__(self, path: Path, names: list[str]) -> None:
        super().__init__(dict.fromkeys(names))
        self._path = path

    def __getitem__(self, key: str) -> Any:
        """Read an array."""
        try:
            with self._path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
                entry = archive[key]
        except ValueError as error:
            if "allow_pickle" in str(error):
                raise InputError(f"{self._path}: {key} must hold numbers, got Python objects (dtype object)") from error
            raise InputError(
                f"{self._path}: expected {key} to be a NumPy array, got a damaged one ({error})"
            ) from error
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, MemoryError, KeyError) as error:
            raise _damaged(self._path, error) from error
        if not isinstance(entry, np.ndarray):  # np.load hands out raw bytes of members that are no .npy
            raise InputError(f"{self._path}: expected {key} to be a NumPy array, got raw bytes")
        return entry


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(f"{path}: expected an intact .npz archive, got a damaged one ({' '.join(str(error).split())})")
