import dataclasses

import numpy as np
import pytest

from numerics.data import DataSet
from numerics.errors import InputError

GOOD = {
    "name": "example",
    "X": np.zeros((4, 6)),
    "Y": np.zeros((4, 2)),
    "labels": np.zeros(4, int),
    "X_test": np.zeros((3, 6)),
    "Y_test": np.zeros((3, 2)),
    "labels_test": np.zeros(3, int),
    "image_shape": (2, 1, 3),
    "class_names": ("cat", "dog"),
    "license": "free",
    "source": "somewhere",
}


def test_summary_is_one_line_with_all_shapes():
    assert repr(DataSet(**GOOD)) == (
        "DataSet(example: 4 training + 3 test samples, X (4, 6), Y (4, 2), images 2 x 1 x 3, 2 classes, float64)"
    )


def test_description_adds_classes_license_and_source():
    assert DataSet(**GOOD).describe().splitlines()[1:] == [
        "classes: cat, dog",
        "license: free",
        "source: somewhere",
    ]
    assert "\n" not in DataSet("bare", GOOD["X"], GOOD["Y"]).describe()


def test_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        DataSet(**GOOD).name = "other"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": np.zeros(4)}, r"X must be two-dimensional, rows are samples, got shape \(4,\)"),
        ({"Y": np.zeros((4, 2, 1))}, r"Y must be two-dimensional, rows are samples, got shape \(4, 2, 1\)"),
        ({"Y": np.zeros((5, 2))}, r"X and Y must have equally many rows, got 4 and 5"),
        ({"labels": np.zeros(5, int)}, r"labels must have shape \(4,\), got \(5,\)"),
        ({"labels_test": np.zeros(4, int)}, r"labels_test must have shape \(3,\), got \(4,\)"),
        ({"Y_test": None}, r"X_test and Y_test must be given together"),
        ({"X_test": np.zeros((3, 5))}, r"X_test must have as many columns as X \(6\), got 5"),
        ({"Y_test": np.zeros((3, 1))}, r"Y_test must have as many columns as Y \(2\), got 1"),
        ({"image_shape": (2, 2, 3)}, r"image_shape \(2, 2, 3\) must have as many pixels as X has columns, got 6"),
    ],
)
def test_refuses_shapes_that_do_not_fit(one_line, change, message):
    with pytest.raises(InputError, match=message) as info:
        DataSet(**{**GOOD, **change})
    assert one_line(info).startswith("example: ")
