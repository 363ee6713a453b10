"""Bad input: exit status 2, one line on stderr that names what was expected and what came, nothing written."""

import re

import numpy as np
import pytest

from nfa_theory.cli import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Offer good and bad files, and work among them."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20, 3))
    np.savez(tmp_path / "good.npz", X=X, Y=X[:, :1])
    np.savez(tmp_path / "constant.npz", X=X, Y=np.ones((20, 1)))
    np.savez(tmp_path / "nan.npz", X=X * np.nan, Y=X[:, :1])
    np.savez(tmp_path / "shapes.npz", X=X, Y=X[:7, :1])
    np.savez(tmp_path / "keys.npz", A=X)
    np.savez(tmp_path / "one.npz", X=X[:1], Y=X[:1, :1])
    np.savez(tmp_path / "zero.npz", X=0 * X, Y=X[:, :1])
    np.save(tmp_path / "X.npy", X)
    (tmp_path / "corrupt.npz").write_bytes((tmp_path / "good.npz").read_bytes()[:100])
    (tmp_path / "corrupt.nc").write_bytes(b"CDF\x01 and then nothing that makes sense")
    monkeypatch.chdir(tmp_path)
    return tmp_path


SIMULATE = "simulate good.npz --steps 5 --out new.nc"
CASES = {
    "predict good.npz --hidden 0": r"hidden widths must be positive integers, got 0",
    "predict good.npz --hidden 8,-3": r"hidden widths must be positive integers, got -3",
    "predict good.npz --hidden wide": r"hidden widths must be positive integers with commas between, got 'wide'",
    "predict good.npz --activation rellu": r"unknown activation 'rellu'; did you mean 'relu'\?",
    "predict good.npz --parametrization ntkk": r"unknown parametrization 'ntkk'; did you mean 'ntk'\?",
    "predict good.npz --samples 1": r"--samples must be at least 2, got 1",
    "predict good.npz --networks 2": r"'--networks': must be 0 \(the limit alone\) or an even number from 4, got 2",
    "predict fashion_mnist_subset --samples 1": r"--samples must be at least 2, got 1",
    "predict fashion_mnist_subst": r"unknown data set 'fashion_mnist_subst'.*fashion_mnist_subset",
    "predict missing.npz": r"missing.npz: expected a file with X and Y or the name of a data set, got no such file",
    "predict corrupt.npz": r"corrupt.npz",
    "predict keys.npz": r"keys.npz.*X",
    "predict nan.npz": r"nan.npz.*finite",
    "predict shapes.npz": r"shapes.npz.*20.*7",
    "predict .": r"\.: expected a file or a zarr folder, got another folder",
    "predict X.npy": r"X.npy: holds the inputs alone; give the labels too \(--labels FILE, labels=\)",
    "predict X.npy --labels shapes.npz": r"X.npy: X and Y must have equally many rows, got 20 and 7",
    "predict corrupt.nc": r"corrupt.nc: expected intact netCDF data, got damaged data",
    "predict missing.zarr": r"missing.zarr: expected a file with X and Y .*, got no such file",
    "predict constant.npz": r"labels must not be constant .* got 1 for all 20 samples",
    "predict one.npz": r"one.npz: X must have at least 2 samples, got 1",
    "predict zero.npz": r"X must not be zero everywhere: the alignment is undefined",
    "simulate constant.npz --steps 5 --out new.nc": r"labels must not be constant",
    f"{SIMULATE} --learning-rate -0.1": r"learning_rate must be positive, got -0.1",
    f"{SIMULATE} --learning-rate 1e9": r"training diverged at step \d+: loss .* learning_rate 1e\+09",
    f"{SIMULATE} --optimizer sdg": r"unknown optimizer 'sdg'; did you mean",
    f"{SIMULATE} --batch-size 0": r"batch_size must be an integer of at least 1, got 0",
    f"{SIMULATE} --steps -1": r"steps must be .*, got -1",
    f"{SIMULATE} --seed -1": r"seed.*-1",
    "simulate good.npz --steps 5 --out missing/new.nc": r"the folder of the output must exist, got 'missing/new.nc'",
    "simulate good.npz --steps 5 --out .": r"the output must be a file, got the folder",
    "figures missing.nc --out new": r"missing.nc",
    "figures corrupt.nc --out new": r"corrupt.nc",
    "figures good.npz --out new": r"good.npz",
    "figures a/run.nc b/run.nc --out new": r"records must have different names, got a/run.nc, b/run.nc",
    "reproduce --quick --full": r"give --quick or --full, not both",
    "reproduce --only identities.fat": r"unknown claim 'identities.fat'; did you mean 'identities.fact'",
    "reproduce --seed -1": r"'--seed': must be an integer from 0 to 2147483647, got -1",
    "reproduce --out good.npz": r"the output must be a folder, got 'good.npz'",
    "reproduce --out good.npz/new": r"the output must be a folder, got 'good.npz/new'",
    "reproduce --out /proc/new": r"the output must be writable, got '/proc/new'",
    "reproduce --qick": r"[Nn]o such option.*--qick.*'nfa reproduce --help'",
    "reproduce --seed x": r"'x'.*'nfa reproduce --help'",
    f"{SIMULATE} --learning-rate fast": r"expected a number, got 'fast'",
    f"{SIMULATE} --seeds 0": r"--seeds must be at least 1, got 0",
    "simulate good.npz --steps 5 --out new.nc --device gpus": r"unknown device 'gpus'; did you mean 'gpu'\?",
    "simulate good.npz": r"--out.*'nfa simulate --help'",
    "predict good.npz --seed -1": r"'--seed': must be an integer from 0 to 2147483647, got -1",
    "verify --seed -1": r"'--seed': must be an integer from 0 to 2147483647, got -1",
    "predict good.npz --activation hermite:99": r"the degree of hermite must be an integer from 0 to 64, got 99",
    f"{SIMULATE} --activation hermite:99": r"the degree of hermite must be an integer from 0 to 64, got 99",
    "simulate good.npz --steps 5 --out good.npz --force": r"the output must not be the input, got 'good.npz' for both",
    "simulate good.npz --steps 5 --out keys.npz": r"the output must be new, got 'keys.npz', which exists; --force",
    "simulate good.npz --steps 5 --out /dev/null --force": r"must be a regular file, got ./dev/null., which is a dev",
    f"{SIMULATE} --checkpoint good.npz": r"the output must not be the input, got 'good.npz' for both",
    f"{SIMULATE} --checkpoint keys.npz": r"keys.npz must be a checkpoint with schema",
    f"{SIMULATE} --checkpoint X.npy": r"X.npy must be a checkpoint of a run, got another file",
    f"{SIMULATE} --epochs 2": r"give --steps or --epochs, not both, got 5 and 2",
    f"{SIMULATE} --schedule cosin": r"unknown schedule 'cosin'; did you mean 'cosine'\?",
    f"{SIMULATE} --schedule step:1": r"--schedule step needs a factor and a share, as in step:0.1,0.5, got 'step:1'",
    f"{SIMULATE} --alignment perason": r"unknown alignment 'perason'; did you mean 'pearson'\?",
    f"{SIMULATE} --standardize zscore": r"unknown standardization 'zscore'; expected one of none, columns",
    f"{SIMULATE} --classes": r"Y must hold integer classes, got",
    f"{SIMULATE} --x-key A": r"good.npz: expected an array 'A', got X, Y",
    "predict fashion_mnist_subset --x-key A": r"--x-key is for files, got the named data set 'fashion_mnist_subset'",
    "predict good.npz --figure good.npz": r"--figure needs a .pdf",
    "verify identities.fact --out good.npz": r"the output must be new, got .good.npz., which exists; --force",
    "sweep missing.toml": r"a plan is a TOML file, got missing.toml: No such file or directory",
    "sweep good.npz": r"good.npz:1: a plan must be text in UTF-8, got another format",
    "sweep status": r"nfa sweep status needs a STORE, got none",
    "sweep status none.zarr": r"no such store: none.zarr",
    "sweep status corrupt.nc": r"no such store: corrupt.nc",
    "sweep figures none.zarr": r"nfa sweep figures needs --out, a folder for the figures, got none",
    "sweep figures none.zarr --out new": r"no such store: none.zarr",
    "sweep a.toml b.toml": r"nfa sweep takes one PLAN, got 'b.toml' beside it; --out names the store",
    "sweep a.toml --memory 4": r"--memory must be a size such as 500MB or 4GB, got '4'",
    "predict": r"DATA.*'nfa predict --help'",
    "reproduec": r"[Nn]o such command 'reproduec'.*'nfa --help'",
    "--frobnicate": r"[Nn]o such option.*--frobnicate",
}


@pytest.mark.parametrize("command", CASES)
def test_one_line_says_what_is_wrong(folder, capsys, command):
    before = sorted(folder.rglob("*"))
    assert main(command.split()) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("nfa: ")
    assert re.search(CASES[command], captured.err)
    assert sorted(folder.rglob("*")) == before


def test_an_unforeseen_failure_is_not_hidden(folder, monkeypatch):
    """A bug must show its traceback: only what the user can mend becomes one line."""
    monkeypatch.setattr("nfa_theory.predict.predict_alignment", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["predict", "good.npz"])
