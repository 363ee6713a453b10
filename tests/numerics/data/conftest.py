"""Writers of tiny files in the true formats, independent of the readers."""

import gzip
import io
import struct
import tarfile

import numpy as np
import pytest
from scipy.io import savemat


@pytest.fixture
def write_idx():
    def write(path, array):
        header = struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
        path.write_bytes(gzip.compress(header + array.astype(np.uint8).tobytes()))
        return path

    return write


@pytest.fixture
def cifar_bytes():
    def pack(images, labels):  # (n, 32, 32, 3): red plane, green plane, blue plane after the label
        records = [
            bytes([label]) + b"".join(image[:, :, channel].tobytes() for channel in range(3))
            for image, label in zip(images, labels, strict=True)
        ]
        return b"".join(records)

    return pack


@pytest.fixture
def write_tar():
    def write(path, members):
        with tarfile.open(path, "w:gz") as archive:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        return path

    return write


@pytest.fixture
def write_svhn():
    def write(path, images, labels, **extra):
        savemat(path, {"X": images.transpose(1, 2, 3, 0), "y": np.array(labels)[:, None], **extra})
        return path

    return write


@pytest.fixture
def one_line():
    """Check that a refusal is one line, and give its text."""

    def text(info):
        assert "\n" not in str(info.value)
        return str(info.value)

    return text
