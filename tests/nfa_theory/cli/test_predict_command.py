"""`nfa predict`: the table, its JSON, its figure, and what it refuses."""

import json

import numpy as np
import pytest

from nfa_theory import MLP, predict_alignment
from nfa_theory.cli import main
from nfa_theory.predict.picture import prediction_by_layer


@pytest.fixture
def file(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20, 4))
    np.savez(tmp_path / "data.npz", X=X, Y=np.eye(2)[(X[:, 0] > 0).astype(int)])
    return tmp_path / "data.npz"


def arguments(file, *more):
    return ["predict", str(file), "--hidden", "8,8", "--networks", "4", *more]


def expected(file, **more):
    with np.load(file) as arrays:
        return predict_alignment(arrays["X"], arrays["Y"], MLP((4, 8, 8, 2)), networks=4, **more)


@pytest.mark.parametrize(
    ("options", "more"),
    [
        ((), {}),
        (("--loss", "cross_entropy", "--batch-size", "5"), {"loss": "cross_entropy", "batch_size": 5}),
        (("--method", "subsets", "--seed", "3"), {"method": "subsets", "seed": 3}),
    ],
)
def test_the_json_is_the_prediction(capsys, file, options, more):
    assert main(arguments(file, "--json", *options)) == 0
    layers = json.loads(capsys.readouterr().out)["layers"]
    found = expected(file, **more)
    for name, values in (("c_nfa", found.limit), ("mean", found.mean), ("std", found.std)):
        assert [layer[name] for layer in layers] == pytest.approx(list(values))


def test_the_table_has_limit_mean_and_spread(capsys, file):
    found = expected(file)
    assert main(arguments(file)) == 0
    line = capsys.readouterr().out.splitlines()[2]
    assert line.startswith(f"  layer 2: {found.limit[1]:.4f}")
    assert f"at widths 8,8: mean {found.mean[1]:.4f} +- {found.mean_error[1]:.4f}, spread {found.std[1]:.4f}" in line
    assert main(["predict", str(file), "--networks", "0"]) == 0
    assert "mean" not in capsys.readouterr().out


def test_a_figure_is_drawn(capsys, file, tmp_path):
    assert main(arguments(file, "--figure", str(tmp_path / "drawn.pdf"))) == 0
    assert (tmp_path / "drawn.pdf").read_bytes().startswith(b"%PDF")
    found = expected(file)
    figure = prediction_by_layer(found)
    assert figure.rows[1] == [2, *(getattr(found, name)[1] for name in figure.header[1:])]
    assert f"layer 1: {found.limit[0]:.3f} at infinite width" in figure.alt


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--loss", "hinge"), "unknown loss 'hinge'"),
        (("--method", "fast"), "unknown method 'fast'"),
        (("--batch-size", "21"), "batch_size must be in 1..20, got 21"),
        (("--networks", "3"), "networks must be at least 4, got 3"),
        (("--figure", "drawn.gif"), "--figure needs a .pdf, .png or .svg file"),
    ],
)
def test_bad_options_are_refused_in_one_line(capsys, file, options, message):
    assert main(arguments(file, *options)) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
