import zipfile

import numpy as np
import pytest

from numerics.data import read_data
from numerics.errors import InputError

RNG = np.random.default_rng(6)
X = RNG.standard_normal((6, 3))
Y = RNG.standard_normal((6, 2))
CLASSES = np.array([0, 2, 1, 1, 0, 2])


def bad(array, row, value):
    changed = np.array(array, dtype=float)
    changed[row] = value
    return changed


@pytest.fixture
def save(tmp_path):
    def write(**arrays):
        np.savez(tmp_path / "mine.npz", **arrays)
        return tmp_path / "mine.npz"

    return write


def test_reads_what_was_written(save):
    data = read_data(save(X=X, Y=Y, X_test=X[:2], Y_test=Y[:2], unrelated=np.array("text")))
    assert data.name == "mine"
    assert all(
        np.array_equal(got, wanted)
        for got, wanted in ((data.X, X), (data.Y, Y), (data.X_test, X[:2]), (data.Y_test, Y[:2]))
    )
    assert data.labels is None


def test_accepts_a_path_as_text_and_a_vector_of_targets(save):
    data = read_data(str(save(X=X, Y=Y[:, 0], X_test=X, Y_test=Y[:, 1])))
    assert np.array_equal(data.Y, Y[:, :1])
    assert np.array_equal(data.Y_test, Y[:, 1:])


@pytest.mark.parametrize(
    ("stored", "asked", "expected"),
    [("f4", None, "f4"), ("f8", None, "f8"), ("i2", None, "f8"), ("f2", None, "f4"), ("f8", "float32", "f4")],
)
def test_float32_stays_and_the_rest_becomes_float64(save, stored, asked, expected):
    data = read_data(save(X=X.astype(stored), Y=Y), dtype=asked)
    assert data.X.dtype == data.Y.dtype == np.dtype(expected)


@pytest.mark.parametrize("labels", [CLASSES, CLASSES[:, None], CLASSES.astype(float), CLASSES.astype(np.uint8)])
def test_classes_become_one_hot_when_asked(save, labels):
    path = save(X=X, Y=labels, X_test=X[:1], Y_test=np.array([1]))
    data = read_data(path, classes=True)
    assert data.labels.tolist() == CLASSES.tolist()
    assert np.allclose(data.Y, np.eye(3)[CLASSES] - 1 / 3, rtol=0, atol=1e-15)
    assert data.labels_test.tolist() == [1]
    assert np.allclose(data.Y_test, [[-1 / 3, 2 / 3, -1 / 3]], rtol=0, atol=1e-15)
    plain = read_data(path, classes=True, center_labels=False)
    assert np.array_equal(plain.Y, np.eye(3)[CLASSES])
    assert np.array_equal(read_data(path).Y, CLASSES[:, None])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": X}, r"expected arrays X and Y, Y is missing, got X; --y-key NAME \(y_key=\) says which it is$"),
        ({"A": X, "Y": Y, "B": X}, r"expected arrays X and Y, X is missing, got A, Y, B; --x-key NAME"),
        ({"A": X, "B": X}, r"expected arrays X and Y, got A \(6, 3\), B \(6, 3\); --x-key and --y-key"),
        ({"X": X.astype(object), "Y": Y}, r"X must hold numbers, got Python objects \(dtype object\)"),
        ({"X": X, "Y": Y.astype(object)}, r"Y must hold numbers, got Python objects \(dtype object\)"),
        ({"X": X.astype(str), "Y": Y}, r"X must hold numbers, got text such as "),
        (
            {"X": X * 1j, "Y": Y},
            r"X must hold real numbers, got dtype complex128; take real and imaginary parts as columns",
        ),
        ({"X": bad(X, [3, 5], np.nan), "Y": Y}, r"X must be finite in float64, .* 2 rows, the first is row 3$"),
        ({"X": X, "Y": bad(Y, 4, np.inf)}, r"Y must be finite in float64, .* 1 rows, the first is row 4$"),
        ({"X": X, "Y": Y[:5]}, r"X and Y must have equally many rows, got 6 and 5"),
        ({"X": X[:1], "Y": Y[:1]}, r"X must have at least 2 samples, got 1"),
        ({"X": X[:0], "Y": Y[:0]}, r"X must not be empty, got shape \(0, 3\)"),
        ({"X": X[:, :0], "Y": Y}, r"X must not be empty, got shape \(6, 0\)"),
        ({"X": X[:, 0], "Y": Y}, r"X must have shape \(samples, inputs\), got \(6,\)"),
        ({"X": X, "Y": Y[None]}, r"Y must have shape \(samples,\) or \(samples, outputs\), got \(1, 6, 2\)"),
        ({"X": X, "Y": 1.0}, r"Y must have shape .*, got \(\)"),
        ({"X": X, "Y": Y, "X_test": X}, r"X_test and Y_test must be given together, got only X_test"),
        ({"X": X, "Y": Y, "X_test": X, "Y_test": Y[:2]}, r"X_test and Y_test must have equally many rows, got 6 and 2"),
        ({"X": X, "Y": Y, "X_test": X[:, :2], "Y_test": Y}, r"X_test must have as many columns as X \(3\), got 2"),
        ({"X": X, "Y": Y, "X_test": bad(X, 1, np.nan), "Y_test": Y}, r"X_test must be finite .* row 1$"),
    ],
)
def test_refuses_bad_arrays(save, one_line, arrays, message):
    path = save(**arrays)
    with pytest.raises(InputError, match=message) as info:
        read_data(path)
    assert "mine" in one_line(info)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (bad(CLASSES, 2, 0.5), r"Y must hold integer classes, got 0.5 in row 2"),
        (bad(CLASSES, 5, np.nan), r"Y must be finite in float64, got NaN or infinity in 1 rows, the first is row 5"),
        (np.arange(6), r"Y must hold classes, got 6 different labels for 6 samples"),
        (np.full(6, 3), r"Y must hold at least 2 classes, got 3 alone"),
        (Y, r"Y must be one column of classes, or rows that mark one class each, got shape \(6, 2\)"),
    ],
)
def test_refuses_labels_that_are_no_classes(save, one_line, labels, message):
    path = save(X=X, Y=labels)
    with pytest.raises(InputError, match=message) as info:
        read_data(path, classes=True)
    one_line(info)


