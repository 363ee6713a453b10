"""The three packages import alone, cheaply, with nothing but the required dependencies, and offer what they say."""

import importlib
import subprocess
import sys

import pytest

import numerics.backend.version

OPTIONAL = {"torch", "cupy", "array_api_strict", "hypothesis", "autograd", "distributed", "fsspec", "zarr"}


def loaded_by(code):
    """Which of the modules of interest a fresh process has loaded after `code`."""
    command = f"import sys\n{code}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    result = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


@pytest.mark.parametrize("package", ["derivations", "numerics", "nfa_theory"])
def test_import_needs_no_optional_dependency(package):
    assert not loaded_by(f"from {package} import *") & OPTIONAL


@pytest.mark.parametrize("package", ["numerics", "nfa_theory"])
def test_importing_costs_nothing_before_a_name_is_used(package):
    heavy = {"scipy", "sympy", "xarray", "pandas", "matplotlib"}
    assert not loaded_by(f"import {package}") & heavy
    assert loaded_by(f"from {package} import simulate") & heavy


@pytest.mark.parametrize("package", ["numerics", "nfa_theory"])
def test_every_public_name_is_there(package):
    module = importlib.import_module(package)
    for name in module.__all__:
        assert getattr(module, name) is not None
        assert name in dir(module)
    with pytest.raises(AttributeError, match=f"No {package} attribute nothing"):
        _ = module.nothing


def test_the_version_is_the_installed_one():
    assert importlib.import_module("nfa_theory").__version__ == numerics.backend.version.package_version()
