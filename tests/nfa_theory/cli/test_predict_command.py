"""`nfa predict`: the table, its JSON, its figure, and what it refuses."""

import json

import numpy as np
import pytest
import xarray as xr

from nfa_theory import MLP, predict_alignment
from nfa_theory.cli import main
from nfa_theory.figures.export import render
from nfa_theory.figures.predicted_layers import prediction_by_layer


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


def test_inputs_may_stay_on_disk(capsys, file, tmp_path):
    """The same numbers from .npy files and from netCDF as from .npz."""
    with np.load(file) as arrays:
        X, Y = arrays["X"], arrays["Y"]
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "Y.npy", Y)
    xr.Dataset({"X": (("s", "i"), X), "Y": (("s", "c"), Y)}).to_netcdf(tmp_path / "both.nc", engine="scipy")
    found = []
    for data in ((file,), (tmp_path / "X.npy", "--labels", str(tmp_path / "Y.npy")), (tmp_path / "both.nc",)):
        assert main(arguments(*data, "--json")) == 0
        found.append(json.loads(capsys.readouterr().out))
    for other in found[1:]:
        assert [other[key] for key in ("layers", "directions")] == [found[0][key] for key in ("layers", "directions")]


def test_the_top_directions_are_told(capsys, file):
    expected_directions = expected(file).directions(2)
    assert main(arguments(file, "--json", "--directions", "2")) == 0
    found = json.loads(capsys.readouterr().out)["directions"]
    np.testing.assert_allclose(found["nfm"]["vectors"], expected_directions.nfm)
    np.testing.assert_allclose(found["agop"]["shares"], expected_directions.agop_share)
    assert main(arguments(file, "--directions", "2")) == 0
    shares = " ".join(f"{share:.1%}" for share in expected_directions.nfm_share)
    text = capsys.readouterr().out
    assert f"overlap of the two spaces {expected_directions.overlap:.3f}" in text
    assert f"centered NFM   {shares}" in text
    assert main(arguments(file, "--directions", "0")) == 0
    assert "directions" not in capsys.readouterr().out


def test_a_figure_shows_directions_as_pictures_or_by_component(file):
    prediction = expected(file)
    for shape in (None, (2, 2)):
        figure = prediction_by_layer(prediction, prediction.directions(3), shape)
        assert ("as images" in figure.caption) == (shape is not None)
        assert f"carries {prediction.directions(1).nfm_share[0]:.0%} of the NFM" in figure.alt
        for columns in (1, 2):
            assert render(figure, "png", columns).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--directions", "-1"), "--directions must be 0 or more, got -1"),
        (("--labels", "Y.npy"), "Y.npy: expected a file or a zarr folder with X and Y, got no such file"),
        (("--loss", "hinge"), "unknown loss 'hinge'"),
        (("--method", "fast"), "unknown method 'fast'"),
        (("--batch-size", "0"), "batch_size must be an integer of at least 1, got 0"),
        (("--networks", "3"), "must be 0 (the limit alone) or an even number from 4, got 3"),
        (("--figure", "drawn.gif"), "--figure needs a .pdf, .png or .svg file"),
    ],
)
def test_bad_options_are_refused_in_one_line(capsys, file, options, message):
    assert main(arguments(file, *options)) == 2
    error = capsys.readouterr().err
    said = [line for line in error.splitlines() if not line.startswith("nfa: note: ")]
    assert len(said) == 1
    assert message in said[0]
