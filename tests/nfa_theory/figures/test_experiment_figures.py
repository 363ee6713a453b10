"""Figures of the experiments: drawn from records alone, the same bytes twice, with the record's numbers as data."""

import pytest
from small_experiments import SMALL, small_record

from nfa_theory.figures.export import data_as_csv, render
from nfa_theory.figures.gallery import figures_of, read_record
from numerics import save_record


@pytest.mark.parametrize("name", SMALL)
def test_a_record_from_its_file_gives_the_figure_of_the_record(name, tmp_path):
    record = small_record(name)
    read = read_record(save_record(record, tmp_path / "any_name.nc"))
    for one, other in zip(figures_of(record), figures_of(read), strict=True):
        assert render(one, "svg") == render(other, "svg")
        lines = data_as_csv(one).splitlines()
        assert len(lines) == 1 + len(one.rows)
        assert {len(row) for row in one.rows} == {len(one.header)}
        assert one.caption
        assert one.alt


def test_a_figure_of_one_column_can_be_drawn():
    for name in SMALL:
        for figure in figures_of(small_record(name)):
            assert b"</svg>" in render(figure, "svg", columns=1)


def test_the_data_are_those_of_the_record():
    favored = small_record("favored_layer")
    optimizer, seed, layer, uc, _, accuracy = figures_of(favored)[0].rows[-1]
    last = favored.sel(optimizer=optimizer, seed=seed).isel(step=-1)
    assert (uc, accuracy) == (float(last.uc_nfa.sel(layer=layer)), float(last.accuracy))
    chain = small_record("low_rank_features")
    optimizer, seed, overlap, _ = figures_of(chain)[0].rows[0]
    assert overlap == float(chain.overlap.sel(optimizer=optimizer, seed=seed))
    scales = small_record("initialization_scale")
    name, layer, scale, mean, _, seeds = figures_of(scales)[0].rows[0]
    assert (name, seeds) == ("uc_nfa", 3)
    assert mean == pytest.approx(scales.uc_nfa.isel(step=-1).sel(layer=layer, scale=scale).values.mean(), rel=1e-12)
