import hashlib
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from numerics.data.catalog import FASHION_MNIST
from numerics.data.image_sets import read_image_set
from numerics.data.images import LabeledImages
from numerics.data.locate import search_folders
from numerics.data.subset import ASSET_HASH, first_of_each_class, pack_subset, read_subset, subset_path
from numerics.errors import InputError

SCRIPT = Path(__file__).parents[3] / "scripts" / "make_fashion_mnist_subset.py"
FULL_SET_IS_HERE = all(
    any((folder / file.name).is_file() for folder in search_folders(FASHION_MNIST)) for file in FASHION_MNIST.files
)


def test_shipped_file_is_small_and_the_one_meant():
    content = subset_path().read_bytes()
    assert len(content) <= 2_000_000
    assert "sha256:" + hashlib.sha256(content).hexdigest() == ASSET_HASH
    assert "Zalando SE" in (subset_path().parent / "LICENSE-fashion-mnist.txt").read_text(encoding="utf-8")


def test_classes_are_balanced_and_images_differ():
    train, test = read_subset()
    assert np.bincount(train.labels).tolist() == [200] * 10
    assert np.bincount(test.labels).tolist() == [50] * 10
    everything = np.concatenate([train.images, test.images]).reshape(2500, -1)
    assert len(np.unique(everything, axis=0)) == 2500


def test_a_damaged_installation_is_noticed(tmp_path, one_line):
    path = tmp_path / "copy.npz"
    content = bytearray(subset_path().read_bytes())
    content[5000] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"copy.npz: expected the published contents") as info:
        read_subset(path)
    one_line(info)


def test_packing_depends_on_nothing_but_the_images(tmp_path):
    rng = np.random.default_rng(0)
    labels = rng.permutation(np.arange(60) % 10)
    source = LabeledImages(rng.integers(0, 256, size=(60, 28, 28, 1), dtype=np.uint8), labels)
    chosen = first_of_each_class(source, 3)
    expected = sorted(row for k in range(10) for row in [i for i, label in enumerate(labels) if label == k][:3])
    assert np.array_equal(chosen.images, source.images[expected])
    content = pack_subset(chosen, chosen)
    assert content == pack_subset(chosen, chosen)
    (tmp_path / "small.npz").write_bytes(content)
    train, test = read_subset(tmp_path / "small.npz", content_hash=None)
    for split in (train, test):
        assert np.array_equal(split.images, source.images[expected])
        assert split.labels.tolist() == [int(labels[row]) for row in expected]


@pytest.mark.skipif(not FULL_SET_IS_HERE, reason="Fashion-MNIST is not here; install dataset-fashion-mnist")
def test_the_script_remakes_the_shipped_file(tmp_path):
    full_train, full_test = read_image_set(FASHION_MNIST)
    remade = first_of_each_class(full_train, 200), first_of_each_class(full_test, 50)
    for made, shipped in zip(remade, read_subset(), strict=True):
        assert np.array_equal(made.images, shipped.images)
        assert np.array_equal(made.labels, shipped.labels)
    output = tmp_path / "subset.npz"
    subprocess.run([sys.executable, SCRIPT, output], check=True, capture_output=True)
    if "ng" in zlib.ZLIB_RUNTIME_VERSION:  # zlib-ng packs the same arrays into other bytes
        assert output.read_bytes() == pack_subset(*remade)
    else:
        assert output.read_bytes() == subset_path().read_bytes()
