"""Sweeps in one process: every run once, whatever fails, and one labelled data set in the end."""

import math
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import nfa_theory as nfa
from nfa_theory.sweeps.perform import perform
from numerics.errors import InputError

PLAN = """
seeds = [0, 5]
[data]
file = "mine.npz"
[network]
depth = 1
[optimizer]
steps = 6
[measure]
every = 3
[grid.product]
network.width = [4, 8]
optimizer.learning_rate = [0.1, 0.3]
"""


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def area(width, height):
    if width == 3:
        raise ZeroDivisionError("width 3\nis not for us")
    return {"area": width * height, "sides": [width, height]}


GRID = {"width": [1, 2, 3], "height": [5, 7]}


@pytest.fixture
def plan(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X = np.random.default_rng(0).standard_normal((30, 3))
    np.savez(tmp_path / "mine.npz", X=X, Y=X[:, :1] * X[:, 1:2], X_test=X[:9], Y_test=X[:9, :1])
    (tmp_path / "plan.toml").write_text(PLAN)
    return "plan.toml"


def test_runs_of_a_function_become_one_data_set(tmp_path):
    done = nfa.sweeps.run(area, GRID, store=tmp_path / "s", workers=1, progress=False)
    assert (done.total, done.before, done.computed, len(done.failures)) == (6, 0, 4, 2)
    assert {each.message for each in done.failures} == {"ZeroDivisionError: width 3 is not for us"}
    sweep = done.open()
    np.testing.assert_array_equal(sweep.area.values, [[5, 7], [10, 14], [0, 0]])
    np.testing.assert_array_equal(sweep.finished.values, [[True, True], [True, True], [False, False]])
    assert sweep.sides.sel(width=2, height=7).values.tolist() == [2, 7]
    assert sweep.sides.dims == ("width", "height", "sides_0")


def test_finished_runs_are_not_computed_again_and_failed_ones_when_asked(tmp_path, monkeypatch):
    called = []

    def watched(width, height):
        called.append((width, height))
        return area(width, height)

    arguments = {"store": tmp_path / "s", "workers": 1, "progress": False}
    nfa.sweeps.run(watched, GRID, **arguments)
    assert len(called) == 6
    again = nfa.sweeps.run(watched, GRID, **arguments)
    assert (len(called), again.before, again.computed, len(again.failures)) == (6, 4, 0, 2)
    nfa.sweeps.run(watched, GRID, retry_failed=True, **arguments)
    assert sorted(called[6:]) == [(3, 5), (3, 7)]
    wider = nfa.sweeps.run(watched, {**GRID, "width": [1, 4]}, **arguments)
    assert sorted(called[8:]) == [(4, 5), (4, 7)]
    assert wider.before == 2
    assert wider.open().area.sel(width=4, height=7).item() == 28  # both grids are one data set
    assert set(wider.open().width.values) == {1, 2, 3, 4}


def test_a_plan_gives_what_simulate_gives(plan, tmp_path):
    done = nfa.sweeps.run(plan, store="s.zarr", workers=1, progress=False)
    assert done.computed == 8
    sweep, (X, Y) = done.open(), (np.load("mine.npz")[name] for name in "XY")
    for width in (4, 8):
        for rate in (0.1, 0.3):
            for seed in (0, 5):
                record = nfa.simulate(X, Y, nfa.MLP((3, width, 1)), steps=6, learning_rate=rate, seed=seed, measure=3)
                found = sweep.sel(width=width, learning_rate=rate, seed=seed)
                for name in ("uc_nfa", "c_nfa", "loss", "decomposition"):
                    np.testing.assert_array_equal(found[name].values, record[name].isel(seed=0).values)
    assert set(sweep.data_vars) >= {"test_loss", "relative_weight_change", "finished"}
    assert sweep.epoch.dims[-1] == "step"


def test_a_stopped_sweep_ends_in_the_same_bytes(plan, tmp_path):
    nfa.sweeps.run(plan, store="whole.zarr", workers=1, progress=False)

    class Stop(BaseException):
        pass

    def stop_after_two(share, what):
        if what.startswith("3 of"):
            raise Stop

    with pytest.raises(Stop):
        nfa.sweeps.run(plan, store="parts.zarr", workers=1, progress=stop_after_two)
    names = list((tmp_path / "parts.zarr" / "runs").iterdir())
    assert 2 < len(names) < 9
    rest = nfa.sweeps.run(plan, store="parts.zarr", workers=1, progress=False)
    assert (rest.before, rest.computed) == (len(names) - 1, 9 - len(names))
    assert content("parts.zarr") == content("whole.zarr")


def test_networks_trained_side_by_side_and_alone_are_the_same_bytes(plan, tmp_path):
    found = nfa.sweeps.read_plan(plan)
    runs = list(found.grid)
    for name, groups in (("together", [runs[:2], runs[2:4]]), ("alone", [[run] for run in runs[:4]])):
        nfa.sweeps.run(area, {"width": [1], "height": [1]}, store=tmp_path / name, workers=1, progress=False)
        for group in groups:
            assert len(perform(found.work, str(tmp_path / name), group, 1).written) == len(group)
    assert content("together") == content("alone")


def test_a_run_that_diverges_is_recorded_and_the_others_of_its_task_go_on(plan, tmp_path):
    text = PLAN.replace("steps = 6", "steps = 60").replace("[0.1, 0.3]", "[0.1, 1e6]")
    (tmp_path / "plan.toml").write_text(text)
    done = nfa.sweeps.run(plan, store="s.zarr", workers=1, progress=False)
    assert (done.computed, len(done.failures)) == (4, 4)
    for failure in done.failures:
        assert failure.settings["optimizer.learning_rate"] == 1e6
        assert "diverged" in failure.message or "finite" in failure.message
    assert done.open().loss.isel(step=-1).notnull().sum().item() == 4


def test_runs_of_different_lengths_and_depths_are_one_data_set(plan, tmp_path):
    zipped = "[[grid.zip]]\nnetwork.depth = [1, 2]\noptimizer.steps = [3, 6]\n"
    head = PLAN.replace("depth = 1\n", "").replace("steps = 6\n", "batch_size = 10\n").partition("[grid")[0]
    (tmp_path / "plan.toml").write_text(head + zipped)
    sweep = nfa.sweeps.run(plan, store="s.zarr", workers=1, progress=False).open()
    assert dict(sweep.c_nfa.sizes) == {"depth": 2, "seed": 2, "step": 3, "layer": 2}
    assert sweep.steps.dims == ("depth",)
    there = sweep.uc_nfa.notnull().all("seed").values
    np.testing.assert_array_equal(there[0], [[True, False], [True, False], [False, False]])
    np.testing.assert_array_equal(there[1], np.ones((3, 2), bool))


def test_a_sweep_is_read_lazily(tmp_path, monkeypatch):
    done = nfa.sweeps.run(area, {"width": range(50), "height": [5]}, store=tmp_path / "s", workers=1, progress=False)
    sweep, read = done.open(), []
    original = type(nfa.sweeps.store.Store("x").files).read

    def watched(self, path):
        read.append(path)
        return original(self, path)

    monkeypatch.setattr(type(nfa.sweeps.store.Store("x").files), "read", watched)
    assert sweep.area.isel(width=[7, 9]).sum().item() == 5 * (7 + 9)
    assert len(read) == 2
    assert (sweep.area > 0).sum().item() == 48  # 0 and the one that failed
    assert len(read) == 2 + 49


def test_lazy_indexing_is_that_of_numpy(tmp_path):
    def block(a, b):
        return xr.Dataset({"x": (("i", "j"), 100 * a + 10 * b + np.arange(6.0).reshape(2, 3))}, {"j": [5, 6, 7]})

    sweep = nfa.sweeps.run(block, {"a": [1, 2], "b": [1, 2, 3]}, store=tmp_path / "s", workers=1, progress=False).open()
    whole = sweep.x.copy(deep=True).load().values
    np.testing.assert_array_equal(whole[1, 2], 230 + np.arange(6.0).reshape(2, 3))
    for key in [(0,), (slice(None), -1), (0, [2, 0], slice(None, None, -1)), ([1, 0], slice(1, 2), 0, [2, 2])]:
        expected = whole
        for axis, part in reversed(list(enumerate(key))):
            expected = expected[(*[slice(None)] * axis, part)]
        np.testing.assert_array_equal(nfa.sweeps.open(tmp_path / "s").x[key].values, expected)


def test_a_store_of_two_kinds_of_sweeps_asks_which(tmp_path):
    arguments = {"store": tmp_path / "s", "workers": 1, "progress": False}
    nfa.sweeps.run(area, GRID, **arguments)
    nfa.sweeps.run(area, {"height": [1], "width": [2]}, **arguments)
    with pytest.raises(InputError, match="holds sweeps of several kinds; name a plan: "):
        nfa.sweeps.open(tmp_path / "s")
    plans = [each.plan for each in nfa.sweeps.status(tmp_path / "s") if each.total == 1]
    assert nfa.sweeps.open(tmp_path / "s", plans[0]).area.item() == 2
    with pytest.raises(InputError, match=r"the plan must be one of .* got 'other'"):
        nfa.sweeps.open(tmp_path / "s", "other")


def test_status_tells_what_is_there_what_failed_and_what_is_damaged(tmp_path):
    nfa.sweeps.run(area, GRID, store=tmp_path / "s", workers=1, progress=False)
    (found,) = nfa.sweeps.status(tmp_path / "s", check=True)
    assert (found.total, found.finished, found.missing, len(found.failures)) == (6, 4, 0, 2)
    assert found.damaged == {}
    name = next(path for path in (tmp_path / "s" / "runs").iterdir() if path.is_dir())
    (name / "area" / "0").write_bytes(b"12345678")
    (found,) = nfa.sweeps.status(tmp_path / "s", check=True)
    assert found.damaged == {name.name: "its bytes are not those written"}
    assert str(found).splitlines()[0] == "area: 6 runs: 4 finished, 2 failed, 0 missing"
    (name / "zarr.json").unlink()
    (found,) = nfa.sweeps.status(tmp_path / "s")
    assert (found.finished, found.missing) == (3, 1)
    assert "s ago" in str(found)


def test_progress_and_the_estimate_are_told(tmp_path):
    seen, told = [], []
    nfa.sweeps.run(area, GRID, store=tmp_path / "s", workers=1, progress=lambda *x: seen.append(x), told=told.append)
    shares = [share for share, _ in seen]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert seen[-1][1] == "6 of 6 runs, 2 failed"
    assert len(told) == 1
    assert "5 more take about" in str(told[0])
    assert told[0].size == 6 * told[0].bytes_of_one


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda store: nfa.sweeps.run(lambda a: {}, {"a": [1]}, store=store), "must have a name, .* got a lambda"),
        (lambda store: nfa.sweeps.run(area, {}, store=store), "a function needs a grid of settings"),
        (lambda store: nfa.sweeps.run(area, GRID, store=store, workers=0), "workers must be an integer of at least 1"),
        (lambda store: nfa.sweeps.run(area, {"function": [1]}, store=store), "a setting must not be called 'function'"),
        (lambda store: nfa.sweeps.run(3, {"a": [1]}, store=store), "a sweep needs a plan or a function, got 3"),
        (lambda store: nfa.sweeps.open(store), "no such store"),
        (lambda store: nfa.sweeps.status(store), "no such store"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_line_and_makes_nothing(tmp_path, call, message):
    with pytest.raises(InputError, match=message):
        call(tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_a_function_may_return_only_what_a_store_can_hold(tmp_path):
    def bad(a):
        return {0: {"x": object()}, 1: 3.0, 2: {"x": math.pi}}[a]

    done = nfa.sweeps.run(bad, {"a": [0, 1, 2]}, store=tmp_path / "s", workers=1, progress=False)
    assert done.computed == 1
    assert {each.message for each in done.failures} == {
        "x must hold numbers, truth values or text, got Python objects",
        "the function of a sweep must return an xarray.Dataset or a mapping of names to arrays, got float",
    }
