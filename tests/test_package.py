"""The three packages import alone, with nothing but the required dependencies, and state one version."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("package", ["derivations", "numerics", "nfa_theory"])
def test_import_needs_no_optional_dependency(package):
    optional = {"torch", "cupy", "array_api_strict", "hypothesis"}
    code = f"import sys, {package}; loaded = {optional} & set(sys.modules); sys.exit(str(loaded) if loaded else 0)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
