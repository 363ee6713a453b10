"""kill -9 of experiments and of the main job: nothing finished is lost, the rerun ends in the same bytes.

A short one by default; twenty moments of `nfa experiment` and of `nfa reproduce` are slow.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import xarray as xr

from nfa_theory.cli import main
from nfa_theory.experiments.frame.outputs import UNFINISHED

CALL = "import sys; from nfa_theory.cli import main; sys.exit(main())"
COMMANDS = {
    "experiment": ["experiment", "batch_size", "--quick", "--samples", "16", "--seeds", "2"],
    "reproduce": ["reproduce", "--quick", "--only", "identities.fact"],
}
TWENTY = np.random.default_rng(23).uniform(0, 1, 20).round(3).tolist()


def start(folder, name, out):
    command = [sys.executable, "-c", CALL, *COMMANDS[name], "--out", out, "--quiet"]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def finish(folder, name, out):
    process = start(folder, name, out)
    output, errors = process.communicate(timeout=600)
    lines = [line for line in errors.splitlines() if not line.startswith("nfa: note: ")]
    assert (process.returncode, output, lines) == (0, "", [])


def content(folder):
    """Read all results; how long things took is no result."""
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    if "results.json" in found:
        found["results.json"] = json.dumps(_without_times(json.loads(found["results.json"])))
    return {name: each for name, each in found.items() if name != "report.html"} | {"report": "report.html" in found}


def _without_times(value):
    if isinstance(value, dict):
        return {
            key: _without_times(each) for key, each in value.items() if "second" not in key and "duration" not in key
        }
    return [_without_times(each) for each in value] if isinstance(value, list) else value


@pytest.fixture(scope="module", params=COMMANDS)
def whole(request, tmp_path_factory):
    """Run it once undisturbed, and note how long that takes, because a moment is a share of it."""
    folder = tmp_path_factory.mktemp("kill")
    began = time.monotonic()
    finish(folder, request.param, "whole")
    return request.param, folder, time.monotonic() - began


def check(whole, moment):
    name, folder, duration = whole
    process = start(folder, name, "killed")
    time.sleep(moment * duration)
    os.killpg(process.pid, signal.SIGKILL)  # with the processes that it has started, as a batch system does
    process.communicate(timeout=60)
    for path in (folder / "killed").rglob("[0-9].nc"):  # pieces that have their name are whole
        with xr.open_dataset(path, engine="scipy") as piece:
            piece.load()
    if process.returncode != 0:
        if name == "reproduce":
            assert not (folder / "killed").exists()
        finish(folder, name, "killed")
    assert content(folder / "killed") == content(folder / "whole")
    assert sorted(path.name for path in folder.iterdir()) == ["killed", "whole"]
    shutil.rmtree(folder / "killed")


PIECES = """
from pathlib import Path
from nfa_theory.experiments import find_experiment
record = find_experiment("batch_size")(folder=Path("pieces"), train=16, width=16, sizes=(1, 4, 16), seeds=(0, 1))
record.to_netcdf("record.nc", engine="scipy")
"""


@pytest.mark.slow
def test_pieces_survive_a_kill(tmp_path):
    """The measurement alone, without figures: killed as soon as the first piece has its name."""
    command = [sys.executable, "-c", PIECES]
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    subprocess.run(command, cwd=tmp_path / "whole", check=True, timeout=300)
    process = subprocess.Popen(command, cwd=tmp_path / "killed")
    first = tmp_path / "killed" / "pieces" / "0.nc"
    while process.poll() is None and not first.exists():
        time.sleep(0.01)
    process.kill()
    process.wait(timeout=60)
    written = first.stat().st_mtime_ns
    subprocess.run(command, cwd=tmp_path / "killed", check=True, timeout=300)
    assert first.stat().st_mtime_ns == written  # it was not made again
    one, other = (content(tmp_path / name) for name in ("whole", "killed"))
    assert {name for name in other if "unfinished" in name} == set()
    assert one == other


@pytest.mark.slow
@pytest.mark.parametrize("moment", TWENTY)
def test_twenty_kills(whole, moment):
    check(whole, moment)


@pytest.mark.slow
def test_results_that_were_being_moved_are_no_obstacle(tmp_path, monkeypatch, capsys):
    """Killed between two files: the first has its name already, and the pieces are still there."""
    from nfa_theory.experiments.frame import outputs

    monkeypatch.chdir(tmp_path)
    arguments = [*COMMANDS["experiment"], "--out", "e", "--quiet"]
    with monkeypatch.context() as context:

        def stop(*_):
            raise KeyboardInterrupt

        context.setattr(outputs, "forget", stop)
        assert main(arguments) == 130
    first = content(tmp_path / "e")
    (tmp_path / "e" / "verdict.json").unlink()
    assert main(arguments) == 0
    again = content(tmp_path / "e")
    assert {name: each for name, each in first.items() if UNFINISHED not in name} == again
    assert main(arguments) == 2
    assert "which exists; --force replaces it" in capsys.readouterr().err
