"""STL-10 in its binary version: images of 96 x 96 pixels, channel by channel and column by column, labels from 1.

The archive holds 2.4 GB of images without labels besides; it is read as a stream, and only up to what is needed.
"""

from __future__ import annotations

import tarfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.data.files import check_file_hash
from numerics.data.images import LabeledImages, labeled_images
from numerics.errors import InputError

SIDE, CHANNELS, CLASSES = 96, 3, 10
FOLDER = "stl10_binary"
MEMBERS = tuple(f"{FOLDER}/{split}_{kind}.bin" for split in ("train", "test") for kind in "Xy")


def read_stl10(path: Path, *, content_hash: str | None = None) -> tuple[LabeledImages, LabeledImages]:
    """Read the labeled images of ``stl10_binary.tar.gz``; nothing is extracted to disk."""
    check_file_hash(path, content_hash)
    found = _members(path)
    missing = [name for name in MEMBERS if name not in found]
    if missing:
        raise InputError(f"{path}: expected a member {missing[0]}, got an archive without it")
    X_train, y_train, X_test, y_test = (found[name] for name in MEMBERS)
    train = _split(X_train, y_train, path / MEMBERS[0])
    return train, _split(X_test, y_test, path / MEMBERS[2])


def _members(path: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(path, mode="r|gz") as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.name in MEMBERS else None
                if stream is not None:
                    found[member.name] = stream.read()
                if len(found) == len(MEMBERS):
                    break
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: expected an intact gzip-compressed tar archive, got {error}") from error
    return found


def _split(images: bytes, labels: bytes, path: Path) -> LabeledImages:
    size = SIDE * SIDE * CHANNELS
    if len(images) % size:
        raise InputError(f"{path}: expected images of {size} bytes, got {len(images)} bytes in all")
    columns: NDArray[Any] = np.frombuffer(images, dtype=np.uint8).reshape(-1, CHANNELS, SIDE, SIDE)
    return labeled_images(
        columns.transpose(0, 3, 2, 1), np.frombuffer(labels, dtype=np.uint8).astype(np.int64) - 1, CLASSES, path
    )
