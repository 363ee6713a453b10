"""What people have in memory and in tables: the same numbers come out, or one line says how to convert it."""

import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import xarray as xr

from numerics import MLP, simulate
from numerics.data import DataWarning, read_data
from numerics.data.prepare import prepare
from numerics.errors import InputError

RNG = np.random.default_rng(5)
X = RNG.standard_normal((40, 4))
Y = X[:, :1] * X[:, 1:2]
CLASSES = RNG.integers(0, 3, 40)
CENTERED = np.eye(3)[CLASSES] - 1 / 3
FRAME = pd.DataFrame(X, columns=list("abcd"))


def masked():
    return np.ma.masked_array(X, mask=np.zeros_like(X, dtype=bool))


@pytest.mark.parametrize(
    "inputs",
    [
        X.tolist(),
        FRAME,
        FRAME.astype("Float64"),
        xr.DataArray(X, dims=("n", "d")),
        xr.Variable(("n", "d"), X),
        scipy.sparse.csr_matrix(X),
        scipy.sparse.coo_array(X),
        np.asfortranarray(X),
        X.astype(">f8"),
        X.astype(object),
        X.astype(np.longdouble),
        X.reshape(40, 2, 2),
        X.reshape(40, 1, 2, 2),
        masked(),
    ],
    ids=lambda inputs: type(inputs).__name__,
)
def test_containers_of_inputs_give_the_same_numbers(inputs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        np.testing.assert_array_equal(np.asarray(prepare(inputs, Y).X), X)


@pytest.mark.parametrize("shape", [(40,), (40, 1)])
@pytest.mark.parametrize("container", [np.asarray, pd.Series, xr.DataArray, list])
def test_containers_of_labels_give_the_same_column(shape, container):
    labels = Y.reshape(shape)
    if container is pd.Series:
        labels = labels.reshape(-1)
    np.testing.assert_array_equal(np.asarray(prepare(X, container(labels)).Y), Y)


def test_tensors_that_require_gradients_and_half_precision_are_read():
    torch = pytest.importorskip("torch")
    tensor = torch.tensor(X, requires_grad=True)
    np.testing.assert_array_equal(prepare(tensor, torch.tensor(Y)).X.numpy(), X)
    np.testing.assert_array_equal(prepare(torch.tensor(X).to_sparse(), Y).X.numpy(), X)
    np.testing.assert_array_equal(prepare(torch.tensor(X), Y).Y.numpy(), Y)
    np.testing.assert_array_equal(prepare(X, torch.tensor(Y)).Y, Y)
    assert prepare(torch.tensor(X).to(torch.bfloat16), Y).X.dtype == torch.float32
    assert prepare(X.astype(np.float16), Y).X.dtype == np.float32


@pytest.mark.parametrize(
    "labels",
    [
        CLASSES,
        CLASSES[:, None],
        CLASSES.astype(float),
        CLASSES + 1,
        np.array([0, 5, 7])[CLASSES],
        np.array([-1, 0, 1])[CLASSES],
        np.array(["ant", "bee", "cat"])[CLASSES],
        pd.Series(np.array(["ant", "bee", "cat"])[CLASSES], dtype="category"),
        np.eye(3)[CLASSES],
        CENTERED,
    ],
)
def test_classes_of_any_values_give_the_same_targets(labels):
    found = prepare(X, labels, classes=True)
    np.testing.assert_allclose(found.Y, CENTERED, rtol=0, atol=1e-15)
    assert len(found.settings["classes"]) == 3


def test_two_signs_are_two_classes():
    signs = np.where(CLASSES > 0, 1, -1)
    found = prepare(X, signs, classes=True)
    assert found.settings["classes"] == ["-1", "1"]
    np.testing.assert_array_equal(found.Y, 0.5 * np.stack([-signs, signs], axis=1))


def test_test_labels_are_numbered_as_the_training_labels_are():
    found = prepare(X, 10 * CLASSES + 5, classes=True)
    np.testing.assert_allclose(found.like(X[:2], [25, 5])[1], np.eye(3)[[2, 0]] - 1 / 3, rtol=0, atol=1e-15)
    with pytest.raises(
        InputError, match=r"test Y must hold classes of the training labels \(5, 15, 25\), got 6 in row 1"
    ):
        found.like(X[:2], [25, 6])


def test_further_samples_are_scaled_as_the_first_ones():
    found = prepare(3 * X + 7, Y, standardize="columns")
    np.testing.assert_allclose(found.X.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(found.X.std(axis=0), 1, atol=1e-12)
    np.testing.assert_allclose(found.like(3 * X[:5] + 7, Y[:5])[0], found.X[:5], atol=1e-12)


@pytest.mark.parametrize(
    ("inputs", "labels", "text"),
    [
        (X, CLASSES, "Y looks like classes"),
        (X, CLASSES > 0, "Y looks like classes"),
        (X, np.eye(3)[CLASSES], "one-hot labels with their mean left in"),
        (X, Y + 100, r"the mean of the labels, .*, outweighs their spread"),
        (X + 10, Y, r"the mean of X holds 9\d.* % of its second moment"),
        (X * [1, 1, 1e3, 1], Y, r"column 2 of X holds 100 % of its second moment"),
        (np.c_[X, np.full(40, 1e3)], Y, r"constant columns of X \(the first is 4\) hold 100 %"),
        (X.reshape(40, 2, 2), Y, r"X \(40, 2, 2\) is flattened to \(40, 4\)"),
    ],
)
def test_what_is_probably_not_meant_is_said_and_recorded(inputs, labels, text):
    with pytest.warns(DataWarning, match=text):
        found = prepare(inputs, labels)
    assert len(found.settings["notes"]) == 1


@pytest.mark.parametrize(
    ("labels", "options"),
    [
        (CLASSES, {"classes": False, "center_labels": False}),
        (CLASSES, {"classes": True}),
        (np.eye(3)[CLASSES], {"center_labels": True}),
        (np.eye(3)[CLASSES], {"center_labels": False}),
        (np.eye(3)[CLASSES], {"loss": "cross_entropy"}),
        (np.where(CLASSES > 0, 1.0, -1.0), {}),
        (Y, {}),
    ],
)
def test_nothing_is_said_where_it_is_meant_or_usual(labels, options):
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataWarning)
        assert "notes" not in prepare(X, labels, **options).settings


def test_a_note_names_the_line_of_the_caller():
    with pytest.warns(DataWarning) as caught:
        simulate(X, CLASSES, MLP((4, 8, 1)), steps=1)
    assert caught[0].filename == __file__


def test_the_record_says_how_the_data_were_taken():
    record = simulate(X, CLASSES + 1, MLP((4, 8, 3)), steps=1, classes=True, standardize="columns")
    assert '"classes": ["1", "2", "3"]' in record.attrs["config"]
    assert '"standardize": "columns"' in record.attrs["config"]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ("mine.npz", r"X must be an array, got the text 'mine.npz'; nfa.read_data reads a file"),
        (X * 1j, r"X must hold real numbers, got dtype complex128; take real and imaginary parts"),
        (np.ma.masked_less(X, 0), r"X must have no masked entries, got \d+; fill them \(X.filled\(0\)\)"),
        (xr.Dataset({"a": (("n", "d"), X)}), r"got an xarray.Dataset; take a variable of it, one of \['a'\]"),
        (FRAME.assign(e="red"), r"X must hold numbers, got text in column 'e' \(such as 'red'\)"),
        ([[1, 2], [3]], r"X must be a rectangular array of numbers"),
        (X[:, 0], r"X must have shape \(samples, inputs\), got \(40,\); X\[:, None\] has one input"),
        (np.array([["a"] * 4] * 40), r"X must hold numbers, got text"),
        (
            np.zeros((40, 2), "datetime64[s]"),
            r"X must hold real numbers, got dtype datetime64\[s\]; give numbers, such as days",
        ),
        (np.zeros(40, [("a", float)]), r"structured_to_unstructured"),
        (object(), r"X must hold numbers, got Python objects \(object\)"),
        (X[:0], r"X must not be empty, got shape \(0, 4\)"),
    ],
)
def test_what_is_refused_is_told_how_to_convert(inputs, message):
    labels = Y[:0] if isinstance(inputs, np.ndarray) and len(inputs) == 0 else Y
    with pytest.raises(InputError, match=message) as info:
        prepare(inputs, labels)
    assert "\n" not in str(info.value)


