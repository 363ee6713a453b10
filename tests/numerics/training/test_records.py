"""Records on disk: the same record gives the same bytes, and a damaged or foreign file gives one clear line."""

import json

import numpy as np
import pytest
import xarray as xr

from numerics import MLP, InputError, load_record, save_record, simulate


@pytest.fixture(scope="module")
def record():
    X = np.random.default_rng(0).standard_normal((12, 3))
    return simulate(X, X[:, :2] > 0, MLP((3, 4, 4, 2)), epochs=2, batch_size=4, seed=[5, 6], measure=2)


def test_round_trip(record, tmp_path):
    path = save_record(record, tmp_path / "run.nc")
    xr.testing.assert_identical(load_record(path), record)
    assert save_record(record, tmp_path / "again.nc").read_bytes() == path.read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["again.nc", "run.nc"]


def test_schema(record):
    assert dict(record.sizes) == {"seed": 2, "step": 4, "layer": 2, "nfm_term": 3, "agop_term": 3}
    assert record.layer.values.tolist() == [1, 2]
    assert record.seed.values.tolist() == [5, 6]
    assert record.step.values.tolist() == [0, 2, 4, 6]
    assert record.epoch.values.tolist() == [0, 2 / 3, 4 / 3, 2]
    np.testing.assert_allclose(record.decomposition.sum(["nfm_term", "agop_term"]), record.uc_nfa, rtol=1e-12)
    config = json.loads(record.attrs["config"])
    assert config["net"]["widths"] == [3, 4, 4, 2]
    assert config["batch_size"] == 4
    assert len(config["data"]["sha256"]) == 64
    assert json.loads(record.attrs["seed"]) == [5, 6]
    assert set(json.loads(record.attrs["machine"])) == {"processor", "system", "python", "numpy"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a netCDF record that can be read"),
        (b"CDF\x02garbage", "is not a netCDF record that can be read"),
        (b"not netcdf at all", "is not a netCDF record that can be read"),
    ],
)
def test_corrupt_files(tmp_path, content, message):
    path = tmp_path / "bad.nc"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as error:
        load_record(path)
    assert "\n" not in str(error.value)


def test_missing_foreign_and_unwritable_files(record, tmp_path):
    with pytest.raises(InputError, match="no such record"):
        load_record(tmp_path / "none.nc")
    with pytest.raises(InputError, match="got the folder"):
        load_record(tmp_path)
    xr.Dataset({"a": 1}).to_netcdf(tmp_path / "other.nc", engine="scipy")
    with pytest.raises(InputError, match="must be a record with schema 'nfa-theory record 1', got None"):
        load_record(tmp_path / "other.nc")
    with pytest.raises(InputError, match=r"the folder of the output must exist, got"):
        save_record(record, tmp_path / "no" / "run.nc")