def test_refuses_a_number_too_large_for_float32(save, one_line):
    path = save(X=bad(X, 2, 1e300), Y=Y)
    read_data(path)
    with pytest.raises(InputError, match=r"X must be finite in float32, got .* row 2$") as info:
        read_data(path, dtype="float32")
    one_line(info)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"expected arrays X and Y, got an empty file"),
        (b"X,Y\n", r"expected rows of numbers, got a table without rows"),
        (b"\x80\x04K\x01.", r"got a pickle; unpickle it where you trust it and write numpy.savez"),
        (b"\x89PNG....", r"got an image; stack images into one array \(n, height, width\)"),
        (b'{"X": 1}', r"expected a table of numbers, got a text of another kind"),
        (b"1 1:0.5 2:0.3\n", r"expected a table of numbers, got a text of another kind"),
        (bytes(range(128, 256)), r"in UTF-8, got another format"),
    ],
)
def test_refuses_other_formats(tmp_path, one_line, content, message):
    path = tmp_path / "mine.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as info:
        read_data(path)
    assert one_line(info).startswith(str(path))


def test_refuses_missing_files_folders_and_single_arrays(tmp_path, one_line):
    np.save(tmp_path / "x.npy", X)
    for name, message in (
        ("none.npz", "no such file"),
        ("", "another folder"),
        ("x.npy", r"holds the inputs alone; give the labels too \(--labels FILE, labels=\)"),
    ):
        with pytest.raises(InputError, match=message) as info:
            read_data(tmp_path / name)
        one_line(info)


def test_refuses_every_single_damage_it_notices_in_one_line(save, one_line):
    """Flip bytes all over the file: it is read as it was, or refused in one line; nothing else comes out."""
    path = save(X=X, Y=Y)
    good = path.read_bytes()
    outcomes = []
    for position in range(0, len(good), 3):
        damaged = bytearray(good)
        damaged[position] ^= 0xFF
        path.write_bytes(damaged)
        outcomes.append(outcome(path))
    assert set(outcomes) == {"as written", "refused in one line"}
    assert outcomes.count("refused in one line") > len(outcomes) / 2


def outcome(path):
    try:
        data = read_data(path)
    except InputError as error:
        return "refused in several lines" if "\n" in str(error) else "refused in one line"
    return "as written" if np.array_equal(data.X, X) and np.array_equal(data.Y, Y) else "changed"


def test_refuses_members_that_are_no_arrays(tmp_path, one_line):
    with zipfile.ZipFile(tmp_path / "mine.npz", "w") as archive:
        archive.writestr("X", "text")
        archive.writestr("Y", "text")
    with pytest.raises(InputError, match=r"expected X to be a NumPy array, got raw bytes") as info:
        read_data(tmp_path / "mine.npz")
    one_line(info)


@pytest.mark.parametrize("path", [None, 3, ["d.npz"], b"d.npz"])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(InputError, match=f"read_data needs the path of a file, got {type(path).__name__}"):
        read_data(path)
