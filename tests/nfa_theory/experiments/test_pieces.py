"""An experiment that is stopped goes on after its last record, and ends as if it had never been stopped."""

import json

import numpy as np
import pytest
import xarray as xr
from small_experiments import SMALL

from nfa_theory.experiments import find_experiment
from nfa_theory.experiments.frame.outputs import UNFINISHED, run_to_files
from nfa_theory.experiments.frame.pieces import Pieces
from nfa_theory.workers import Workers
from numerics import InputError


class StoppedError(Exception):
    """What stands for Ctrl-C here."""


def stop_at(share):
    def progress(done, _):
        if done >= share:
            raise StoppedError

    return progress


@pytest.mark.parametrize(
    "name", ["batch_size", "converged_with_weight_decay", "early_alignment", "favored_layer", "image_features"]
)
def test_a_resumed_run_is_identical_to_one_never_stopped(name, small, tmp_path):
    with pytest.raises(StoppedError):
        find_experiment(name)(folder=tmp_path, progress=stop_at(0.6), **SMALL[name])
    assert list(tmp_path.glob("*.nc"))
    resumed = find_experiment(name)(folder=tmp_path, **SMALL[name])
    assert resumed.identical(small(name))
    assert bytes(resumed.to_netcdf(None, engine="scipy")) == bytes(small(name).to_netcdf(None, engine="scipy"))


def test_what_was_kept_is_not_made_again(tmp_path):
    def piece(value):
        return lambda progress: xr.Dataset({"x": ("i", np.asarray([value]))})

    assert [each.x for each in Pieces(tmp_path).records({"a": piece(1.0)})] == [1.0]
    both = Pieces(tmp_path).records({"a": piece(5.0), "b": piece(2.0)})
    assert [each.x for each in both] == [1.0, 2.0]


def test_pieces_of_another_run_are_refused(tmp_path):
    options = SMALL["batch_size"]
    find_experiment("batch_size")(folder=tmp_path, **options)
    with pytest.raises(InputError, match=r"must hold pieces of the same run, got sizes \[4, 64\] instead of \[4, 32\]"):
        find_experiment("batch_size")(folder=tmp_path, **options | {"train": 32, "sizes": (4, 32)})


def test_a_damaged_piece_is_refused(tmp_path):
    (tmp_path / "0.nc").write_bytes(b"not netCDF")
    with pytest.raises(InputError, match="must be a piece of an experiment"):
        Pieces(tmp_path).record("a", lambda progress: xr.Dataset())


def test_files_appear_together_at_the_end(tmp_path, small):
    experiment, out = find_experiment("spectrum_decay"), tmp_path / "out"
    with pytest.raises(StoppedError):
        run_to_files(experiment, out, SMALL["spectrum_decay"], stop_at(0.9))
    assert [path.name for path in out.iterdir()] == [UNFINISHED]
    record, files = run_to_files(experiment, out, SMALL["spectrum_decay"], lambda share, what: None)
    assert record.identical(small("spectrum_decay"))
    assert sorted(out.iterdir()) == sorted(files)
    verdict = json.loads((out / "verdict.json").read_text(encoding="utf-8"))
    assert verdict["experiment"] == "spectrum_decay"
    assert {"claim", "outcome", "level", "test", "parts", "options", "version"} <= set(verdict)


@pytest.mark.parametrize("name", ["early_alignment", "through_training"])
def test_several_processes_give_the_record_of_one(name, small):
    """The same networks, measured elsewhere; a sum of other length in the threads may round in another way."""
    with Workers(2) as workers:
        record = find_experiment(name)(workers=workers, **SMALL[name])
    xr.testing.assert_allclose(record.drop_attrs(), small(name).drop_attrs(), rtol=1e-4, atol=1e-6)
    assert record.attrs["options"] == small(name).attrs["options"]
