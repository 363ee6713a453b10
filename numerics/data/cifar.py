"""CIFAR-10 in its binary version: records of one label byte and 3072 pixel bytes. Never the pickle."""

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

SIDE, CHANNELS, CLASSES = 32, 3, 10
RECORD = 1 + SIDE * SIDE * CHANNELS
FOLDER = "cifar-10-batches-bin"
TRAINING_MEMBERS = tuple(f"{FOLDER}/data_batch_{k}.bin" for k in range(1, 6))
TEST_MEMBER = f"{FOLDER}/test_batch.bin"


def parse_cifar10(content: bytes, path: Path) -> LabeledImages:
    """Read the records of one or more ``.bin`` files, put one after the other."""
    if len(content) % RECORD:
        raise InputError(f"{path}: expected records of {RECORD} bytes, got {len(content)} bytes in all")
    records = np.frombuffer(content, dtype=np.uint8).reshape(-1, RECORD)
    images = records[:, 1:].reshape(-1, CHANNELS, SIDE, SIDE).transpose(0, 2, 3, 1)
    return labeled_images(images, records[:, 0], CLASSES, path)


def read_cifar10(path: Path, *, content_hash: str | None = None) -> tuple[LabeledImages, LabeledImages]:
    """Read ``cifar-10-binary.tar.gz`` in memory; nothing is extracted to disk."""
    raw = read_bytes(path)
    check_hash(raw, content_hash, path)
    try:
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r:gz") as archive:
            training = [_batch(archive, name, path) for name in TRAINING_MEMBERS]
            test = _batch(archive, TEST_MEMBER, path)
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{path}: expected an intact gzip-compressed tar archive, got {error}") from error
    images = np.concatenate([batch.images for batch in training])
    labels = np.concatenate([batch.labels for batch in training])
    return LabeledImages(images, labels), test


def _batch(archive: tarfile.TarFile, name: str, path: Path) -> LabeledImages:
    try:
        stream = archive.extractfile(name)
    except KeyError as error:
        raise InputError(f"{path}: expected a member {name}, got an archive without it") from error
    if stream is None:
        raise InputError(f"{path}: expected {name} to be a file, got another kind of member")
    return parse_cifar10(stream.read(), path / name)
