import numpy as np
import pytest

from numerics.data.images import labeled_images
from numerics.data.preprocess import balanced_order, one_hot, standardize_images
from numerics.errors import InputError

RNG = np.random.default_rng(4)
IMAGES = RNG.integers(0, 256, size=(30, 6, 5, 3), dtype=np.uint8)
TEST_IMAGES = RNG.integers(0, 256, size=(7, 6, 5, 3), dtype=np.uint8)


def test_channel_statistics_are_those_of_the_training_pixels():
    X, X_test = standardize_images(IMAGES, TEST_IMAGES, "channel", np.float64)
    pixels = IMAGES.reshape(-1, 3).astype(float)
    mean, deviation = pixels.mean(axis=0), pixels.std(axis=0)
    assert np.allclose(X, ((IMAGES - mean) / deviation).reshape(30, 90), rtol=0, atol=1e-12)
    assert np.allclose(X_test, ((TEST_IMAGES - mean) / deviation).reshape(7, 90), rtol=0, atol=1e-12)


def test_float32_agrees_with_float64():
    exact, _ = standardize_images(IMAGES, None, "channel", np.float64)
    single, _ = standardize_images(IMAGES, None, "channel", np.float32)
    assert single.dtype == np.float32
    assert np.abs(single - exact).max() < 1e-5


def test_unit_sphere_keeps_directions():
    X, X_test = standardize_images(IMAGES, TEST_IMAGES, "unit_sphere", np.float64)
    assert np.abs(np.sum(X * X, axis=1) - 1).max() < 1e-12
    assert np.abs(np.sum(X_test * X_test, axis=1) - 1).max() < 1e-12
    raw = IMAGES.reshape(30, -1).astype(float)
    assert np.allclose(X * np.sqrt(np.sum(raw * raw, axis=1, keepdims=True)), raw, rtol=1e-12)


def test_images_are_not_changed():
    before = IMAGES.copy()
    IMAGES.flags.writeable = False
    for method in ("channel", "none", "unit_sphere"):
        standardize_images(IMAGES, IMAGES, method, np.float64)
    assert np.array_equal(before, IMAGES)


def test_black_images_have_no_direction(one_line):
    images = IMAGES.copy()
    images[4] = 0
    with pytest.raises(InputError, match=r"got a black one in row 4") as info:
        standardize_images(images, None, "unit_sphere", np.float64)
    one_line(info)


def test_constant_channel_has_no_deviation(one_line):
    images = IMAGES.copy()
    images[..., 1] = 77
    with pytest.raises(InputError, match=r"needs pixels that vary, got a constant channel 1") as info:
        standardize_images(images, None, "channel", np.float64)
    one_line(info)


@pytest.mark.parametrize("center", [True, False])
def test_one_hot_by_definition(center):
    labels = RNG.integers(0, 7, size=20)
    expected = [[(label == k) - center / 7 for k in range(7)] for label in labels]
    assert np.allclose(one_hot(labels, 7, center=center), expected, rtol=0, atol=1e-15)


def test_every_beginning_is_balanced_even_when_classes_run_out():
    labels = np.array([0] * 3 + [1] * 30 + [2] * 10)
    order = balanced_order(labels, np.random.default_rng(0))
    assert sorted(order) == list(range(43))
    for count in range(1, 44):
        found = np.bincount(labels[order[:count]], minlength=3)
        available = np.array([3, 30, 10])
        open_classes = found[found < available]  # classes that could still give a sample
        assert open_classes.size == 0 or open_classes.min() >= found.max() - 1


def test_order_is_uniform_within_a_class():
    """Each of 4 members of a class comes first equally often: z-tests at a false-alarm rate of 1e-6 in all."""
    labels = np.array([0, 1, 0, 1, 0, 0])
    rng = np.random.default_rng(5)
    draws = 4000
    first = np.zeros(6)
    for _ in range(draws):
        order = balanced_order(labels, rng)
        first[next(row for row in order if labels[row] == 0)] += 1
    z = (first[labels == 0] - draws / 4) / np.sqrt(draws * 3 / 16)
    assert np.abs(z).max() < 5.1  # two-sided tail 1e-6 / 4


def test_images_and_labels_must_fit(tmp_path, one_line):
    with pytest.raises(InputError, match=r"expected one label for each of 30 images, got 29 labels") as info:
        labeled_images(IMAGES, np.zeros(29, int), 10, tmp_path)
    one_line(info)
