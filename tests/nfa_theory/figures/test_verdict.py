"""Figures of verdicts show what the court found, and would show that a claim is refused."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from nfa_theory.figures.export import render
from nfa_theory.figures.verdict import found_order, plot_agreement, plot_margin, plot_order, verdict_figures

COURT = json.loads((Path(__file__).parents[1] / "report" / "court.json").read_text(encoding="utf-8"))
VERDICTS = {each["claim"]: each for each in COURT["claims"]}
KINDS = ("identity", "exact average", "average", "limit", "order")


def finding(**changes):
    made_up = {
        "check": "made up",
        "kind": "average",
        "quantity": "q",
        "held": True,
        "statistic": 1.5,
        "threshold": 6.0,
        "predicted": [1.0, 2.0],
        "measured": [1.1, 1.9],
        "interval": 0.4,
        "replicates": 100,
        "unseen": [],
        "curve": {},
    }
    return made_up | changes


def drawn(plot, *findings):
    axes = Figure().subplots()
    plot(axes, findings)
    return axes


def test_the_examples_are_of_every_kind():
    assert {each["kind"] for verdict in VERDICTS.values() for each in verdict["findings"]} == set(KINDS)


def test_points_are_the_values_and_bars_the_interval():
    axes = drawn(plot_agreement, finding())
    points, _, (bars,) = axes.containers[0]
    assert points.get_xdata().tolist() == [1.1, 1.9]
    assert points.get_ydata().tolist() == [1.0, 2.0]
    assert [segment[:, 0].tolist() for segment in bars.get_segments()] == [
        pytest.approx([0.7, 1.5]),
        pytest.approx([1.5, 2.3]),
    ]


@pytest.mark.parametrize(
    ("values", "scale"), [([1.0, 2.0], "linear"), ([0.1, 200.0], "log"), ([-0.1, 200.0], "symlog"), ([0.0], "linear")]
)
def test_every_value_is_within_the_axes(values, scale):
    axes = drawn(plot_agreement, finding(predicted=values, measured=values))
    assert axes.get_xscale() == scale
    low, high = axes.get_xlim()
    assert low < min(values) <= max(values) < high


def test_what_is_refused_stands_right_of_the_line():
    axes = drawn(plot_margin, finding(), finding(quantity="wrong", statistic=30.0, held=False))
    assert axes.lines[0].get_xdata().tolist() == [0.25, 5.0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["q", "wrong"]


def test_a_quantity_without_a_value_is_refused_and_not_drawn_as_agreement():
    figures = verdict_figures({"claim": "a.b", "findings": [finding(predicted=None, statistic=None, held=False)]})
    assert figures == []
    mixed = verdict_figures({"claim": "a.b", "findings": [finding(), finding(predicted=[1.0], statistic=None)]})
    assert mixed[0].rows == [["q", 1.0, 1.1, 0.4], ["q", 2.0, 1.9, 0.4]]


def test_the_claimed_slope_is_drawn_through_a_measured_point():
    time = np.array([0.4, 0.2, 0.1])
    curve = {"x": time.tolist(), "error": (2 * time**3).tolist(), "order": 3}
    axes = drawn(plot_order, finding(kind="order", curve=curve, statistic=0.0))
    points, slope = axes.lines
    assert slope.get_ydata() == pytest.approx(points.get_ydata())
    wrong = drawn(plot_order, finding(kind="order", curve=curve | {"order": 2}, statistic=-1.0)).lines
    assert wrong[1].get_ydata()[0] == pytest.approx(wrong[0].get_ydata()[0] / 4)  # from 0.1 to 0.4


def test_the_order_that_was_found_follows_from_the_last_errors():
    curve = {"order": 2, "x": [0.2, 0.1], "error": [4e-3, 1e-3]}
    assert found_order(finding(kind="order", curve=curve)) == pytest.approx(2)
    assert found_order(finding(kind="order", curve=curve | {"error": [1e-3, 0.0]})) == float("inf")


def test_the_message_is_in_words():
    figures = verdict_figures(VERDICTS["linear.two_layers"])
    assert [figure.name.rpartition(".")[2] for figure in figures] == ["order"]
    assert "claimed 2" in figures[0].alt
    refuted = copy.deepcopy(VERDICTS["identities.fact"])
    refuted["findings"][0] |= {"statistic": 0.02, "held": False}
    assert "is refused" in verdict_figures(refuted)[1].alt
    assert "would be refused" in verdict_figures(VERDICTS["identities.fact"])[1].alt


@pytest.mark.parametrize("name", list(VERDICTS))
def test_the_same_verdict_gives_the_same_bytes(name):
    for figure in verdict_figures(VERDICTS[name]):
        assert len(figure.alt) > 60
        assert render(figure, "svg", 1) == render(figure, "svg", 1)
