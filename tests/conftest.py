"""Shape types are checked in tests only: every annotated array is verified at run time here."""

import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase
from jaxtyping import install_import_hook

install_import_hook(["numerics", "nfa_theory"], "shape_types.check_shapes")

# Derandomised and without deadlines: CI must give the same answer on a slow machine and on a second run. It has no
# database; what was found once is in tests/support/properties/kept_examples.py.
settings.register_profile(
    "quick", max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "thorough",
    max_examples=10_000,
    deadline=None,
    database=DirectoryBasedExampleDatabase(Path(__file__).parents[1] / ".hypothesis" / "examples"),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("quick")  # an option --hypothesis-profile is read later, and wins


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item):
    """Let tests use data that a user would be told about; what users are told is tested with `pytest.warns`."""
    from numerics.data.notes import DataWarning  # after the import hook

    warnings.filterwarnings("ignore", category=DataWarning)
    return (yield)
