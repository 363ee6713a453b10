import gzip

import numpy as np
import pytest

from numerics.data.files import read_gzip
from numerics.data.idx import read_idx
from numerics.errors import InputError

IMAGES = np.random.default_rng(0).integers(0, 256, size=(5, 4, 3), dtype=np.uint8)


def test_reads_images_and_labels(tmp_path, write_idx):
    assert np.array_equal(read_idx(write_idx(tmp_path / "i.gz", IMAGES), 3), IMAGES)
    assert np.array_equal(read_idx(write_idx(tmp_path / "l.gz", np.arange(7)), 1), np.arange(7))


def test_layout_is_row_by_row(tmp_path):
    content = bytes([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 10, 11, 12, 20, 21, 22])
    path = tmp_path / "by-hand.gz"
    path.write_bytes(gzip.compress(content))
    assert read_idx(path, 3).tolist() == [[[10, 11, 12], [20, 21, 22]]]


def damaged(content):
    """All ways to damage the decompressed contents, with the refusal that each must meet."""
    return {
        "magic": (b"\0\0\x0d\x03" + content[4:], "expected IDX magic number 0x00000803, got 0x00000d03"),
        "labels instead": (b"\0\0\x08\x01" + content[4:], "magic number 0x00000803, got 0x00000801"),
        "short": (content[:-1], r"expected 60 bytes of data for shape \(5, 4, 3\), got 59"),
        "long": (content + b"\0", r"expected 60 bytes of data for shape \(5, 4, 3\), got 61"),
        "header": (content[:9], "expected an IDX header of 16 bytes, got 9 bytes"),
    }


@pytest.mark.parametrize("how", damaged(bytes(76)))
def test_refuses_damaged_contents(tmp_path, write_idx, one_line, how):
    path = write_idx(tmp_path / "images.gz", IMAGES)
    content, message = damaged(read_gzip(path))[how]
    path.write_bytes(gzip.compress(content))
    with pytest.raises(InputError, match=message) as info:
        read_idx(path, 3)
    assert one_line(info).startswith(str(path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda raw: raw[:-12], "expected a complete gzip file, got one cut off at"),
        (lambda raw: raw[:20] + b"\xff\xff\xff\xff" + raw[24:], "expected an intact gzip file, got a damaged"),
        (lambda raw: b"\0\1" + raw, r"expected a gzip file \(first bytes 1f8b\), got 0001"),
        (lambda raw: b"", "expected a gzip file .* got no bytes"),
    ],
)
def test_refuses_damaged_gzip(tmp_path, write_idx, one_line, change, message):
    path = write_idx(tmp_path / "images.gz", IMAGES)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(InputError, match=message) as info:
        read_idx(path, 3)
    assert one_line(info).startswith(str(path))


def test_refuses_a_missing_file(tmp_path, one_line):
    with pytest.raises(InputError, match=r"expected a readable file, got No such file") as info:
        read_idx(tmp_path / "none.gz", 3)
    one_line(info)


def test_refuses_another_file_of_the_right_format(tmp_path, write_idx, one_line):
    path = write_idx(tmp_path / "images.gz", IMAGES)
    with pytest.raises(InputError, match=r"expected the published contents .sha256 00ff., got sha256") as info:
        read_idx(path, 3, content_hash="sha256:00ff")
    one_line(info)
