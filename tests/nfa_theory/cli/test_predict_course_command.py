"""`nfa predict --times` and `--statistics`: the text, its JSON, its figure, and what they refuse."""

import json

import numpy as np
import pytest

import nfa_theory as nfa
from nfa_theory.cli import main

SIGMA, LABELS = np.diag([2.0, 1.0, 0.5]), np.array([[1.0, 0.2, 0.0], [0.0, 0.3, 0.5]])


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20, 4))
    np.savez(tmp_path / "data.npz", X=X, Y=np.eye(2)[(X[:, 0] > 0).astype(int)])
    np.savez(tmp_path / "moments.npz", input_covariance=SIGMA, label_covariance=LABELS)
    np.savez(tmp_path / "indefinite.npz", input_covariance=-SIGMA, label_covariance=LABELS)
    np.savez(tmp_path / "gaussian.npz", input_covariance=SIGMA, label_covariance=LABELS, gaussian=3)
    np.save(tmp_path / "single.npy", SIGMA)
    (tmp_path / "text.npz").write_text("no archive")
    return tmp_path


def run(capsys, *arguments):
    assert main(["predict", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def test_the_json_of_a_course_is_the_prediction(capsys, folder):
    options = ("--hidden", "8", "--activation", "erf", "--networks", "4", "--times", "0,0.5", "--json")
    found = json.loads(run(capsys, folder / "data.npz", *options))
    with np.load(folder / "data.npz") as arrays:
        net = nfa.MLP((4, 8, 2), "erf")
        course = nfa.predict_course(arrays["X"], arrays["Y"], net, [0.0, 0.5], networks=4)
    layer = found["layers"][0]
    assert found["times"] == [0.0, 0.5]
    assert layer["c_nfa"]["mean"] == pytest.approx(course.c_nfa.mean[:, 0].tolist())
    assert layer["c_nfa"]["limit"] == pytest.approx(course.limit[:, 0].tolist())
    assert layer["uc_nfa"]["coefficients"] == pytest.approx(course.uc_nfa.coefficients[:, 0].tolist())
    assert layer["uc_nfa"]["trusted_time"] == pytest.approx(course.uc_nfa.trusted_time[0])


def test_the_feature_learning_regime(capsys, folder):
    options = ("--hidden", "8", "--parametrization", "mup", "--regime", "mup", "--times", "0,0.1", "--networks", "4")
    found = json.loads(run(capsys, folder / "data.npz", *options, "--json"))
    with np.load(folder / "data.npz") as arrays:
        net = nfa.MLP((4, 8, 2), "relu", "mup")
        course = nfa.predict_course(arrays["X"], arrays["Y"], net, [0.0, 0.1], regime="mup", networks=4)
    assert found["loss"]["mean"] == pytest.approx(course.loss.mean.tolist())
    assert found["layers"][0]["uc_nfa"]["limit"] == [None, pytest.approx(course.infinite_width.uc_nfa.mean[1, 0])]
    lines = run(capsys, folder / "data.npz", *options).splitlines()
    assert lines[1] == "  layer 1, C-NFA, at all times"
    assert lines[-1].split() == ["t", "=", "0.1", *lines[-1].split()[3:]]
    assert main(["predict", str(folder / "data.npz"), "--regime", "mup"]) == 2
    assert "--regime mup needs --times and samples, got no times" in capsys.readouterr().err


def test_the_text_says_what_can_be_trusted(capsys, folder):
    options = ("--hidden", "8", "--activation", "tanh", "--networks", "4", "--times", "0,0.1,1e6")
    lines = run(capsys, folder / "data.npz", *options).splitlines()
    assert lines[1].startswith("  layer 1, C-NFA, error below 0.01 until t = ")
    assert "infinite width" in lines[2]
    assert lines[4].split("infinite")[0].split() == ["t", "=", "1e+06", "not", "to", "be", "trusted"]


def test_the_loss_is_chosen(capsys, folder):
    options = ("--hidden", "8", "--activation", "erf", "--networks", "4", "--times", "0.5", "--json")
    found = json.loads(run(capsys, folder / "data.npz", *options, "--loss", "cross_entropy"))
    with np.load(folder / "data.npz") as arrays:
        arguments = arrays["X"], arrays["Y"], nfa.MLP((4, 8, 2), "erf"), [0.5]
        course = nfa.predict_course(*arguments, loss="cross_entropy", networks=4)
    assert found["config"]["loss"] == "cross_entropy"
    assert found["layers"][0]["c_nfa"]["mean"] == pytest.approx(course.c_nfa.mean[:, 0].tolist())


def test_statistics_are_read_from_a_file(capsys, folder):
    options = ("--statistics", "--activation", "linear", "--hidden", "8", "--networks", "4", "--json")
    statistics, net = nfa.DataStatistics(SIGMA, LABELS), nfa.MLP((3, 8, 2), "linear")
    found = json.loads(run(capsys, folder / "moments.npz", *options))
    expected = nfa.predict_alignment(statistics, net, networks=4)
    assert found["layers"][0]["mean"] == pytest.approx(expected.mean[0])
    found = json.loads(run(capsys, folder / "moments.npz", *options, "--times", "2"))
    course = nfa.predict_course(statistics, net, [2.0], networks=4)
    assert found["layers"][0]["c_nfa"]["mean"] == pytest.approx(course.c_nfa.mean[:, 0].tolist())
    assert found["layers"][0]["c_nfa"]["trusted_time"] is None
    assert found["method"] == "exact"


def test_no_networks_leave_the_limit(capsys, folder):
    arguments = (folder / "data.npz", "--hidden", "8", "--times", "0,1", "--activation", "erf")
    alone = json.loads(run(capsys, *arguments, "--networks", "0", "--json"))
    beside = json.loads(run(capsys, *arguments, "--networks", "4", "--json"))
    assert [layer["c_nfa"]["limit"] for layer in alone["layers"]] == [
        layer["c_nfa"]["limit"] for layer in beside["layers"]
    ]
    assert "uc_nfa" not in alone["layers"][0]
    text = run(capsys, *arguments, "--networks", "0")
    assert "infinite width" in text
    assert "mean" not in text


def test_a_figure_is_drawn(capsys, folder):
    run(capsys, folder / "data.npz", "--hidden", "8", "--networks", "4", "--times", "0,1", "--figure", folder / "c.svg")
    assert (folder / "c.svg").read_bytes().startswith(b"<?xml")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("data.npz", "--times", "1,x"), "--times must be numbers with commas between, got '1,x'"),
        (("data.npz", "--times", "2,1"), "times must be finite, increase and start from 0 or later, got [2.0, 1.0]"),
        (
            ("data.npz", "--times", "1", "--networks", "3"),
            "must be 0 (the limit alone) or an even number from 4, got 3",
        ),
        (("data.npz", "--times", "1", "--networks", "0", "--parametrization", "mup"), "of which there is no course"),
        (("data.npz", "--times", "1", "--loss", "hinge"), "hinge"),
        (("data.npz", "--times", "1", "--batch-size", "3"), "follow the flow on all samples"),
        (("moments.npz", "--statistics", "--loss", "cross_entropy"), "on all data, got --loss cross_entropy"),
        (("data.npz", "--statistics"), "expected input_covariance, and moments of the labels, got X, Y"),
        (("moments.npz", "--statistics"), "got relu with 2 hidden layers"),
        (("moments.npz", "--statistics", "--samples", "4"), "--statistics is for a file without samples"),
        (("indefinite.npz", "--statistics"), "input_covariance must have no negative eigenvalue, got -2"),
        (("gaussian.npz", "--statistics"), "gaussian must be true or false"),
        (("single.npy", "--statistics"), "expected a .npz archive"),
        (("text.npz", "--statistics"), "expected a .npz archive, as written by numpy.savez"),
        (("nothing.npz", "--statistics"), "expected a .npz file, got no such file"),
    ],
)
def test_bad_input_is_refused_in_one_line(capsys, folder, arguments, message):
    name, *options = arguments
    assert main(["predict", str(folder / name), *options]) == 2
    error = capsys.readouterr().err
    said = [line for line in error.splitlines() if not line.startswith("nfa: note: ")]
    assert len(said) == 1
    assert message in said[0]
