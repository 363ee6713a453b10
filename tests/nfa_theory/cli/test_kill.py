"""kill -9 at any moment: nothing that was finished is lost, and the same command gives the same bytes."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest

CALL = "import sys; from nfa_theory.cli import main; sys.exit(main())"
MOMENTS = [0.5]
MANY = np.random.default_rng(17).uniform(0, 1, 20).round(3).tolist()


def nfa(folder, out):
    arguments = ["simulate", "data.npz", "--hidden", "64,64", "--steps", "300", "--measure", "10", "--seeds", "2"]
    command = [sys.executable, "-c", CALL, *arguments, "--checkpoint", f"{out}.npz", "--out", f"{out}.nc", "--quiet"]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Run it once undisturbed, and note how long that takes, because a moment is a share of it."""
    folder = tmp_path_factory.mktemp("kill")
    X = np.random.default_rng(0).standard_normal((400, 10))
    np.savez(folder / "data.npz", X=X, Y=X[:, :1] * X[:, 1:2])
    start = time.monotonic()
    finish(folder, "whole")
    return folder, time.monotonic() - start


def finish(folder, out):
    process = nfa(folder, out)
    output, errors = process.communicate(timeout=300)
    assert (process.returncode, output, errors) == (0, "", "")


def check(folder, moment, number):
    folder, duration = folder
    process = nfa(folder, "killed")
    try:
        _, errors = process.communicate(timeout=moment * duration)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    kept = (folder / "killed.npz").read_bytes() if (folder / "killed.npz").exists() else None
    if kept is not None:
        with np.load(folder / "killed.npz", allow_pickle=False) as checkpoint:
            assert int(checkpoint["0/step"]) % 10 == 0  # whole, and of a measurement
    finished = (folder / "killed.nc").exists()
    if not finished:
        assert process.returncode != 0
        finish(folder, "killed")
    assert (folder / "killed.nc").read_bytes() == (folder / "whole.nc").read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == [
        "data.npz", "killed.nc", "killed.npz", "whole.nc", "whole.npz",
    ]  # fmt: skip
    (folder / "killed.nc").unlink()
    (folder / "killed.npz").unlink()
    return process.returncode, errors, finished


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_few_kills(folder, moment):
    check(folder, moment, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("moment", MANY)
def test_twenty_kills(folder, moment):
    check(folder, moment, signal.SIGKILL)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signals_that_ask_to_stop_are_answered_in_one_line(folder, number, status):
    found, errors, finished = check(folder, 0.8, number)
    line = "nfa: interrupted; nothing was written to killed.nc; the same command goes on from killed.npz\n"
    assert (found, errors) == (status, line) or (finished and errors == "")
