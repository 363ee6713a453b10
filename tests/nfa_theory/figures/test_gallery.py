"""A record's attributes decide its figures; the name of its file decides nothing."""

import re

import numpy as np
import pytest
import xarray as xr
from small_experiments import small_record

from nfa_theory.figures.gallery import figures_of, read_record
from numerics import InputError, save_record


def names(record):
    return [figure.name for figure in figures_of(record)]


def test_a_run_gives_its_alignment_and_its_decomposition(record):
    assert names(record) == ["alignment", "decomposition"]


def test_early_alignment_gives_prediction_beside_measurement_whatever_its_file_is_called(tmp_path):
    path = save_record(small_record("early_alignment"), tmp_path / "favored_layer_seed_3.nc")
    assert names(read_record(path)) == ["early_alignment", "prediction"]


def test_an_experiment_gives_its_own_figure():
    assert names(small_record("exponents")) == ["exponents"]
    assert names(small_record("decomposition")) == ["decomposition", "nine_terms"]


def test_what_cannot_be_drawn_is_named(record):
    other = record.expand_dims(speed=[1.0, 2.0]).assign_attrs(experiment="another")
    with pytest.raises(InputError, match=re.escape("got experiment 'another'")):
        figures_of(other)


def test_a_file_that_is_no_record_is_refused(tmp_path):
    path = save_record(xr.Dataset({"x": ("i", np.zeros(2))}, attrs={"schema": "other 1"}), tmp_path / "a.nc")
    with pytest.raises(InputError, match=r"must be a record with schema 'nfa-theory record 1' or .*, got 'other 1'"):
        read_record(path)
