"""The headline check: an error of 2 % of a prediction is seen in every layer, and how likely that is is stated."""

import numpy as np
import pytest
from small_experiments import small_record

from nfa_theory.experiments.early_alignment.comparisons import compared
from nfa_theory.experiments.early_alignment.verdict import judge

OFF = 0.02
LAYERS = (1, 2)


@pytest.fixture
def record():
    return small_record("early_alignment").copy(deep=True)


def test_every_layer_states_that_two_percent_would_be_found(record):
    """`detectable` is the error that is found with probability .95; here it is so for the smallest of runs."""
    facts = judge(record).facts
    assert [facts[f"layer {layer}"]["detectable on the same weights"] < OFF for layer in LAYERS] == [True, True]
    assert all(each.limit.detectable > OFF for each in compared(record))  # what the extrapolation alone would have seen


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_prediction_that_is_two_percent_off_in_one_layer_is_refuted(record, layer, sign):
    """With every choice of the networks that make a step: not only with probability .95."""
    assert "refuted" not in judge(record).outcomes
    record["predicted_of_pair"].loc[{"layer": layer}] *= 1 + sign * OFF
    outcomes = judge(record).outcomes
    parts_of_a_layer = len(outcomes) // len(LAYERS)
    assert np.flatnonzero(np.array(outcomes) == "refuted").tolist() == [parts_of_a_layer * (layer - 1)]


def test_means_are_judged_at_each_width_and_over_all(record):
    """An error at one width is found there; one of all widths is found in all of them together, by a smaller error."""
    first = compared(record)[0]
    assert first.means.detectable < 0.8 * min(each.detectable for each in first.at_width.values())
    record["predicted_mean"].loc[{"width": 64, "layer": 1}] *= 1 + 4 * first.at_width[64].detectable
    assert compared(record)[0].widest[0] == 64
    assert not compared(record)[0].widest[1].held


def test_the_limit_leaves_a_degree_of_freedom(record):
    assert all(np.isfinite(each.limit.extrapolation.misfit_p_value) for each in compared(record))
