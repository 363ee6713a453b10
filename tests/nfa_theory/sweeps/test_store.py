"""The store: plain zarr that executes nothing, whole runs or none, and no harm from two writers."""

import errno
import json
import os
import pickletools
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from nfa_theory.sweeps.files import files_at
from nfa_theory.sweeps.grid import Grid, Run, axes_of, run_name
from nfa_theory.sweeps.store import Store
from nfa_theory.sweeps.zarr_format import decode_array, decode_group, encode
from numerics.errors import InputError

RECORD = xr.Dataset(
    {
        "loss": (("step",), [0.5, np.nan], {"long_name": "training loss"}),
        "weights": (("step", "unit"), np.arange(6, dtype=np.float32).reshape(2, 3)),
        "count": ((), np.int32(7)),
        "right": (("step",), [True, False]),
        "none": (("empty",), np.empty(0)),
    },
    {"step": [0, 10], "epoch": ("step", [0.0, 1.5]), "unit": ["a", "b", "c"]},
    {"schema": "a record", "numbers": [1, 2.5]},
)


def run(**settings):
    return Run(run_name(settings), settings, ())


def add(store, one, record=RECORD):
    store.add(one, encode(record, store.marks(one)))


@pytest.fixture(params=["folder", "memory"])
def store(request, tmp_path):
    if request.param == "memory":
        fsspec = pytest.importorskip("fsspec", reason="object stores need fsspec (the extra 'sweeps')")
        fsspec.filesystem("memory").store.clear()
    made = Store(str(tmp_path / "s.zarr") if request.param == "folder" else "memory://bucket/s.zarr")
    made.create()
    return made


def test_a_run_is_there_after_it_was_written_and_not_before(store):
    one = run(width=4)
    assert (store.finished(), store.has(one.name)) == (set(), False)
    add(store, one)
    assert (store.finished(), store.has(one.name)) == ({one.name}, True)
    assert store.damaged(one.name) == ""
    assert store.described(one.name)["attributes"]["sweep_settings"] == {"width": 4}
    store.create()  # a second client
    assert store.finished() == {one.name}


def test_a_second_writer_of_the_same_run_changes_nothing(store):
    one = run(width=4)
    add(store, one)
    files = encode(RECORD * 2, store.marks(one))
    assert store.files.add("runs", one.name, files) is False
    assert store.damaged(one.name) == ""
    assert store.described(one.name) == decode_group(encode(RECORD, store.marks(one))["zarr.json"], "")


def test_failures_and_plans_are_kept_and_a_failure_is_forgotten_when_its_run_succeeds(store):
    one, grid = run(width=4), Grid({"depth": 1}, axes_of({"width": [4, 8]}))
    name = store.keep_plan(grid, {"title": "t"})
    assert store.keep_plan(grid, {"title": "t"}) == name
    assert store.plans() == {name: (grid, {"title": "t"})}
    store.fail(one, "it diverged")
    store.fail(one, "it diverged again")
    assert [(each.settings, each.message) for each in store.failures()] == [({"width": 4}, "it diverged again")]
    add(store, one)
    assert (store.failed(), store.finished()) == (set(), {one.name})


@pytest.mark.parametrize("change", ["loss/0", "loss/zarr.json", "step/0"])
def test_a_changed_or_missing_byte_is_noticed(store, change):
    one = run(width=4)
    add(store, one)
    path = f"runs/{one.name}/{change}"
    content = bytearray(store.files.read(path))
    content[5] ^= 1
    store.files.put(path, bytes(content))
    assert store.damaged(one.name) != ""


def test_the_library_and_xarray_read_what_is_written(tmp_path):
    zarr = pytest.importorskip("zarr")
    store, one = Store(str(tmp_path / "s.zarr")), run(width=4)
    store.create()
    add(store, one)
    group = zarr.open_group(tmp_path / "s.zarr", mode="r")[f"runs/{one.name}"]
    for name in ("loss", "weights", "count", "right", "none"):
        np.testing.assert_array_equal(group[name][...], RECORD[name].values)
        assert group[name].dtype == RECORD[name].dtype
    with xr.open_zarr(tmp_path / "s.zarr" / "runs" / one.name, consolidated=True) as read:
        numbers = RECORD.drop_vars("unit")  # text is an attribute: zarr has no settled type for it
        xr.testing.assert_equal(read.load(), numbers)
        assert set(read.coords) == set(numbers.coords)
        assert read.loss.attrs == {"long_name": "training loss"}
        assert read.attrs["sweep_text"]["unit"]["values"] == ["a", "b", "c"]


