"""The script of the page "your own network" runs, and the gallery's vision transformer."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs PyTorch, the extra 'torch'")

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("script", ["examples/your_own_network.py", "gallery/plot_vision_transformer.py"])
def test_the_script_runs(script, tmp_path):
    command = [sys.executable, "-W", "error", DOCS / script]
    environment = {"MPLBACKEND": "agg", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    result = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    assert result.returncode == 0, result.stderr
