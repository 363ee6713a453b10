"""The script of the page "your own network" runs, and the gallery's vision transformer is what its script makes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs PyTorch, the extra 'torch'")

DOCS = Path(__file__).parents[3] / "docs"


def run(script, tmp_path, *arguments):
    command = [sys.executable, "-W", "error", script, *arguments]
    environment = {"MPLBACKEND": "agg", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    result = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    assert result.returncode == 0, result.stderr


def test_the_script_of_the_page_runs(tmp_path):
    run(DOCS / "examples" / "your_own_network.py", tmp_path)


def test_the_gallery_shows_what_its_script_measures(tmp_path):
    run(DOCS.parent / "scripts" / "vision_transformer_record.py", tmp_path, tmp_path)
    made, shown = (
        json.loads((folder / "vision_transformer.json").read_text(encoding="utf-8"))
        for folder in (tmp_path, DOCS / "gallery")
    )
    assert made.keys() == shown.keys()
    for moment, layers in shown.items():
        assert made[moment].keys() == layers.keys()
        for name, values in layers.items():
            # Forty steps of Adam in float32 spread what other processors round differently.
            assert made[moment][name] == pytest.approx(values, abs=0.001 if moment == "before training" else 0.05)