@pytest.fixture
def table():
    return FRAME.assign(kind=np.array(["ant", "bee", "cat"])[CLASSES])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("t.csv", {"index": False}),
        ("t.csv", {"index": True}),
        ("t.csv", {"index": False, "header": False}),
        ("t.csv.gz", {"index": False}),
        ("t.tsv", {"index": False, "sep": "\t"}),
        ("t.csv", {"index": False, "sep": ";", "decimal": ","}),
        ("t.csv", {"index": False, "encoding": "utf-8-sig"}),
        ("t.txt", {"index": False, "sep": " ", "header": False}),
    ],
)
def test_tables_of_every_dialect_give_the_same_numbers(tmp_path, table, name, options):
    table.to_csv(tmp_path / name, **options)
    with pytest.warns(DataWarning, match="the labels are taken from the last column"):
        data = read_data(tmp_path / name)
    np.testing.assert_array_equal(data.X, X)
    np.testing.assert_allclose(data.Y, CENTERED, rtol=0, atol=1e-15)
    assert data.class_names == ("ant", "bee", "cat")


def test_columns_are_chosen_by_name(tmp_path, table):
    table.assign(label=Y).to_csv(tmp_path / "t.csv", index=False)
    data = read_data(tmp_path / "t.csv", x_key="a,b,c,d", y_key="label")
    np.testing.assert_array_equal(data.Y, Y)
    with pytest.raises(InputError, match=r"expected a column 'labels', got a, b, c, d, kind, label"):
        read_data(tmp_path / "t.csv", y_key="labels")


