"""Records: what a training run measured, as an xarray data set with a schema, and its file."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from numerics.backend.files import write_atomically
from numerics.backend.version import package_version
from numerics.errors import InputError
from numerics.feature_matrices.layer_alignments import TERMS
from numerics.feature_matrices.network_alignments import MEANINGS

SCHEMA = "nfa-theory record 1"
"""Name and number of the schema; the number rises when a variable changes its meaning."""

_BY_STEP = {
    "loss": "training loss",
    "accuracy": "training accuracy",
    "test_loss": "test loss",
    "test_accuracy": "test accuracy",
}


def make_record(
    measurements: Mapping[str, Any],
    *,
    seeds: Sequence[int],
    steps: Sequence[int],
    epochs: Sequence[float],
    config: Mapping[str, Any],
) -> xr.Dataset:
    """Put measurements into the schema of a record.

    Parameters
    ----------
    measurements : mapping of str to array
        ``uc_nfa``, ``c_nfa``, ``relative_weight_change`` and, of a sketch, their standard errors, shape (seed, step,
        layer); ``decomposition``, shape (seed, step, layer, 3, 3); ``loss`` and, where there are any, ``accuracy``,
        ``test_loss``, ``test_accuracy``, shape (seed, step).
    seeds : sequence of int
        Seeds of the runs.
    steps : sequence of int
        Optimizer steps done at each measurement; the first is 0.
    epochs : sequence of float
        The same in passes over the data.
    config : mapping
        What was asked for, as JSON knows it.

    Returns
    -------
    xarray.Dataset
        Dimensions (seed, step, layer); layers are counted from 1 and the readout is not among them.
    """
    data: dict[str, Any] = {}
    dims = ("seed", "step", "layer", "nfm_term", "agop_term")
    for name, meaning in (MEANINGS | _BY_STEP).items():
        if name in measurements:
            values = np.asarray(measurements[name], np.float64)
            data[name] = (dims[: values.ndim], values, {"long_name": meaning})
    layers = np.arange(1, data["uc_nfa"][1].shape[2] + 1)
    coordinates = {
        "seed": np.asarray(seeds, np.int32),
        "step": np.asarray(steps, np.int32),
        "epoch": ("step", np.asarray(epochs, np.float64)),
        "layer": layers.astype(np.int32),
        "nfm_term": list(TERMS),
        "agop_term": list(TERMS),
    }
    attributes = {
        "schema": SCHEMA,
        "config": json.dumps(config, sort_keys=True),
        "version": package_version(),
        "seed": json.dumps([int(seed) for seed in seeds]),
        "machine": json.dumps(machine(), sort_keys=True),
    }
    return xr.Dataset(data, coordinates, attributes)


def machine() -> dict[str, str]:
    """Return what decides the last bits of a result: processor, system, Python, NumPy; nothing that names a user."""
    return {
        "processor": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def save_record(record: xr.Dataset, path: str | os.PathLike[str]) -> Path:
    """Write a record as netCDF, whole or not at all.

    Parameters
    ----------
    record : xarray.Dataset
        A record.
    path : path-like
        Where to; an existing file is replaced.

    Returns
    -------
    pathlib.Path
        The file. The same record always gives the same bytes.

    Raises
    ------
    InputError
        If the folder is missing or cannot be written to.
    """
    return write_atomically(path, bytes(record.to_netcdf(None, engine="scipy")))


def load_record(path: str | os.PathLike[str], schemas: Sequence[str] = (SCHEMA,)) -> xr.Dataset:
    """Read a record from its netCDF file.

    Parameters
    ----------
    path : path-like
        A file that `save_record` wrote.
    schemas : sequence of str
        Schemas that are welcome.

    Returns
    -------
    xarray.Dataset
        The record, in memory; the file is closed.

    Raises
    ------
    InputError
        If the file is missing, is not netCDF, or is not a record of these schemas.
    """
    source = Path(path)
    try:
        with xr.open_dataset(source, engine="scipy") as file:
            record = file.load()
    except FileNotFoundError:
        raise InputError(f"no such record: {source}") from None
    except IsADirectoryError:
        raise InputError(f"a record is a netCDF file, got the folder {source}") from None
    except Exception as error:  # a corrupt file can fail anywhere in the reader
        raise InputError(f"{source} is not a netCDF record that can be read ({type(error).__name__})") from None
    found = record.attrs.get("schema")
    if found not in schemas:
        raise InputError(f"{source} must be a record with schema {' or '.join(map(repr, schemas))}, got {found!r}")
    return record
