import hashlib

import numpy as np
import pytest
from scipy.io import savemat

from numerics.data.svhn import read_svhn
from numerics.errors import InputError

IMAGES = np.random.default_rng(2).integers(0, 256, size=(4, 32, 32, 3), dtype=np.uint8)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32])
def test_reads_images_and_turns_label_10_into_digit_0(tmp_path, write_svhn, dtype):
    path = write_svhn(tmp_path / "train_32x32.mat", IMAGES, np.array([1, 10, 9, 10], dtype))
    split = read_svhn(path)
    assert np.array_equal(split.images, IMAGES)
    assert split.labels.tolist() == [1, 0, 9, 0]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([1, 0, 2, 3], "expected labels from 1 to 10, got 0 in row 1"),
        ([1, 2, 2, 11], "expected labels from 1 to 10, got 11 in row 3"),
        ([1, 2, 3], "expected one label for each of 4 images, got 3 labels"),
        ([1.0, 2.0, 3.0, 4.0], "expected y to be a column of integers, got shape .* float64"),
    ],
)
def test_refuses_wrong_labels(tmp_path, write_svhn, one_line, labels, message):
    path = write_svhn(tmp_path / "train_32x32.mat", IMAGES, labels)
    with pytest.raises(InputError, match=message) as info:
        read_svhn(path)
    assert one_line(info).startswith(str(path))


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"y": np.ones((4, 1), np.uint8)}, "expected an array X, got y"),
        ({"X": IMAGES.transpose(1, 2, 3, 0)}, "expected an array y, got X"),
        ({"X": IMAGES, "y": np.ones((4, 1), np.uint8)}, r"expected X of shape \(32, 32, 3, n\) and type uint8"),
        ({"other": 1}, "expected an array X, got no variables"),
    ],
)
def test_refuses_wrong_variables(tmp_path, one_line, variables, message):
    path = tmp_path / "train_32x32.mat"
    savemat(path, variables)
    with pytest.raises(InputError, match=message) as info:
        read_svhn(path)
    one_line(info)


@pytest.mark.parametrize(
    "change", [lambda raw: raw[:5000], lambda raw: raw[:100], lambda raw: b"", lambda raw: raw[::-1]]
)
def test_refuses_a_damaged_file(tmp_path, write_svhn, one_line, change):
    path = write_svhn(tmp_path / "train_32x32.mat", IMAGES, [1, 2, 3, 4])
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(InputError, match=r"expected a MATLAB file of version 5, got|expected an array X") as info:
        read_svhn(path)
    assert one_line(info).startswith(str(path))


def test_refuses_another_file(tmp_path, write_svhn):
    path = write_svhn(tmp_path / "train_32x32.mat", IMAGES, np.array([1, 2, 3, 4], np.uint8))
    digest = hashlib.md5(path.read_bytes()).hexdigest()
    assert len(read_svhn(path, content_hash=f"md5:{digest}").labels) == 4
    with pytest.raises(InputError, match=r"expected the published contents \(md5 0a\), got md5"):
        read_svhn(path, content_hash="md5:0a")
