"""Whatever a file holds: a data set of finite numbers comes out, or one line that begins with the path."""

import warnings

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from numerics.data import DataWarning, read_data
from numerics.errors import InputError

STARTS = (
    b"",
    b"PK\x03\x04",
    b"\x93NUMPY\x01\x00",
    b"CDF\x01",
    b"\x89HDF\r\n\x1a\n",
    b"PAR1",
    b"\x80\x04",
    b"\x1f\x8b\x08",
)
CELLS = st.one_of(
    st.floats(width=32).map(repr), st.integers(-3, 3).map(str), st.sampled_from(["", "a", "NA", '"', "#", "1,5"])
)
TABLES = st.tuples(
    st.sampled_from([",", ";", "\t", " "]), st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=6)
).map(lambda drawn: "\n".join(drawn[0].join(row) for row in drawn[1]).encode())


def outcome(path, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        try:
            data = read_data(path, **options)
        except InputError as error:
            refused = str(error)
            data = None
    if data is None:
        assert "\n" not in refused
        assert str(path) in refused
        return "refused"
    assert np.isfinite(np.asarray(data.X)).all()
    assert np.isfinite(data.Y).all()
    assert len(data.X) == len(data.Y) >= 2
    return "read"


@given(content=st.tuples(st.sampled_from(STARTS), st.binary(max_size=200)).map(b"".join))
def test_any_bytes(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("fuzz") / "any.dat"
    path.write_bytes(content)
    outcome(path)


@given(
    content=TABLES,
    classes=st.sampled_from([None, True, False]),
    standardize=st.sampled_from([None, "columns", "unit_sphere"]),
)
def test_any_table(tmp_path_factory, content, classes, standardize):
    path = tmp_path_factory.mktemp("fuzz") / "any.csv"
    path.write_bytes(content)
    outcome(path, classes=classes, standardize=standardize)


@given(
    shape=st.lists(st.integers(0, 4), max_size=4),
    other=st.lists(st.integers(0, 4), max_size=3),
    dtypes=st.tuples(*[st.sampled_from(["f8", "f4", "f2", "i8", "u1", "?", "c16", "U3", "S2", "M8[s]", ">f4"])] * 2),
    names=st.sampled_from([("X", "Y"), ("x", "y"), ("data", "target"), ("a", "b"), ("X", "X_test"), ("Y", "X")]),
)
def test_any_arrays(tmp_path_factory, shape, other, dtypes, names):
    path = tmp_path_factory.mktemp("fuzz") / "any.npz"
    counted = (np.arange(np.prod(each, dtype=int)).reshape(each) % 3 for each in (shape, other))
    np.savez(path, **{name: array.astype(dtype) for name, array, dtype in zip(names, counted, dtypes, strict=True)})
    outcome(path)


def test_the_twin_reads_a_good_table(tmp_path):
    (tmp_path / "t.csv").write_text("a,b,y\n1,2,0.5\n3,4,0.25\n")
    assert outcome(tmp_path / "t.csv") == "read"
