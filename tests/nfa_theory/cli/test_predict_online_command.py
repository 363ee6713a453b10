"""`nfa predict-online` and `nfa predict --optimizer`: the numbers of Python, and bad input in one line."""

import json

import numpy as np
import pytest

from nfa_theory.cli import main
from nfa_theory.predict import overlaps_of, predict_alignment, predict_online
from numerics import MLP

RNG = np.random.default_rng(0)
W, TEACHER = RNG.standard_normal((2, 40)), RNG.standard_normal((1, 40))
HELD = {"W": W, "teacher": TEACHER, "readout": [1.0, -0.5], "teacher_readout": [1.0]}


def run(tmp_path, held, *more):
    np.savez(tmp_path / "start.npz", **held)
    return main(["predict-online", str(tmp_path / "start.npz"), "--learning-rate", "1.2", "--times", "0,1", *more])


@pytest.mark.parametrize("as_overlaps", [False, True])
def test_the_json_is_the_prediction(tmp_path, capsys, as_overlaps):
    held = {**HELD, "overlaps": overlaps_of(W, TEACHER)} if as_overlaps else HELD
    assert run(tmp_path, held, "--batch-size", "2", "--label-noise", "0.3", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    options = {"learning_rate": 1.2, "batch_size": 2, "label_noise": 0.3, "times": [0, 1]}
    expected = predict_online(overlaps_of(W, TEACHER), HELD["readout"], [1.0], **options)
    for name in ("uc_nfa", "c_nfa", "loss"):
        assert found[name] == pytest.approx(getattr(expected, name).tolist(), rel=1e-12)
    assert run(tmp_path, held) == 0
    assert "t = 1        UC-NFA 0." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ({"W": W}, "must hold readout, teacher_readout, and overlaps or both W and teacher, got W"),
        ({**HELD, "W": W[:, :3]}, "must be matrices of one d"),
    ],
)
def test_bad_input_is_one_line(tmp_path, capsys, held, message):
    assert run(tmp_path, held) == 2
    assert message in capsys.readouterr().err
    (tmp_path / "text.npz").write_text("no arrays")
    assert main(["predict-online", str(tmp_path / "text.npz"), "--learning-rate", "1", "--times", "1"]) == 2
    assert "must be a .npz file of numbers" in capsys.readouterr().err


def test_the_first_step_of_an_optimizer(tmp_path, capsys):
    X = RNG.standard_normal((20, 4))
    np.savez(tmp_path / "data.npz", X=X, Y=X[:, :1])
    asked = ["predict", str(tmp_path / "data.npz"), "--hidden", "8", "--networks", "4", "--optimizer", "muon"]
    assert main([*asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["layers"][0]
    expected = predict_alignment(X, X[:, :1], MLP((4, 8, 1)), networks=4, optimizer="muon")
    assert (found["c_nfa"], found["mean"]) == pytest.approx((expected.limit[0], expected.mean[0]))
    assert main([*asked, "--times", "1"]) == 2
    assert "--times takes no --batch-size, --method or --optimizer" in capsys.readouterr().err
