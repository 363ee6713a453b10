"""Figures of the experiments: drawn from records alone, the same bytes twice, with the record's numbers as data."""

import pytest

from nfa_theory import experiments
from nfa_theory.figures.chain_monomial import chain_monomial_figure
from nfa_theory.figures.export import data_as_csv, render
from nfa_theory.figures.favored_layer import favored_layer_figure


@pytest.fixture(scope="module")
def favored():
    return experiments.favored_layer(train=100, depth=2, width=16, epochs=1, sgd_rates=(0.1,))


@pytest.fixture(scope="module")
def chain():
    return experiments.chain_monomial_features(n=80, d=6, width=8, epochs=1, seeds=(0, 1), sgd_rates=(0.1,))


@pytest.mark.parametrize(("record", "make"), [("favored", favored_layer_figure), ("chain", chain_monomial_figure)])
def test_the_same_record_gives_the_same_bytes(record, make, request):
    figure = make(request.getfixturevalue(record))
    for columns in (1, 2):
        assert render(figure, "svg", columns) == render(figure, "svg", columns)
    lines = data_as_csv(figure).splitlines()
    assert len(lines) == 1 + len(figure.rows)
    assert figure.caption
    assert figure.alt


def test_the_data_are_those_of_the_record(favored, chain):
    optimizer, seed, layer, uc, _, accuracy = favored_layer_figure(favored).rows[-1]
    last = favored.sel(optimizer=optimizer, seed=seed).isel(step=-1)
    assert (uc, accuracy) == (float(last.uc_nfa.sel(layer=layer)), float(last.accuracy))
    optimizer, seed, overlap, _ = chain_monomial_figure(chain).rows[0]
    assert overlap == float(chain.overlap.sel(optimizer=optimizer, seed=seed))
