import hashlib

import numpy as np
import pytest

from numerics.data.cifar import FOLDER, parse_cifar, read_cifar10
from numerics.errors import InputError

RNG = np.random.default_rng(1)
IMAGES = RNG.integers(0, 256, size=(12, 32, 32, 3), dtype=np.uint8)
LABELS = [3, 9, 0, 1, 2, 4, 5, 6, 7, 8, 3, 3]


@pytest.fixture
def members(cifar_bytes):
    """Five training batches of two images, and a test batch of two."""
    names = [f"{FOLDER}/data_batch_{k}.bin" for k in range(1, 6)] + [f"{FOLDER}/test_batch.bin"]
    return {name: cifar_bytes(IMAGES[2 * k : 2 * k + 2], LABELS[2 * k : 2 * k + 2]) for k, name in enumerate(names)}


def test_reads_the_archive(tmp_path, members, write_tar):
    path = write_tar(tmp_path / "cifar.tar.gz", members)
    digest = hashlib.md5(path.read_bytes()).hexdigest()
    train, test = read_cifar10(path, content_hash=f"md5:{digest}")
    assert np.array_equal(train.images, IMAGES[:10])
    assert train.labels.tolist() == LABELS[:10]
    assert np.array_equal(test.images, IMAGES[10:])
    assert test.labels.tolist() == LABELS[10:]


def test_channels_are_planes_in_the_file_and_last_in_memory(tmp_path):
    record = bytes([7]) + bytes([1]) * 1024 + bytes([2]) * 1024 + bytes([3]) * 1024
    split = parse_cifar(record, tmp_path)
    assert split.labels.tolist() == [7]
    assert (split.images == np.array([1, 2, 3])).all()


def test_refuses_a_batch_of_wrong_size_even_if_the_sum_is_right(tmp_path, members, write_tar, one_line):
    first, second = list(members)[:2]
    members[second] = members[first][-1:] + members[second]
    members[first] = members[first][:-1]
    path = write_tar(tmp_path / "cifar.tar.gz", members)
    with pytest.raises(InputError, match=r"data_batch_1.bin: expected records of 3073 bytes, got 6145") as info:
        read_cifar10(path)
    one_line(info)


def test_refuses_a_label_out_of_range(tmp_path, cifar_bytes, one_line):
    with pytest.raises(InputError, match=r"expected labels from 0 to 9, got 10 in row 1") as info:
        parse_cifar(cifar_bytes(IMAGES[:2], [0, 10]), tmp_path / "b.bin")
    one_line(info)


def test_refuses_the_python_version(tmp_path, members, write_tar, one_line):
    renamed = {name.removesuffix(".bin").replace("-bin", "-py"): content for name, content in members.items()}
    path = write_tar(tmp_path / "cifar-10-python.tar.gz", renamed)
    with pytest.raises(InputError, match=r"expected a member cifar-10-batches-bin/data_batch_1.bin") as info:
        read_cifar10(path)
    one_line(info)


@pytest.mark.parametrize("change", [lambda raw: raw[: len(raw) // 2], lambda raw: b"no archive", lambda raw: b""])
def test_refuses_a_damaged_archive(tmp_path, members, write_tar, one_line, change):
    path = write_tar(tmp_path / "cifar.tar.gz", members)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(InputError, match=r"expected an intact gzip-compressed tar archive") as info:
        read_cifar10(path)
    assert one_line(info).startswith(str(path))


def test_refuses_another_archive(tmp_path, members, write_tar):
    path = write_tar(tmp_path / "cifar.tar.gz", members)
    with pytest.raises(InputError, match=r"expected the published contents .md5 0a., got md5"):
        read_cifar10(path, content_hash="md5:0a")


def test_refuses_an_empty_batch(tmp_path):
    with pytest.raises(InputError, match=r"expected at least one image, got none"):
        parse_cifar(b"", tmp_path)
