"""What the documents say is true: the notation exists, and every Python block runs."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def code_names():
    rows = [line for line in (ROOT / "NOTATION.md").read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    return [match for row in rows[2:] for match in re.findall(r"`((?:numerics|derivations|nfa_theory)[\w.]+)`", row)]


def resolve(name):
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


@pytest.mark.parametrize("name", code_names())
def test_every_code_name_of_the_notation_exists(name):
    assert resolve(name) is not None


def test_a_name_that_does_not_exist_would_be_noticed():
    assert len(code_names()) > 10
    with pytest.raises(AttributeError):
        resolve("numerics.neural_feature_matrices")


def blocks():
    for path in DOCUMENTS:
        for number, code in enumerate(BLOCK.findall(path.read_text(encoding="utf-8")), start=1):
            if ">>>" not in code:  # doctests run by themselves
                yield pytest.param(code, id=f"{path.name}-{number}")


@pytest.mark.parametrize("code", list(blocks()))
def test_every_python_block_runs(code, tmp_path):
    script = tmp_path / "block.py"
    script.write_text(code, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-W", "error", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_the_ci_runs_the_test_command_of_the_readme():
    command = "python3 bootstrap.py test"
    assert f"\n{command}\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert f"\n{command}\n" in (ROOT / "README.md").read_text(encoding="utf-8")
