"""Second moments of the data in a file."""

import os
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from nfa_theory.predict.problem.data_statistics import DataStatistics
from numerics import InputError

KEYS = ("input_covariance", "label_covariance", "label_weighted_moment", "gaussian")
_ZIP_START = b"PK\x03\x04"


def read_statistics(path: str | os.PathLike[str]) -> DataStatistics:
    """Read a ``.npz`` file with the fields of `DataStatistics` by name."""
    path = Path(path)
    try:
        with path.open("rb") as stream:
            if stream.read(4) != _ZIP_START:  # np.load would take it for something else, and say so in several lines
                raise InputError(f"{path}: expected a .npz archive, as written by numpy.savez, got another format")
            stream.seek(0)
            with np.load(stream, allow_pickle=False) as archive:
                arrays: dict[str, Any] = {key: archive[key] for key in KEYS if key in archive.files}
                found = ", ".join(archive.files) or "no arrays"
    except InputError:  # a ValueError too, and says already what came
        raise
    except FileNotFoundError:
        raise InputError(f"{path}: expected a .npz file, got no such file") from None
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: expected a .npz archive of numbers, got something else ({reason})") from None
    if "input_covariance" not in arrays:
        raise InputError(f"{path}: expected input_covariance, and moments of the labels, got {found}")
    gaussian = arrays.pop("gaussian", np.False_)
    if gaussian.shape != () or gaussian.dtype != bool:
        raise InputError(f"{path}: gaussian must be true or false, got an array of shape {gaussian.shape}")
    return DataStatistics(**arrays, gaussian=bool(gaussian))
