"""Bytes of a data file, with one-line errors: missing, not gzip, truncated, not the published file."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path

from numerics.errors import InputError


def read_bytes(path: Path) -> bytes:
    """Read a whole file."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: expected a readable file, got {error.strerror or error}") from error


def read_gzip(path: Path) -> bytes:
    """Read and decompress a whole gzip file."""
    raw = read_bytes(path)
    if raw[:2] != b"\x1f\x8b":
        raise InputError(f"{path}: expected a gzip file (first bytes 1f8b), got {raw[:2].hex() or 'no bytes'}")
    try:
        return gzip.decompress(raw)
    except EOFError as error:
        raise InputError(f"{path}: expected a complete gzip file, got one cut off at {len(raw)} bytes") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{path}: expected an intact gzip file, got a damaged one ({error})") from error


def check_hash(content: bytes, expected: str | None, path: Path) -> None:
    """Refuse contents that are not the published ones."""
    if expected is None:
        return
    algorithm, _, wanted = expected.partition(":")
    got = hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()
    if got != wanted:
        raise InputError(
            f"{path}: expected the published contents ({algorithm} {wanted}), got {algorithm} {got}; "
            "replace or remove the file"
        )
