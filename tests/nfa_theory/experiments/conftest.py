"""Records of experiments at a size of a second."""

import pytest
from small_experiments import small_record


@pytest.fixture
def small():
    """Give the record of an experiment by name; a copy, to be changed at will."""
    return lambda name: small_record(name).copy(deep=True)
