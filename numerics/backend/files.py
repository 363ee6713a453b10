"""Whole files or none."""

import os
import tempfile
from pathlib import Path

from numerics.errors import InputError


def write_atomically(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write a file so that nobody ever sees half of it; an existing file is replaced."""
    target = Path(path)
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise InputError(f"cannot write {target}: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(target)
    except OSError as error:
        raise InputError(f"cannot write {target}: {error.strerror}") from None
    finally:
        Path(name).unlink(missing_ok=True)  # gone already where the replacement succeeded
    return target
