"""The main figure: predictions are lines, measurements are points, and nothing is fitted."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from nfa_theory.figures.early_alignment import early_alignment_figure, plot_early_alignment
from nfa_theory.figures.export import render


@pytest.fixture
def with_means(table):
    mean = table["measured"].mean("seed") + 0.01
    return table.assign(predicted_mean=mean, predicted_error=0.002 + 0 * mean)


def drawn(table, layer):
    axes = Figure().subplots()
    plot_early_alignment(axes, table, layer)
    return axes


def test_lines_are_predicted_and_points_are_measured(with_means):
    axes = drawn(with_means, 2)
    part = with_means.sel(layer=2)
    assert axes.lines[0].get_ydata().tolist() == part["predicted_mean"].values.tolist()
    assert axes.lines[2].get_ydata().tolist() == 2 * [float(part["predicted"])]  # the bar at infinity
    points, _, (bars,) = axes.containers[0]
    measured = part["measured"].values
    assert points.get_linestyle() == "None"
    assert points.get_ydata() == pytest.approx(measured.mean(axis=1))
    half = [(segment[1, 1] - segment[0, 1]) / 2 for segment in bars.get_segments()]
    assert half == pytest.approx(measured.std(axis=1, ddof=1) / np.sqrt(measured.shape[1]))


def test_without_predicted_means_the_limit_alone_is_drawn(table):
    axes = drawn(table, 1)
    assert axes.lines[0].get_ydata().tolist() == 2 * [float(table["predicted"].sel(layer=1))]
    assert "predicted mean" not in early_alignment_figure(table).caption
    assert "infinite width" in early_alignment_figure(table).alt


def test_infinity_is_named_on_the_axis(with_means):
    figure = drawn(with_means, 1).figure
    figure.canvas.draw()
    assert [each.get_text() for each in figure.axes[0].get_xticklabels()] == ["64", "256", "512", "∞"]


@pytest.mark.parametrize("columns", [1, 2])
def test_every_layer_has_its_panel_and_bytes_repeat(with_means, columns):
    figure = early_alignment_figure(with_means)
    panels = [axes.get_title(loc="left") or axes.get_title() for axes in figure.draw(columns).axes]
    assert panels[:3] == ["layer 1", "layer 2", "layer 3"]
    assert render(figure, "svg", columns) == render(early_alignment_figure(with_means), "svg", columns)


def test_the_rows_hold_every_number_that_is_drawn(with_means):
    figure = early_alignment_figure(with_means)
    assert len(figure.rows) == 3 * 4
    row = dict(zip(figure.header, figure.rows[5], strict=True))
    assert (row["layer"], row["width"]) == (2, 128)
    part = with_means.sel(layer=2, width=128)
    assert row["predicted"] == float(part["predicted_mean"])
    assert row["measured"] == pytest.approx(float(part["measured"].mean()))
