"""Figures of verdicts show what the court found, and would show that a claim is refused."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from nfa_theory.figures.export import render
from nfa_theory.figures.verdict import curve_of, found_order, orders_figure, plot_orders, share
from nfa_theory.report.marks import REFUSED, dots, worst_entry

COURT = json.loads((Path(__file__).parents[1] / "report" / "court.json").read_text(encoding="utf-8"))
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
        "measured": [1.1, 1.6],
        "interval": 0.4,
        "replicates": 100,
        "unseen": [],
        "curve": {},
    }
    return made_up | changes


def falling(power, order, x=(0.4, 0.2, 0.1)):
    """Make up an error that falls as a power of x, of which an order is claimed."""
    x = np.array(x)
    return finding(kind="order", curve={"x": x.tolist(), "error": (2 * x**power).tolist(), "order": order})


def test_the_examples_are_of_every_kind():
    assert {each["kind"] for verdict in COURT["claims"] for each in verdict["findings"]} == set(KINDS)


def test_the_share_is_of_the_distance_that_is_refused():
    assert share(finding()) == pytest.approx(0.25)
    assert share(finding(statistic=30.0, held=False)) == pytest.approx(5)
    assert share(finding(statistic=-0.3)) == 0  # an order higher than claimed is not refused
    assert share(finding(statistic=None)) == 0
    assert share(finding(statistic=None, held=False)) == math.inf


@pytest.mark.parametrize("verdict", COURT["claims"], ids=lambda each: each["claim"])
def test_a_dot_stands_left_of_the_line_exactly_if_its_quantity_held(verdict):
    for each in verdict["findings"]:
        ((place, _),) = dots({"findings": [each]})
        assert (place <= REFUSED) == each["held"]
    assert len(dots(verdict)) <= len(verdict["findings"])


def test_what_is_refused_stands_right_of_the_line():
    wrong = [finding(statistic=30.0, held=False), finding(statistic=None, held=False)]
    places = [place for place, _ in dots({"findings": [finding(), *wrong]})]
    assert places[0] < REFUSED < places[1] < places[2] < 100


def test_of_an_array_the_entry_that_is_farthest_off_is_told():
    assert worst_entry(finding()) == ("2", "1.6")
    assert worst_entry(finding(measured=[None, 2.0]))[1] == "nan"  # no value is farther off than any
    assert worst_entry(finding(predicted=None)) == ("none", "given")
    assert worst_entry(finding(predicted=1.0)) == ("1 value", "2 values")


def test_an_error_of_the_claimed_order_lies_on_its_line_and_another_does_not():
    right, wrong = curve_of(falling(3, 3)), curve_of(falling(2, 3))
    assert right.error == pytest.approx(right.small**3)
    assert wrong.error.max() == pytest.approx(wrong.small.max() ** 3 / 4)  # from 0.1 to 0.4
    axes = Figure().subplots()
    plot_orders(axes, [right])
    line, points = axes.lines
    assert line.get_ydata() == pytest.approx([1, 64])
    assert sorted(points.get_ydata()) == pytest.approx([1, 8, 64])


def test_sizes_count_by_their_inverse():
    sizes = curve_of(falling(-1, -1, x=(10.0, 20.0, 40.0)))
    assert sizes.order == 1
    assert sizes.error == pytest.approx(sizes.small)


def test_rounding_is_not_drawn_as_an_error():
    curve = {"x": [0.4, 0.2, 0.1], "error": [1e-3, 1e-16, 0.0], "order": 2}
    assert curve_of(finding(kind="order", curve=curve)) is None
    assert orders_figure([{"claim": "a.b", "findings": [finding(), finding(kind="order", curve=curve)]}]) is None


def test_the_order_that_was_found_follows_from_the_last_errors():
    curve = {"order": 2, "x": [0.2, 0.1], "error": [4e-3, 1e-3]}
    assert found_order(finding(kind="order", curve=curve)) == pytest.approx(2)
    assert found_order(finding(kind="order", curve=curve | {"error": [1e-3, 0.0]})) == float("inf")


def test_the_message_names_the_farthest_error():
    figure = orders_figure([{"claim": "a.b", "findings": [falling(3, 3), falling(2, 3)]}])
    assert "2 quantities" in figure.alt
    assert "off by a factor of 4 (order 3)" in figure.alt
    assert {row[0] for row in figure.rows} == {"a.b"}


def test_the_same_verdicts_give_the_same_bytes():
    figure = orders_figure(COURT["claims"])
    assert render(figure, "svg", 1) == render(orders_figure(COURT["claims"]), "svg", 1)