def test_names_of_arrays_are_found_or_given(tmp_path):
    np.savez(tmp_path / "m.npz", train_images=X.reshape(40, 2, 2), train_labels=CLASSES, other=X)
    with pytest.warns(DataWarning) as caught:
        data = read_data(tmp_path / "m.npz", classes=True)
    assert "X is taken from 'train_images' and Y from 'train_labels'" in str(caught[0].message)
    np.testing.assert_array_equal(data.X, X)
    np.testing.assert_array_equal(read_data(tmp_path / "m.npz", x_key="other", y_key="train_labels").X, X)


def test_inputs_on_disk_are_scaled_when_they_are_read(tmp_path):
    np.save(tmp_path / "X.npy", (3 * X + 7).reshape(40, 2, 2))
    np.save(tmp_path / "Y.npy", Y)
    data = read_data(tmp_path / "X.npy", tmp_path / "Y.npy", standardize="columns")
    np.testing.assert_allclose(data.X[5:9], prepare(3 * X + 7, Y, standardize="columns").X[5:9], atol=1e-12)


def test_sparse_files_are_filled(tmp_path):
    scipy.sparse.save_npz(tmp_path / "X.npz", scipy.sparse.csr_matrix(X))
    np.save(tmp_path / "Y.npy", Y)
    np.testing.assert_array_equal(read_data(tmp_path / "X.npz", tmp_path / "Y.npy").X, X)


def test_parquet_is_read_as_a_table(tmp_path):
    pytest.importorskip("pyarrow", reason="parquet needs pyarrow, which pandas does not bring")
    table = FRAME.assign(kind=np.array(["x", "y", "z"])[CLASSES])
    table.to_parquet(tmp_path / "t.parquet")
    data = read_data(tmp_path / "t.parquet", y_key="kind")
    np.testing.assert_array_equal(data.X, X)
    np.testing.assert_array_equal(data.Y, CENTERED)
    assert data.class_names == ("x", "y", "z")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "t.parquet").read_bytes()[:300])
    with pytest.raises(InputError, match=r"cut\.parquet: expected intact parquet data, got "):
        read_data(tmp_path / "cut.parquet")


def test_without_pyarrow_the_message_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "t.parquet").write_bytes(b"PAR1 and more")

    def missing(path):
        raise ImportError("Unable to find a usable engine")

    monkeypatch.setattr(pd, "read_parquet", missing)
    with pytest.raises(InputError, match=r"t\.parquet: reading parquet needs pyarrow; pip install pyarrow installs it"):
        read_data(tmp_path / "t.parquet")


def test_some_samples_are_always_the_same_and_of_every_class(tmp_path):
    rare = np.zeros(400, int)
    rare[[7, 300]] = 1
    inputs = RNG.standard_normal((400, 2))
    np.savez(tmp_path / "d.npz", X=inputs, Y=rare)
    data = read_data(tmp_path / "d.npz", classes=False)
    with pytest.warns(DataWarning, match="d: 10 of 400 samples are taken, drawn at random and always the same"):
        one, other = data.some(10), data.some(10)
    np.testing.assert_array_equal(one.X, other.X)
    assert len(one.X) == len(np.unique(one.X, axis=0)) == 10
    assert set(one.Y[:, 0]) == {0, 1}
    rows = [np.flatnonzero((inputs == row).all(axis=1))[0] for row in one.X]
    np.testing.assert_array_equal(one.Y[:, 0], rare[rows])
    assert rows != list(range(10))
    with pytest.warns(DataWarning, match="d: has 400 samples, fewer than the 500 asked for: all are taken"):
        assert data.some(500) is data
    with pytest.raises(InputError, match="samples must be an integer of at least 2, got 1"):
        data.some(1)


@pytest.mark.parametrize("labels", [CLASSES, CLASSES[:, None], np.where(CLASSES > 0, 1, -1), CLASSES * 5.0])
def test_integers_are_classes_for_the_cross_entropy(labels):
    with pytest.warns(DataWarning, match="Y is taken as classes, which the cross-entropy needs"):
        found = prepare(X, labels, loss="cross_entropy")
    np.testing.assert_array_equal(found.Y.sum(axis=1), 1)
    assert found.Y.shape[1] == len(np.unique(labels))
    assert prepare(X, labels, loss="cross_entropy", classes=False).Y.shape == (40, 1)
