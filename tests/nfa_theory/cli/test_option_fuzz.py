"""Whatever options are put together: exit status 0, or 2 and one line, and never a file that was not asked for."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nfa_theory.cli import main

VALUES = {
    "--hidden": ["4", "4,4", "0", "x", "4,"],
    "--activation": ["tanh", "ELU", "swish", "hermite:3", "hermite:65", "rel"],
    "--parametrization": ["pytorch", "mup", "npk"],
    "--steps": ["0", "2", "-1", "1.5"],
    "--epochs": ["1", "-1"],
    "--learning-rate": ["0.1", "0", "nan", "1e300"],
    "--schedule": ["cosine", "step:0.1,0.5", "step:2", "none"],
    "--warmup": ["0.5", "1", "-1"],
    "--weight-decay": ["0.1", "-1", "nan"],
    "--optimizer": ["adam", "gd", "slo:1", "slo:9", "momentum:2", "muon:0", "sign:x"],
    "--batch-size": ["1", "0", "1000"],
    "--loss": ["mse", "cross_entropy", "mae"],
    "--alignment": ["pearson", "cos"],
    "--measure": ["1", "0", "-3"],
    "--seed": ["3", "-1", "x"],
    "--seeds": ["2", "0"],
    "--standardize": ["columns", "unit_sphere", "zscore"],
    "--x-key": ["X", "Z"],
    "--y-key": ["Y", "C", "T"],
    "--classes": [None],
    "--no-classes": [None],
    "--center-labels": [None],
    "--bias": [None],
    "--force": [None],
}
PREDICTING = {
    **{
        name: VALUES[name]
        for name in ("--hidden", "--activation", "--parametrization", "--batch-size", "--loss", "--seed")
    },
    **{
        name: VALUES[name] for name in ("--standardize", "--x-key", "--y-key", "--classes", "--center-labels", "--bias")
    },
    "--samples": ["6", "1", "x", "99"],
    "--networks": ["0", "4", "3", "-1"],
    "--times": ["0", "0,0.1", "1,0", "x"],
    "--initial-function": ["zero", "average", "one"],
    "--method": ["exact", "fast"],
    "--directions": ["0", "2", "-1", "99"],
    "--initialization": ["orthogonal", "normal"],
}


def drawn(values):
    """Draw up to five options, each with one of its values."""
    names = st.lists(st.sampled_from(sorted(values)), max_size=5, unique=True)
    return names.flatmap(
        lambda each: st.tuples(*(st.tuples(st.just(name), st.sampled_from(values[name])) for name in each))
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((12, 3))
    texts = np.array(["a", "b", "c"])[rng.integers(0, 3, 12)]
    np.savez(tmp_path / "d.npz", X=X, Y=X[:, :1], C=rng.integers(0, 3, 12), T=texts)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(options=drawn(VALUES))
def test_any_options_of_simulate(folder, capsys, options):
    (folder / "run.nc").unlink(missing_ok=True)
    words = [word for option in options for word in option if word is not None]
    data = (folder / "d.npz").read_bytes()
    status = main(["simulate", "d.npz", "--hidden", "3", "--steps", "1", "--out", "run.nc", "--quiet", *words])
    captured = capsys.readouterr()
    errors = [line for line in captured.err.splitlines() if not line.startswith("nfa: note: ")]
    assert captured.out == ""
    assert (folder / "d.npz").read_bytes() == data
    if status == 0:
        assert errors == []
        assert sorted(path.name for path in folder.iterdir()) == ["d.npz", "run.nc"]
    else:
        assert status == 2
        assert len(errors) == 1
        assert errors[0].startswith("nfa: ")
        assert sorted(path.name for path in folder.iterdir()) == ["d.npz"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=settings().max_examples // 3)
@given(options=drawn(PREDICTING))
def test_any_options_of_predict(folder, capsys, options):
    words = [word for option in options for word in option if word is not None]
    status = main(["predict", "d.npz", "--hidden", "3", "--networks", "0", "--json", *words])
    captured = capsys.readouterr()
    errors = [line for line in captured.err.splitlines() if not line.startswith("nfa: note: ")]
    assert [path.name for path in folder.iterdir()] == ["d.npz"]
    if status == 0:
        assert errors == []
        assert json.loads(captured.out)["layers"]
    else:
        assert (status, captured.out, len(errors)) == (2, "", 1)
        assert errors[0].startswith("nfa: ")
