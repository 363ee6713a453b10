"""Every example of every help page runs as it stands, and every command has one."""

import shlex
import shutil

import numpy as np
import pytest

from nfa_theory.cli import main
from nfa_theory.cli.commands import COMMANDS
from nfa_theory.cli.examples import EXAMPLES

MINUTES = ("nfa reproduce", "nfa derive --all", "nfa verify")
"""Such examples are run with ``-m slow``."""

PLAN = """
seeds = 2
[data]
file = "{}"
[network]
depth = 1
[optimizer]
steps = 2
[grid.product]
network.width = [4, 8]
optimizer.learning_rate = [0.1, 0.2]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Offer the files that the examples speak of."""
    path = tmp_path_factory.mktemp("examples")
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 6))
    np.savez(path / "mine.npz", X=X, Y=X[:, :1] * X[:, 1:2])
    rows = {"W": rng.standard_normal((2, 50)), "teacher": rng.standard_normal((1, 50))}
    np.savez(path / "teacher.npz", readout=[1.0, -1.0], teacher_readout=[1.0], **rows)
    columns = ",".join([*"abcdef", "kind"])
    rows = [",".join([*map(repr, row.tolist()), "red" if row[0] > 0 else "blue"]) for row in X]
    (path / "table.csv").write_text("\n".join([columns, *rows]))
    command = f"simulate {path / 'mine.npz'} --hidden 8,8 --steps 4 --seeds 2 --out {path / 'run.nc'}"
    assert main(command.split()) == 0
    (path / "plan.toml").write_text(PLAN.format(path / "mine.npz"))
    assert main(f"sweep {path / 'plan.toml'} --workers 1 --out {path / 'finished.zarr'}".split()) == 0
    return path


def lines():
    seen = dict.fromkeys(line for examples in EXAMPLES.values() for _, line in examples)
    for line in seen:
        yield pytest.param(line, marks=pytest.mark.slow if line.startswith(MINUTES) else (), id=line)


@pytest.mark.parametrize("line", list(lines()))
def test_an_example_runs(folder, tmp_path, monkeypatch, capsys, line):
    for path in folder.iterdir():
        if f"--out {path.name}" not in line:  # what exists is not replaced
            (shutil.copytree if path.is_dir() else shutil.copy)(path, tmp_path / path.name)
    monkeypatch.chdir(tmp_path)
    program, *arguments = shlex.split(line.partition(" > ")[0])
    assert program == "nfa"
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert captured.out
    assert captured.err == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_page_ends_in_examples(capsys, command):
    assert main([command, "--help"]) == 0
    shown = "".join(capsys.readouterr().out.split())
    assert EXAMPLES[command]
    for reason, line in EXAMPLES[command]:
        assert "".join(f"#{reason}{line}".split()) in shown
