"""A zip archive of published files, read member by member, with one-line errors."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from numerics.data.files import check_file_hash
from numerics.errors import InputError


@contextmanager
def open_zip(path: Path, content_hash: str | None = None) -> Iterator[zipfile.ZipFile]:
    """Open an archive after checking that it is the published one; damage met while reading is named too."""
    check_file_hash(path, content_hash)
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except KeyError as error:
        raise InputError(
            f"{path}: expected a member {error.args[0].split(chr(39))[1]}, got an archive without it"
        ) from error
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, zlib.error) as error:
        raise InputError(f"{path}: expected an intact zip archive, got {error}") from error
