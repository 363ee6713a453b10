"""IDX files, the format of MNIST and Fashion-MNIST: a big-endian header, then unsigned bytes."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from numerics.data.files import check_hash, read_gzip
from numerics.errors import InputError

UNSIGNED_BYTE = 0x08
"""Third byte of the magic number: the type of the entries."""


def read_idx(path: Path, dimensions: int, *, content_hash: str | None = None) -> UInt8[np.ndarray, "..."]:
    """Read a gzip-compressed IDX file of unsigned bytes."""
    content = read_gzip(path)
    values = parse_idx(content, dimensions, path)
    check_hash(content, content_hash, path)
    return values


def parse_idx(content: bytes, dimensions: int, path: Path) -> UInt8[np.ndarray, "..."]:
    """Read the decompressed contents of an IDX file of unsigned bytes."""
    shape = _header(content, dimensions, path)
    data = content[4 + 4 * dimensions :]
    if len(data) != math.prod(shape):
        raise InputError(f"{path}: expected {math.prod(shape)} bytes of data for shape {shape}, got {len(data)}")
    return np.frombuffer(data, dtype=np.uint8).reshape(shape)


def _header(content: bytes, dimensions: int, path: Path) -> tuple[int, ...]:
    """Check the magic number and read the sizes."""
    length = 4 + 4 * dimensions
    if len(content) < length:
        raise InputError(f"{path}: expected an IDX header of {length} bytes, got {len(content)} bytes in all")
    magic = int.from_bytes(content[:4], "big")
    expected = (UNSIGNED_BYTE << 8) | dimensions
    if magic != expected:
        raise InputError(f"{path}: expected IDX magic number 0x{expected:08x}, got 0x{magic:08x}")
    return tuple(int.from_bytes(content[4 * k + 4 : 4 * k + 8], "big") for k in range(dimensions))
