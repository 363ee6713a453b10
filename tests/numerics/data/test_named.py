import hashlib

import numpy as np
import pytest

from numerics.data import DATASET_NAMES, load_dataset
from numerics.data.catalog import FASHION_MNIST, IDX_NAMES, IMAGE_SETS, MNIST
from numerics.data.files import read_gzip
from numerics.data.image_set import ImageSet, PublishedFile
from numerics.data.locate import search_folders
from numerics.errors import InputError

RNG = np.random.default_rng(3)


def here(image_set):
    return all(any((folder / file.name).is_file() for folder in search_folders(image_set)) for file in image_set.files)


needs_mnist = pytest.mark.skipif(not here(MNIST), reason="MNIST is not on this machine; set NFA_DATA")
needs_fashion = pytest.mark.skipif(
    not here(FASHION_MNIST), reason="Fashion-MNIST is not on this machine; install dataset-fashion-mnist"
)


@pytest.fixture
def tiny(tmp_path, monkeypatch, write_idx):
    """A whole set in the format of MNIST, 40 + 20 images of 4 classes, found through NFA_DATA."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    arrays = (
        RNG.integers(0, 256, size=(40, 5, 4)),
        np.arange(40) % 4,
        RNG.integers(0, 256, size=(20, 5, 4)),
        np.arange(20) % 4,
    )
    files = []
    for name, array in zip(IDX_NAMES, arrays, strict=True):
        content = read_gzip(write_idx(folder / name, array))
        files.append(PublishedFile(name, (), "md5:", f"sha256:{hashlib.sha256(content).hexdigest()}"))
    image_set = ImageSet("tiny", "idx", tuple(files), (5, 4, 1), tuple("abcd"), "free", "nowhere")
    monkeypatch.setitem(IMAGE_SETS, "tiny", image_set)
    monkeypatch.setenv("NFA_DATA", str(tmp_path))
    return folder, arrays


def test_everything_arrives_in_file_order_unless_a_number_is_asked_for(tiny, tmp_path):
    _, (images, labels, images_test, labels_test) = tiny
    data = load_dataset("tiny", standardize="none", cache=tmp_path)
    assert np.allclose(data.X * 255, images.reshape(40, 20), rtol=0, atol=1e-12)
    assert np.allclose(data.X_test * 255, images_test.reshape(20, 20), rtol=0, atol=1e-12)
    assert data.labels.tolist() == labels.tolist()
    assert data.labels_test.tolist() == labels_test.tolist()
    assert (data.image_shape, data.class_names) == ((5, 4, 1), tuple("abcd"))
    assert (data.license, data.source) == ("free", "nowhere")


def test_targets_are_centered_one_hot(tiny):
    data = load_dataset("tiny")
    assert np.array_equal(data.Y.argmax(axis=1), data.labels)
    assert set(np.unique(data.Y)) == {-0.25, 0.75}
    assert set(np.unique(load_dataset("tiny", center_labels=False).Y)) == {0.0, 1.0}


def test_test_images_are_scaled_by_the_training_images(tiny):
    _, (images, _, images_test, _) = tiny
    data = load_dataset("tiny")
    assert np.allclose(data.X, (images.reshape(40, 20) - images.mean()) / images.std(), rtol=0, atol=1e-12)
    expected = (images_test.reshape(20, 20) - images.mean()) / images.std()
    assert np.allclose(data.X_test, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", np.float64, np.dtype("float32")])
def test_dtype_is_that_asked_for(tiny, dtype):
    data = load_dataset("tiny", dtype=dtype)
    assert {array.dtype for array in (data.X, data.Y, data.X_test, data.Y_test)} == {np.dtype(dtype)}


def test_no_test_set_when_none_is_asked_for(tiny):
    data = load_dataset("tiny", train=8, test=0)
    assert data.X_test is None
    assert data.Y_test is None
    assert data.labels_test is None


def test_choice_is_balanced_nested_and_decided_by_the_seed(tiny):
    def chosen(count, seed=0):
        return load_dataset("tiny", train=count, seed=seed, standardize="none").X

    assert np.bincount(load_dataset("tiny", train=20).labels).tolist() == [5, 5, 5, 5]
    assert np.array_equal(chosen(12), chosen(20)[:12])
    assert np.array_equal(chosen(12), chosen(12))
    assert not np.array_equal(chosen(12), chosen(12, seed=1))
    assert len(np.unique(chosen(40), axis=0)) == 40


def test_the_seed_also_decides_the_test_set_which_the_training_set_does_not_touch(tiny):
    def chosen(seed, train=None):
        return load_dataset("tiny", train=train, test=8, seed=seed, standardize="none").X_test

    assert np.array_equal(chosen(0), chosen(0, train=10))
    assert not np.array_equal(chosen(0), chosen(1))


def test_a_set_under_the_name_of_another_is_refused(tiny, write_idx, one_line):
    folder, (images, *_) = tiny
    write_idx(folder / IDX_NAMES[0], images[::-1])
    with pytest.raises(InputError, match=r"train-images-idx3-ubyte.gz: expected the published contents") as info:
        load_dataset("tiny")
    one_line(info)


def test_cifar10_and_svhn_are_wired_to_their_readers(tmp_path, monkeypatch, cifar_bytes, write_tar, write_svhn):
    monkeypatch.setenv("NFA_DATA", str(tmp_path))
    pixels = RNG.integers(0, 256, size=(12, 32, 32, 3), dtype=np.uint8)
    names = [f"cifar-10-batches-bin/data_batch_{k}.bin" for k in range(1, 6)]
    members = {
        name: cifar_bytes(pixels[2 * k : 2 * k + 2], [k, 9 - k])
        for k, name in enumerate([*names, "cifar-10-batches-bin/test_batch.bin"])
    }
    write_tar(tmp_path / "cifar-10-binary.tar.gz", members)
    write_svhn(tmp_path / "train_32x32.mat", pixels[:8], np.array([10, 1, 2, 3, 4, 5, 6, 7], np.uint8))
    write_svhn(tmp_path / "test_32x32.mat", pixels[8:], np.array([8, 9, 10, 1], np.uint8))
    for name in ("cifar10", "svhn"):
        published = IMAGE_SETS[name]
        local = [
            PublishedFile(file.name, (), "md5:", "md5:" + hashlib.md5((tmp_path / file.name).read_bytes()).hexdigest())
            for file in published.files
        ]
        facts = (published.image_shape, published.class_names, published.license, published.source)
        monkeypatch.setitem(IMAGE_SETS, name, ImageSet(name, published.format, tuple(local), *facts))
    cifar, svhn = (load_dataset(name, standardize="none") for name in ("cifar10", "svhn"))
    assert np.allclose(255 * cifar.X.reshape(10, 32, 32, 3), pixels[:10], rtol=0, atol=1e-9)
    assert np.allclose(255 * svhn.X_test.reshape(4, 32, 32, 3), pixels[8:], rtol=0, atol=1e-9)
    assert svhn.labels.tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert svhn.labels_test.tolist() == [8, 9, 0, 1]
    channels = load_dataset("cifar10").X.reshape(-1, 3)
    assert np.abs(channels.mean(axis=0)).max() < 1e-12
    assert np.abs(channels.std(axis=0) - 1).max() < 1e-12


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fashon_mnist", r"unknown data set 'fashon_mnist'; did you mean 'fashion_mnist'\?"),
        ("cifar-10", r"did you mean 'cifar10'\?"),
        ("chain_monomal", r"did you mean 'chain_monomial'\?"),
        ("chain_monomial", r"data set 'chain_monomial' is synthetic; expected a call of synthetic_dataset"),
        ("zzz", r"unknown data set 'zzz'; expected one of fashion_mnist_subset, .*, emnist, linear_teacher"),
    ],
)
def test_unknown_names_get_the_nearest_one(one_line, name, message):
    with pytest.raises(InputError, match=message) as info:
        load_dataset(name)
    one_line(info)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"train": 1}, r"train \(--samples\) must be an integer from 2 to 2000, got 1"),
        ({"train": 2001}, r"train \(--samples\) must be an integer from 2 to 2000, got 2001"),
        ({"train": 2.5}, r"train \(--samples\) must be an integer from 2 to 2000, got 2.5"),
        ({"test": -1}, "test must be an integer from 0 to 500, got -1"),
        ({"seed": -1}, "seed must be an integer of at least 0, got -1"),
        ({"dtype": "int8"}, "dtype must be float32 or float64, got int8"),
        ({"dtype": "double trouble"}, "dtype must be float32 or float64, got double trouble"),
        ({"standardize": "zca"}, "unknown standardization 'zca'; expected one of channel, none, unit_sphere"),
    ],
)
def test_bad_options_are_refused(one_line, options, message):
    with pytest.raises(InputError, match=message) as info:
        load_dataset(**options)
    one_line(info)


def test_the_default_is_the_shipped_subset():
    data = load_dataset()
    assert data.name == DATASET_NAMES[0] == "fashion_mnist_subset"
    assert (data.X.shape, data.X_test.shape, data.Y.shape) == ((2000, 784), (500, 784), (2000, 10))
    assert "Zalando" in data.license
    assert "arXiv 1708.07747" in data.source


def check_full_set(name):
    """Published facts: 60000 + 10000 images of 10 classes."""
    data = load_dataset(name, dtype="float32", standardize="none")
    assert (data.X.shape, data.X_test.shape) == ((60000, 784), (10000, 784))
    assert (data.X.min(), data.X.max()) == (0, 1)
    return np.bincount(data.labels), np.bincount(data.labels_test), data


@needs_fashion
def test_real_fashion_mnist():
    counts, counts_test, _ = check_full_set("fashion_mnist")
    assert (counts == 6000).all()
    assert (counts_test == 1000).all()


@needs_mnist
def test_real_mnist():
    counts, _, data = check_full_set("mnist")
    assert counts.sum() == 60000
    # The mean and deviation that the field's code hard-wires for MNIST, rounded to four digits.
    assert round(float(data.X.mean(dtype=np.float64)), 4) == 0.1307
    assert round(float(data.X.std(dtype=np.float64)), 4) == 0.3081
