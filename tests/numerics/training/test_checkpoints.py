"""A run that was stopped and resumed is identical to one never stopped."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from numerics import MLP, InputError, Measure, simulate
from numerics.networks import ensembles as ensembles_module
from numerics.optimizers import Adam, GradientFlow, Momentum, Muon, SpeedLimited
from numerics.training.measure import as_measure

RNG = np.random.default_rng(0)
X = RNG.standard_normal((30, 4))
Y = np.eye(3)[RNG.integers(0, 3, 30)]
NET = MLP((4, 6, 5, 3), "tanh", bias=True)
OPTIONS = {"steps": 13, "batch_size": 8, "seed": [0, 4, 9], "learning_rate": 0.1}
MEASURE = Measure(3, test=(X[:9], Y[:9]))


class StopError(Exception):
    """What a user or a scheduler does to a run."""


def run(path=None, stop=None, **changes):
    def progress(done, total):
        if done == stop:
            raise StopError

    chosen = {**OPTIONS, "measure": MEASURE, "progress": progress, **changes}
    return simulate(X, Y, NET, **{**chosen, "measure": replace(as_measure(chosen["measure"]), checkpoint=path)})


OPTIMIZERS = ("sgd", "gd", Momentum(), Adam(), Muon(), SpeedLimited([1.0, 0.1, 0.1]), GradientFlow(1e-3, 1e-3))
STOPS = [
    # A flow takes seconds, and trains networks one after the other anyway: one stop of it is enough by default.
    pytest.param(
        each,
        stop,
        alone,
        id=f"{each}-{stop}-{alone}",
        marks=[pytest.mark.slow] * (str(each)[:2] == "fl" and stop != 25),
    )
    for each, stop, alone in product(OPTIMIZERS, (11, 25, 38), (True, False))
    if alone or str(each)[:2] != "fl"
]


@pytest.mark.parametrize(("optimizer", "stop", "alone"), STOPS)
def test_a_resumed_run_is_identical(tmp_path, monkeypatch, optimizer, stop, alone):
    if alone:
        monkeypatch.setattr(ensembles_module, "GROUP_BYTES", 1)
    batch = {"batch_size": None} if str(optimizer)[:2] in ("gd", "fl") else {}
    expected = run(optimizer=optimizer, **batch)
    path = tmp_path / "run.npz"
    with pytest.raises(StopError):
        run(path, stop, optimizer=optimizer, **batch)
    assert path.exists()
    record = run(path, optimizer=optimizer, **batch)
    assert record.identical(expected)
    assert run(path, optimizer=optimizer, **batch).identical(expected)  # finished already: read, not run


def test_a_sketched_run_draws_the_same_signs_after_a_stop(tmp_path):
    path, sketched = tmp_path / "run.npz", replace(MEASURE, combinations=1)
    with pytest.raises(StopError):
        run(path, 25, measure=sketched)
    assert run(path, measure=sketched).identical(run(measure=sketched))


def test_progress_reaches_the_total_after_a_stop(tmp_path):
    path, seen = tmp_path / "run.npz", []
    with pytest.raises(StopError):
        run(path, 25)
    run(path, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (39, 39)


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("optimizer", ["sgd", Adam()], ids=str)
def test_a_finished_run_is_extended_as_if_it_had_been_longer(tmp_path, monkeypatch, optimizer, alone):
    """Networks one after another too: all of them go on. The last of 10 steps is measured no more."""
    if alone:
        monkeypatch.setattr(ensembles_module, "GROUP_BYTES", 1)
    path = tmp_path / "run.npz"
    assert run(path, optimizer=optimizer, steps=10)["step"].values.tolist() == [0, 3, 6, 9, 10]
    extended, expected = run(path, optimizer=optimizer, steps=20), run(optimizer=optimizer, steps=20)
    assert extended.identical(expected)
    assert not extended.identical(run(optimizer=optimizer, steps=20, learning_rate=0.1001))  # the twin


def test_a_schedule_that_depends_on_the_number_of_steps_is_not_extended(tmp_path):
    path = tmp_path / "run.npz"
    run(path, steps=4, learning_rate=[0.4, 0.3, 0.2, 0.1])
    run(path, steps=5, learning_rate=[0.4, 0.3, 0.2, 0.1, 0.05])
    with pytest.raises(InputError, match=r"must be of the same run, got learning_rate"):
        run(path, steps=6, learning_rate=[0.4, 0.35, 0.3, 0.2, 0.1, 0.0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"learning_rate": 0.2}, "must be of the same run, got learning_rate 0.1 instead of 0.2"),
        ({"seed": [0, 4, 8]}, r"must be of the same run, got seeds \[0, 4, 9\] instead of \[0, 4, 8\]"),
        ({"measure": replace(MEASURE, test=None)}, "must be of the same run, got test .* instead of null"),
        (
            {"measure": replace(MEASURE, every=4)},
            "must have been measured where this run is, got no",
        ),
        ({"steps": 12}, "has 13 steps, so steps must be at least that, got 12"),
        ({"optimizer": "adam"}, 'must be of the same run, got optimizer "sgd" instead of "adam'),
    ],
)
def test_the_checkpoint_of_another_run_is_refused(tmp_path, change, message):
    path = tmp_path / "run.npz"
    run(path)
    with pytest.raises(InputError, match=message):
        run(path, **change)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 broken"])
def test_a_damaged_checkpoint_is_refused(tmp_path, content):
    path = tmp_path / "run.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"is not a checkpoint that can be read|must be a checkpoint of a run"):
        run(path)


def test_pickled_objects_are_refused(tmp_path):
    path = tmp_path / "run.npz"
    np.savez(path, schema=np.asarray([{}], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="is not a checkpoint that can be read"):
        run(path)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match="the folder of the output must exist, got"):
        run(tmp_path / "none" / "run.npz")
