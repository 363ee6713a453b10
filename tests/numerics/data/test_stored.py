"""Data that stay on disk: every format gives the same numbers, few rows at a time, or one clear line."""

import builtins
import tracemalloc

import numpy as np
import pytest
import xarray as xr

from numerics.data import StoredRows, read_data
from numerics.data.stored import open_variables
from numerics.errors import InputError

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((40, 5)), RNG.standard_normal((40, 2))
ROWS = np.array([7, 3, 39, 3])


def write_zarr(folder, **arrays):
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(folder, mode="w")
    for name, values in arrays.items():
        group.create_array(name, data=values, chunks=(8, values.shape[1]))


def dataset(**arrays):
    return xr.Dataset({name: ((f"{name}_rows", f"{name}_columns"), values) for name, values in arrays.items()})


@pytest.fixture
def folder(tmp_path):
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "Y.npy", Y)
    dataset(X=X, Y=Y).to_netcdf(tmp_path / "three.nc", engine="scipy")
    return tmp_path


def sources(folder):
    yield read_data(folder / "X.npy", folder / "Y.npy")
    yield read_data(folder / "three.nc")
    if _installed("h5netcdf"):
        dataset(X=X, Y=Y).to_netcdf(folder / "four.nc", engine="h5netcdf")
        yield read_data(folder / "four.nc")
    if _installed("zarr"):
        write_zarr(folder / "data.zarr", X=X, Y=Y)
        yield read_data(folder / "data.zarr")


def _installed(name):
    try:
        __import__(name)
    except ImportError:
        return False
    return True


def test_every_format_gives_the_same_rows(folder):
    for data in sources(folder):
        assert (data.X.shape, data.X.ndim, data.X.dtype, len(data.X)) == ((40, 5), 2, np.float64, 40)
        np.testing.assert_array_equal(data.X[4:9], X[4:9])
        np.testing.assert_array_equal(data.X[ROWS], X[ROWS])
        np.testing.assert_array_equal(data.Y, Y)


def test_a_vector_of_labels_becomes_a_column(folder):
    np.save(folder / "vector.npy", Y[:, 0])
    assert read_data(folder / "X.npy", folder / "vector.npy").Y.shape == (40, 1)


def test_only_rows_that_are_asked_for_are_read():
    class Source:
        shape, dtype, asked = (100, 2), np.dtype(float), ()

        def __getitem__(self, rows):
            self.asked = (*self.asked, rows)
            return np.zeros((100, 2))[rows]

    source = Source()
    stored = StoredRows(source, "X")
    stored[10:12]
    stored[np.array([5, 2, 5])]
    assert source.asked[0] == slice(10, 12)
    np.testing.assert_array_equal(source.asked[1], [2, 5])  # increasing, once each: HDF5 wants it so
    assert len(source.asked) == 2


