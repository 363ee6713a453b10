"""CIFAR-100, STL-10, GTSRB and EMNIST from small files in their true formats, written independently of the readers."""

import gzip
import hashlib
import zipfile

import numpy as np
import pytest

from numerics.data import load_dataset
from numerics.data.catalog import CIFAR100, EMNIST, GTSRB, IMAGE_SETS, STL10
from numerics.data.cifar import read_cifar100
from numerics.data.emnist import read_emnist
from numerics.data.gtsrb import read_gtsrb_test, read_gtsrb_training, read_ppm, resized
from numerics.data.image_set import ImageSet, PublishedFile
from numerics.data.stl10 import read_stl10
from numerics.errors import InputError

RNG = np.random.default_rng(5)


def bytes_of(*shape):
    return RNG.integers(0, 256, size=shape, dtype=np.uint8)


def write_zip(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def cifar100_files(folder, write_tar):
    images, fine = bytes_of(6, 32, 32, 3), [99, 0, 5, 7, 50, 3]
    records = [
        bytes([k, label]) + b"".join(image[:, :, c].tobytes() for c in range(3))
        for k, (image, label) in enumerate(zip(images, fine, strict=True))
    ]
    members = {"cifar-100-binary/train.bin": b"".join(records[:4]), "cifar-100-binary/test.bin": b"".join(records[4:])}
    return [write_tar(folder / "cifar-100-binary.tar.gz", members)], images, fine


def stl10_files(folder, write_tar):
    images, labels = bytes_of(5, 96, 96, 3), [0, 9, 4, 1, 2]
    columns = [b"".join(image[:, :, c].T.tobytes() for c in range(3)) for image in images]
    members = {
        "stl10_binary/test_X.bin": b"".join(columns[3:]), "stl10_binary/test_y.bin": bytes([2, 3]),
        "stl10_binary/train_X.bin": b"".join(columns[:3]), "stl10_binary/train_y.bin": bytes([1, 10, 5]),
        "stl10_binary/unlabeled_X.bin": b"not read",
    }  # fmt: skip
    return [write_tar(folder / "stl10_binary.tar.gz", members)], images, labels


def ppm(image):
    return f"P6\n{image.shape[1]} {image.shape[0]}\n255\n".encode() + image.tobytes()


def gtsrb_files(folder, write_tar):
    images, labels = [bytes_of(64, 64, 3) for _ in range(4)], [0, 42, 3, 7]
    training = {
        "GTSRB/Training/00000/00000_00000.ppm": ppm(images[0]), "GTSRB/Training/00000/GT-00000.csv": "Filename;ClassId",
        "GTSRB/Training/00042/00000_00000.ppm": ppm(images[1]), "GTSRB/Readme-Images.txt": "about",
    }  # fmt: skip
    test = {f"GTSRB/Final_Test/Images/{k:05}.ppm": ppm(image) for k, image in enumerate(images[2:])}
    header = "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId"
    table = "\r\n".join([header, "00000.ppm;64;64;5;5;60;60;3", "00001.ppm;64;64;5;5;60;60;7", ""])
    files = [
        write_zip(folder / "GTSRB-Training_fixed.zip", training),
        write_zip(folder / "GTSRB_Final_Test_Images.zip", test),
        write_zip(folder / "GTSRB_Final_Test_GT.zip", {"GT-final_test.csv": table}),
    ]
    halved = [image.reshape(32, 2, 32, 2, 3).mean((1, 3)) for image in images]
    return files, np.rint(halved).astype(np.uint8), labels


def emnist_files(folder, write_tar):
    images, labels = bytes_of(7, 28, 28), [46, 0, 10, 36, 1, 2, 3]

    def idx(array):
        header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
        return gzip.compress(header + array.astype(np.uint8).tobytes())

    members = {}
    for split, part in (("train", slice(0, 4)), ("test", slice(4, 7))):
        members[f"gzip/emnist-balanced-{split}-images-idx3-ubyte.gz"] = idx(images[part].transpose(0, 2, 1))
        members[f"gzip/emnist-balanced-{split}-labels-idx1-ubyte.gz"] = idx(np.asarray(labels[part]))
    return [write_zip(folder / "gzip.zip", members)], images[..., None], labels


SETS = {CIFAR100: cifar100_files, STL10: stl10_files, GTSRB: gtsrb_files, EMNIST: emnist_files}


@pytest.mark.parametrize("image_set", SETS, ids=lambda each: each.name)
def test_small_files_in_the_true_format(image_set, tmp_path, monkeypatch, write_tar):
    folder = tmp_path / image_set.name
    folder.mkdir()
    paths, images, labels = SETS[image_set](folder, write_tar)
    published = tuple(
        PublishedFile(file.name, (), file.download_hash, f"md5:{hashlib.md5(path.read_bytes()).hexdigest()}")
        for file, path in zip(image_set.files, paths, strict=True)
    )
    assert [path.name for path in paths] == [file.name for file in image_set.files]
    small = ImageSet(
        image_set.name, image_set.format, published, image_set.image_shape, image_set.class_names, "free", "nowhere"
    )
    monkeypatch.setitem(IMAGE_SETS, image_set.name, small)
    monkeypatch.setenv("NFA_DATA", str(tmp_path))
    data = load_dataset(image_set.name, standardize="none", cache=tmp_path / "none")
    found = np.concatenate((data.X, data.X_test)) * 255
    assert np.allclose(found, images.reshape(len(images), -1), atol=1e-9)
    assert [*data.labels, *data.labels_test] == labels
    assert data.image_shape == images.shape[1:]
    assert data.Y.shape[1] == len(image_set.class_names)


@pytest.mark.parametrize("image_set", SETS, ids=lambda each: each.name)
def test_other_contents_are_refused(image_set, tmp_path, write_tar, one_line):
    paths, _, _ = SETS[image_set](tmp_path, write_tar)
    wrong = {"content_hash": "md5:0a"}
    read = {
        "cifar100": lambda: read_cifar100(paths[0], **wrong),
        "stl10": lambda: read_stl10(paths[0], **wrong),
        "emnist": lambda: read_emnist(paths[0], 47, **wrong),
        "gtsrb": lambda: read_gtsrb_training(paths[0], **wrong),
    }[image_set.name]
    with pytest.raises(InputError, match=r"expected the published contents .md5 0a., got md5") as info:
        read()
    one_line(info)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_damaged_archives_are_refused(tmp_path, content, one_line):
    path = tmp_path / "archive"
    path.write_bytes(content)
    for read in (read_stl10, read_gtsrb_training, lambda path: read_emnist(path, 47)):
        with pytest.raises(InputError, match="expected an intact") as info:
            read(path)
        one_line(info)


def test_what_is_missing_in_an_archive_is_named(tmp_path, write_tar, one_line):
    tar, zipped = write_tar(tmp_path / "a.tar.gz", {"other": b"x"}), write_zip(tmp_path / "a.zip", {"other": b"x"})
    for read, name in (
        (lambda: read_stl10(tar), "stl10_binary/train_X.bin"),
        (lambda: read_emnist(zipped, 47), "gzip/emnist-balanced-train-images-idx3-ubyte.gz"),
        (lambda: read_gtsrb_test(zipped, zipped), "GT-final_test.csv"),
    ):
        with pytest.raises(InputError, match=f"expected a member {name}, got an archive without it") as info:
            read()
        one_line(info)
    with pytest.raises(InputError, match="expected at least one image, got none"):
        read_gtsrb_training(zipped)


def test_labels_out_of_range_are_refused(tmp_path, write_tar):
    members = {"stl10_binary/train_X.bin": bytes(27648), "stl10_binary/train_y.bin": bytes([0]),
               "stl10_binary/test_X.bin": bytes(27648), "stl10_binary/test_y.bin": bytes([1])}  # fmt: skip
    with pytest.raises(InputError, match="expected labels from 0 to 9, got -1 in row 0"):
        read_stl10(write_tar(tmp_path / "a.tar.gz", members))


def test_images_of_any_size_become_means_over_areas():
    image = bytes_of(3, 5, 3)
    assert np.array_equal(resized(image, 3)[:, :, 0].shape, (3, 3))
    blown_up = np.repeat(np.repeat(image.astype(float), 3, axis=1), 1, axis=0)  # 3 x 15: five old pixels a new one
    assert np.array_equal(resized(image, 3), np.rint(blown_up.reshape(3, 3, 5, 3).mean(2)).astype(np.uint8))
    flat = np.full((17, 41, 3), 9, dtype=np.uint8)
    assert (resized(flat, 32) == 9).all()
    large = resized(image, 15)  # rows five times, columns three times as fine
    assert np.array_equal(large, np.repeat(np.repeat(image, 5, axis=0), 3, axis=1))


@pytest.mark.parametrize(
    "content", [b"P5\n1 1\n255\n0", b"P6\n2 2\n255\n123", b"P6\n0 1\n255\n", b"P6 1 1 65535 abcdef", b""]
)
def test_damaged_images_are_refused(content, tmp_path, one_line):
    with pytest.raises(InputError, match=r"x.ppm: expected") as info:
        read_ppm(content, tmp_path / "x.ppm")
    one_line(info)


def test_comments_in_the_header_of_an_image(tmp_path):
    image = bytes_of(2, 3, 3)
    with_comment = b"P6\n# by hand\n3 2\n255\n" + image.tobytes()
    assert np.array_equal(read_ppm(with_comment, tmp_path), image)
