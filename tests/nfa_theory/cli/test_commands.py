"""Every command does what its help says, and prints what it promises."""

import json

import numpy as np
import pytest

import nfa_theory.experiments.early_alignment.measure as early
import nfa_theory.reproduce
from nfa_theory.cli import main
from nfa_theory.predict import predict_alignment
from nfa_theory.reproduce import Plan
from nfa_theory.workers import Workers
from numerics import MLP, load_record
from numerics.data import load_dataset

PLAN = Plan(
    "quick",
    depth=1,
    width=8,
    training_seeds=2,
    training_steps=2,
    prediction_samples=40,
    widths=(64, 128, 256, 512),
    fitted_from=64,
    initializations=8,
    grid_depths=(1,),
    grid_widths=(16,),
    claims=("identities.factorization",),
)


def nothing_drawn(figure, formats):
    return {f"{figure.name}{suffix}.svg": b"<svg/>" for suffix in ("", "_one_column")}


@pytest.fixture
def tiny_plan(monkeypatch):
    monkeypatch.setitem(nfa_theory.reproduce.PLANS, "quick", PLAN)
    # Drawing is slow and tested elsewhere; here nothing is drawn, in one process.
    monkeypatch.setattr("nfa_theory.reproduce.run.Workers", lambda: Workers(1))
    monkeypatch.setattr("nfa_theory.reproduce.run.figure_files", nothing_drawn)


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 4))
    np.savez(tmp_path / "data.npz", X=X, Y=X[:, :1] * X[:, 1:2])
    return tmp_path / "data.npz"


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("nfa-theory ")


@pytest.mark.parametrize("arguments", [[], ["--help"], ["reproduce", "--help"], ["simulate", "-h"]])
def test_help(capsys, arguments):
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert "Usage: nfa" in captured.out
    assert captured.err == ""
    assert "\x1b[" not in captured.out  # no colors outside a terminal


def test_data_lists_the_named_sets(capsys):
    assert main(["data"]) == 0
    assert "fashion_mnist_subset" in capsys.readouterr().out
    assert main(["data", "--json"]) == 0
    assert "cifar10" in [entry["name"] for entry in json.loads(capsys.readouterr().out)]


def test_predict_prints_the_prediction(capsys, data):
    with np.load(data) as arrays:
        X, Y = arrays["X"], arrays["Y"]
    expected = predict_alignment(X, Y, MLP((4, 64, 64, 1), "erf"), initial_function="zero").limit
    arguments = ["predict", str(data), "--hidden", "64,64", "--activation", "erf", "--initial-function", "zero"]
    assert main([*arguments, "--json"]) == 0
    captured = capsys.readouterr()
    shown = json.loads(captured.out)
    assert [layer["c_nfa"] for layer in shown["layers"]] == pytest.approx(list(expected))
    assert captured.err == ""
    assert main(arguments) == 0
    assert f"layer 2: {expected[1]:.4f}" in capsys.readouterr().out


def test_predict_on_a_named_set(capsys):
    assert main(["predict", "fashion_mnist_subset", "--samples", "50", "--initial-function", "zero", "--json"]) == 0
    few = load_dataset("fashion_mnist_subset", train=50)
    expected = predict_alignment(few.X, few.Y, MLP((784, 256, 256, 10)), initial_function="zero").limit
    shown = json.loads(capsys.readouterr().out)
    assert [layer["c_nfa"] for layer in shown["layers"]] == pytest.approx(list(expected))


def test_simulate_writes_a_record_and_figures_draws_it(capsys, data, tmp_path):
    out = tmp_path / "run.nc"
    arguments = ["simulate", str(data), "--hidden", "8,8", "--steps", "4", "--measure", "2", "--seeds", "2"]
    assert main([*arguments, "--out", str(out)]) == 0
    record = load_record(out)
    assert record["step"].values.tolist() == [0, 2, 4]
    assert record.sizes["seed"] == 2
    assert record.sizes["layer"] == 2
    assert main(["figures", str(out), "--out", str(tmp_path / "drawn"), "--quiet"]) == 0
    drawn = {path.name for path in (tmp_path / "drawn" / "run").iterdir()}
    assert {"alignment.pdf", "alignment.png", "alignment.csv", "decomposition.pdf"} <= drawn
    assert "2 runs, 3 measurements" in capsys.readouterr().out


@pytest.mark.usefixtures("tiny_plan")
def test_reproduce_prints_only_json_if_asked(capsys, tmp_path):
    assert main(["reproduce", "--quick", "--json", "--out", str(tmp_path / "r")]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out) == json.loads((tmp_path / "r" / "results.json").read_text(encoding="utf-8"))
    assert captured.err == ""


@pytest.mark.usefixtures("tiny_plan")
def test_a_wrong_prediction_is_refuted_with_exit_status_1(capsys, tmp_path, monkeypatch):
    """The twin: a prediction half of the true one, all else equal."""

    def wrong(*arguments, **options):
        prediction = predict_alignment(*arguments, **options)
        object.__setattr__(prediction, "limit", prediction.limit / 2)
        return prediction

    monkeypatch.setattr(early, "predict_alignment", wrong)
    assert main(["reproduce", "--quick", "--out", str(tmp_path / "r")]) == 1
    assert "refuted" in capsys.readouterr().out
    assert "was refuted" in (tmp_path / "r" / "report.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("tiny_plan")
def test_quiet_says_nothing(capsys, tmp_path):
    assert main(["reproduce", "--quick", "-q", "--out", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""