def cut(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    return path


BAD = {
    "missing": (lambda f: (f / "none.nc",), "expected a file or a zarr folder with X and Y, got no such file"),
    "no labels": (lambda f: (f / "X.npy",), r"holds the inputs alone; give the labels too \(--labels FILE"),
    "no such labels": (lambda f: (f / "X.npy", f / "Z.npy"), "Z.npy: expected a file .*, got no such file"),
    "cut npy": (
        lambda f: (cut(f / "X.npy", 0.5), f / "Y.npy"),
        "expected an intact .npy file of numbers, got",
    ),
    "cut netCDF": (lambda f: (cut(f / "three.nc", 0.5),), "three.nc: expected intact netCDF data, got"),
    "netCDF header": (
        lambda f: (cut(f / "three.nc", 0.02),),
        "three.nc: expected intact netCDF data, got",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_missing_or_damaged_is_refused_in_one_line(folder, case):
    arguments, message = BAD[case]
    with pytest.raises(InputError, match=message) as caught:
        read_data(*arguments(folder))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": X, "W": X, "Z": Y}, "expected arrays X and Y, Y is missing, got X, W, Z"),
        ({"X": X, "Y": Y[:7]}, "X and Y must have equally many rows, got 40 and 7"),
    ],
)
def test_wrong_variables_are_refused(tmp_path, arrays, message):
    dataset(**arrays).to_netcdf(tmp_path / "data.nc", engine="scipy")
    with pytest.raises(InputError, match=message):
        read_data(tmp_path / "data.nc")


PACKED = {"dtype": "int16", "scale_factor": 0.001, "_FillValue": -32768}


def test_packed_numbers_are_those_that_are_meant(tmp_path):
    packed = dataset(X=X, Y=Y)
    packed.to_netcdf(tmp_path / "data.nc", engine="scipy", encoding={"X": PACKED})
    data = read_data(tmp_path / "data.nc")
    np.testing.assert_allclose(data.X[ROWS], X[ROWS], atol=PACKED["scale_factor"])
    assert np.abs(data.X[:]).max() < 100  # integers were thousands


def test_of_a_classic_file_only_the_rows_that_are_asked_for_are_read(tmp_path):
    wide = np.zeros((2000, 500))
    dataset(X=wide, Y=wide[:, :1]).to_netcdf(tmp_path / "data.nc", engine="scipy")
    data = open_variables(tmp_path / "data.nc")
    tracemalloc.start()
    data["X"][:10]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < wide.nbytes / 10


def test_records_of_unlimited_length_are_read(tmp_path):
    dataset(X=X, Y=Y).to_netcdf(tmp_path / "data.nc", engine="scipy", unlimited_dims=["X_rows"])
    data = read_data(tmp_path / "data.nc")
    np.testing.assert_array_equal(data.X[ROWS], X[ROWS])
    np.testing.assert_array_equal(data.Y, Y)


def test_wrong_shapes_are_refused(folder):
    np.save(folder / "vector.npy", X[:, 0])
    with pytest.raises(InputError, match=r"X must have shape \(samples, inputs\), got \(40,\)"):
        read_data(folder / "vector.npy", folder / "Y.npy")


def test_other_contents_are_refused(tmp_path):
    (tmp_path / "text.nc").write_text("hello")
    with pytest.raises(InputError, match=r"text.nc: expected rows of numbers, got a table without rows"):
        read_data(tmp_path / "text.nc")
    np.save(tmp_path / "objects.npy", np.array([1, "a"], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match=r"expected an intact .npy file of numbers"):
        read_data(tmp_path / "objects.npy", tmp_path / "objects.npy")


def test_damage_inside_the_data_is_found_when_it_is_read(tmp_path):
    pytest.importorskip("zarr")
    write_zarr(tmp_path / "data.zarr", X=X, Y=Y)
    data = read_data(tmp_path / "data.zarr")
    chunk = next(path for path in sorted((tmp_path / "data.zarr" / "X" / "c").rglob("*")) if path.is_file())
    chunk.write_bytes(b"garbage")
    np.testing.assert_array_equal(data.X[32:], X[32:])
    with pytest.raises(InputError, match=r"data.zarr: X: expected rows that can be read, got damaged data"):
        data.X[:8]


@pytest.mark.parametrize(("name", "library", "extra"), [("d.zarr", "zarr", "zarr"), ("d.nc", "h5netcdf", "netcdf4")])
def test_a_missing_library_names_the_extra_that_installs_it(tmp_path, monkeypatch, name, library, extra):
    if extra == "zarr":
        (tmp_path / name).mkdir()
        (tmp_path / name / "zarr.json").write_text("{}")
    else:
        (tmp_path / name).write_bytes(b"\x89HDF\r\n\x1a\n")
    original = builtins.__import__

    def without(wanted, *rest):
        if wanted == library:
            raise ModuleNotFoundError(f"No module named {library!r}", name=library)
        return original(wanted, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=rf"needs {library}; pip install 'nfa-theory\[{extra}\]' installs it"):
        read_data(tmp_path / name)
