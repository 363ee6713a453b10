"""CIFAR-10 and CIFAR-100 in their binary versions: records of label bytes and 3072 pixel bytes. Never the pickle.

A record of CIFAR-100 has two labels, that of one of twenty superclasses and then that of the class, which is taken.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from pathlib import Path

import numpy as np

from numerics.data.files import check_hash, read_bytes
from numerics.data.images import LabeledImages, labeled_images
from numerics.errors import InputError

SIDE, CHANNELS = 32, 3
FOLDER, FOLDER_100 = "cifar-10-batches-bin", "cifar-100-binary"
TRAINING_MEMBERS = tuple(f"{FOLDER}/data_batch_{k}.bin" for k in range(1, 6))
TEST_MEMBER = f"{FOLDER}/test_batch.bin"


def parse_cifar(content: bytes, path: Path, *, labels: int = 1, classes: int = 10) -> LabeledImages:
    """Read the records of one or more ``.bin`` files, put one after the other; the last label byte counts."""
    size = labels + SIDE * SIDE * CHANNELS
    if len(content) % size:
        raise InputError(f"{path}: expected records of {size} bytes, got {len(content)} bytes in all")
    records = np.frombuffer(content, dtype=np.uint8).reshape(-1, size)
    images = records[:, labels:].reshape(-1, CHANNELS, SIDE, SIDE).transpose(0, 2, 3, 1)
    return labeled_images(images, records[:, labels - 1], classes, path)


def read_cifar10(path: Path, *, content_hash: str | None = None) -> tuple[LabeledImages, LabeledImages]:
    """Read ``cifar-10-binary.tar.gz`` in memory; nothing is extracted to disk."""
    *batches, test = _members(path, content_hash, (*TRAINING_MEMBERS, TEST_MEMBER))
    training = [parse_cifar(content, path / name) for name, content in batches]
    images = np.concatenate([batch.images for batch in training])
    labels = np.concatenate([batch.labels for batch in training])
    return LabeledImages(images, labels), parse_cifar(test[1], path / test[0])


def read_cifar100(path: Path, *, content_hash: str | None = None) -> tuple[LabeledImages, LabeledImages]:
    """Read ``cifar-100-binary.tar.gz`` in memory; nothing is extracted to disk."""
    members = _members(path, content_hash, (f"{FOLDER_100}/train.bin", f"{FOLDER_100}/test.bin"))
    train, test = (parse_cifar(content, path / name, labels=2, classes=100) for name, content in members)
    return train, test


def _members(path: Path, content_hash: str | None, names: tuple[str, ...]) -> list[tuple[str, bytes]]:
    raw = read_bytes(path)
    check_hash(raw, content_hash, path)
    try:
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r:gz") as archive:
            return [(name, _member(archive, name, path)) for name in names]
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{path}: expected an intact gzip-compressed tar archive, got {error}") from error


def _member(archive: tarfile.TarFile, name: str, path: Path) -> bytes:
    try:
        stream = archive.extractfile(name)
    except KeyError as error:
        raise InputError(f"{path}: expected a member {name}, got an archive without it") from error
    if stream is None:
        raise InputError(f"{path}: expected {name} to be a file, got another kind of member")
    return stream.read()
