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
    return decompress(read_bytes(path), path)


def decompress(raw: bytes, path: Path) -> bytes:
    """Decompress the contents of a gzip file."""
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
    algorithm = expected.partition(":")[0]
    _compare(hashlib.new(algorithm, content, usedforsecurity=False).hexdigest(), expected, path)


def check_file_hash(path: Path, expected: str | None) -> None:
    """Refuse a file that is not the published one, without reading it whole into memory."""
    if expected is None:
        return
    algorithm = expected.partition(":")[0]
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, lambda: hashlib.new(algorithm, usedforsecurity=False))
    except OSError as error:
        raise InputError(f"{path}: expected a readable file, got {error.strerror or error}") from error
    _compare(digest.hexdigest(), expected, path)


def _compare(got: str, expected: str, path: Path) -> None:
    algorithm, _, wanted = expected.partition(":")
    if got != wanted:
        raise InputError(
            f"{path}: expected the published contents ({algorithm} {wanted}), got {algorithm} {got}; "
            "replace or remove the file"
        )