def test_no_file_of_a_store_is_a_pickle(store):
    if isinstance(store.files.root, str):
        pytest.skip("a folder shows it")
    add(store, run(width=4))
    store.fail(run(width=8), "no")
    store.keep_plan(Grid({}, axes_of({"width": [4]})), {})
    files = [path for path in store.files.root.rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        if path.name == "zarr.json":
            json.loads(path.read_bytes())
        else:
            with pytest.raises(Exception):  # noqa: B017 - any: numbers are no pickle
                list(pickletools.genops(path.read_bytes()))  # reads opcodes and runs none


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.array([{}], object), "bad must hold numbers, truth values or text, got Python objects"),
        (
            np.array(["2026-01-01"], "datetime64[s]"),
            r"bad must hold numbers, truth values or text, got dtype datetime64",
        ),
    ],
)
def test_what_would_need_a_pickle_is_refused(value, message):
    with pytest.raises(InputError, match=message):
        encode(xr.Dataset({"bad": ("i", value)}), {})


@pytest.mark.parametrize("name", ["../escape", "a/b", ".hidden", "zarr.json", ""])
def test_a_variable_cannot_leave_its_group(name):
    with pytest.raises(InputError, match="a variable must have a name that can be a folder's"):
        encode(xr.Dataset({name: ((), 1.0)}), {})


def test_attributes_that_are_no_json_are_refused():
    with pytest.raises(InputError, match="attributes must be finite numbers, text, lists and dictionaries"):
        encode(xr.Dataset(attrs={"bad": float("nan")}), {})


@pytest.mark.parametrize(
    "change",
    [
        {"codecs": [{"name": "numcodecs.pickle"}]},
        {"data_type": "object"},
        {"shape": [10**12]},
        {"shape": [-1]},
        {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1]}}},
    ],
)
def test_another_layout_from_a_stranger_is_refused(change):
    files = encode(RECORD, {})
    described = decode_group(files["zarr.json"], "")["arrays"]["loss"]
    np.testing.assert_array_equal(decode_array(described, files["loss/0"], "loss"), [0.5, np.nan])
    with pytest.raises(InputError, match=r"loss must (be a whole, uncompressed array of numbers|have \d+ bytes)"):
        decode_array({**described, **change}, files["loss/0"], "loss")


def test_only_a_new_folder_or_a_store_is_taken(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="the store must be a new folder or one of a sweep"):
        Store(str(tmp_path)).create()
    with pytest.raises(InputError, match="the store must be a new folder or one of a sweep"):
        Store(str(tmp_path / "mine.txt")).create()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "zarr.json").write_text('{"attributes": {"schema": "another"}}')
    with pytest.raises(InputError, match="must be a store of a sweep with schema 'nfa-theory sweep 1', got 'another'"):
        Store(str(tmp_path / "other")).create()
    with pytest.raises(InputError, match="no such store"):
        Store(str(tmp_path / "none")).check()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.txt", "other"]


def test_a_creation_that_was_killed_is_begun_again(tmp_path):
    Store(str(tmp_path / "s")).create()
    (tmp_path / "s" / "zarr.json").unlink()  # it is written last
    Store(str(tmp_path / "s")).create()
    Store(str(tmp_path / "s")).check()


def test_a_full_disk_is_said_in_one_line_and_leaves_nothing(tmp_path, monkeypatch):
    store, one = Store(str(tmp_path / "s")), run(width=4)
    store.create()
    write = Path.write_bytes

    def full(path, content):
        if path.name == "0.0":
            write(path, content[:1])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match=rf"the output must be writable, got '.*{one.name}': No space left on device"):
        add(store, one)
    monkeypatch.undo()
    assert store.finished() == set()
    assert list((tmp_path / "s" / ".unfinished").iterdir()) == []
    add(store, one)
    assert store.damaged(one.name) == ""


def test_an_unknown_kind_of_address_is_refused():
    pytest.importorskip("fsspec", reason="object stores need fsspec (the extra 'sweeps')")
    with pytest.raises(InputError, match="the store must be a folder or an address of fsspec, got nowhere://x"):
        files_at("nowhere://x")
