"""What is drawn is what the record holds; bands and bars are what the caption says."""

import csv
import io

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from nfa_theory.figures import (
    alignment_figure,
    decomposition_figure,
    layer_styles,
    paper_style,
    plot_alignment,
    plot_convergence,
    plot_decomposition,
    plot_prediction,
    prediction_figure,
)
from nfa_theory.figures.export import data_as_csv
from numerics.feature_matrices.alignments import ALIGNMENTS


def new_axes():
    return Figure().add_subplot()


def band(collection):
    """Lower and upper edge of a filled band at each x, in order of x."""
    points = collection.get_paths()[0].vertices
    xs = np.unique(points[:, 0])
    edges = [points[points[:, 0] == x, 1] for x in xs]
    return np.array([[e.min(), e.max()] for e in edges])


@pytest.mark.parametrize("measure", ["uc_nfa", "c_nfa"])
def test_lines_are_means_and_bands_one_standard_deviation(record, measure):
    ax = new_axes()
    plot_alignment(ax, record, measure)
    values = record[measure].values
    for i, line in enumerate(ax.lines):
        np.testing.assert_array_equal(line.get_xdata(), record["step"])
        np.testing.assert_allclose(line.get_ydata(), values[:, :, i].mean(0), equal_nan=True)
    for i, filled in enumerate(ax.collections):
        sample = values[:, :, i]
        deviation = np.sqrt(((sample - sample.mean(0)) ** 2).sum(0) / (len(sample) - 1))
        expected = np.stack([sample.mean(0) - deviation, sample.mean(0) + deviation], axis=1)
        np.testing.assert_allclose(band(filled), expected[np.isfinite(expected[:, 0])])


def test_one_seed_has_no_band_and_the_caption_says_so(single_seed):
    ax = new_axes()
    plot_alignment(ax, single_seed, "uc_nfa")
    assert len(ax.collections) == 0
    assert "one seed, so there are no bands" in alignment_figure(single_seed).caption


def test_captions_say_what_bands_and_bars_are(record, table):
    for figure in (alignment_figure(record), decomposition_figure(record)):
        assert "mean over 4 seeds; bands: ± 1 standard deviation" in figure.caption
    caption = prediction_figure(table).caption
    assert "mean over 6 random initializations" in caption
    assert "± 1 standard error" in caption


def test_error_bars_are_one_standard_error(table):
    ax = new_axes()
    plot_prediction(ax, table)
    for i, container in enumerate(ax.containers):
        sample = table["measured"].values[:, :, i]
        error = sample.std(axis=1, ddof=1) / np.sqrt(sample.shape[1])
        (bars,) = container.lines[2]
        lengths = [segment[1, 1] - segment[0, 1] for segment in bars.get_segments()]
        np.testing.assert_allclose(lengths, 2 * error)
        np.testing.assert_allclose(container.lines[0].get_ydata(), sample.mean(axis=1))


def test_the_prediction_is_drawn_for_every_layer(table):
    ax = new_axes()
    plot_prediction(ax, table)
    flat = [line.get_ydata() for line in ax.lines if len(line.get_ydata()) == 2]
    np.testing.assert_allclose([y[0] for y in flat], table["predicted"])
    np.testing.assert_allclose([y[1] for y in flat], table["predicted"])


def test_a_prediction_alone_is_drawn_by_layer():
    class Prediction:
        layers, limit, mean, std = (1, 2), np.array([0.9, 0.8]), np.array([0.85, 0.7]), np.array([0.02, 0.05])

    ax = new_axes()
    plot_prediction(ax, Prediction())
    (container,) = ax.containers
    np.testing.assert_array_equal(container.lines[0].get_ydata(), [0.85, 0.7])
    np.testing.assert_allclose([s[1, 1] - s[0, 1] for s in container.lines[2][0].get_segments()], [0.04, 0.1])
    bars = next(c for c in ax.collections if c.get_label() == "infinite width")
    np.testing.assert_array_equal([segment[:, 1] for segment in bars.get_segments()], [[0.9, 0.9], [0.8, 0.8]])


def test_distances_to_the_prediction_and_a_guide_of_slope_minus_one(table):
    ax = new_axes()
    plot_convergence(ax, table)
    for i, container in enumerate(ax.containers):
        expected = abs(table["measured"].values[:, :, i].mean(1) - table["predicted"].values[i])
        np.testing.assert_allclose(container.lines[0].get_ydata(), expected)
    (guide,) = [line for line in ax.lines if line.get_linestyle() == "--"]
    np.testing.assert_allclose(guide.get_ydata() * guide.get_xdata(), guide.get_ydata()[0] * 64)


@pytest.mark.parametrize(
    ("nfm_term", "agop_term", "part"),
    [
        ("initial", "initial", "initial × initial"),
        ("centered", "centered", "centered × centered"),
        ("initial", "centered", "all mixed terms"),
        ("cross", "cross", "all mixed terms"),
    ],
)
def test_each_term_of_the_decomposition_goes_to_its_part(record, nfm_term, agop_term, part):
    record = record.copy(deep=True)
    record["decomposition"][:] = 0.0
    record["decomposition"].loc[{"nfm_term": nfm_term, "agop_term": agop_term}] = 0.5
    record["uc_nfa"][:] = 0.5
    ax = new_axes()
    plot_decomposition(ax, record, layer=2)
    heights = {line.get_label(): line.get_ydata() for line in ax.lines}
    for label, y in heights.items():
        np.testing.assert_allclose(y, 0.5 if label in (part, "UC-NFA") else 0.0, atol=1e-15)


def test_the_data_of_a_figure_are_its_means(record):
    rows = list(csv.DictReader(io.StringIO(data_as_csv(alignment_figure(record)))))
    assert len(rows) == 2 * 3 * 5
    for row in rows:
        sample = record[row["measure"]].sel(layer=int(row["layer"]), step=int(row["step"])).values
        assert float(row["mean"] or "nan") == pytest.approx(sample.mean(), rel=1e-14, nan_ok=True)
    undefined = [row for row in rows if row["measure"] == "c_nfa" and row["step"] == "0"]
    assert {row["mean"] for row in undefined} == {""}


def test_layers_differ_by_marker_and_grow_lighter():
    styles = layer_styles([1, 2, 3, 4, 5, 6])
    assert len({style.marker for style in styles.values()}) == 6
    luminance = [np.dot([0.2126, 0.7152, 0.0722], to_rgb(style.color)) for style in styles.values()]
    assert np.all(np.diff(luminance) > 0.03)
    assert luminance[-1] < 0.75  # visible on white


@pytest.mark.parametrize("columns", [1, 2])
def test_letters_are_legible_and_axes_named(record, table, columns):
    with paper_style():
        for named in (alignment_figure(record), prediction_figure(table), decomposition_figure(record)):
            figure = named.draw(columns)
            figure.canvas.draw()
            texts = [t for t in figure.findobj(Text) if t.get_text().strip() and t.get_visible()]
            assert min(t.get_fontsize() for t in texts) >= 7
            assert figure.get_size_inches()[0] == {1: 3.4, 2: 7.0}[columns]
            shown = [ax for ax in figure.axes if ax.axison]
            assert any(ax.get_xlabel() for ax in shown)
            assert any(ax.get_ylabel() for ax in shown)


def test_the_alt_text_tells_the_numbers(record, table):
    assert f"{record['uc_nfa'].values[:, -1, 0].mean():.2f} in layer 1" in alignment_figure(record).alt
    assert f"predicted {float(table['predicted'][2]):.3f}" in prediction_figure(table).alt
    assert f"UC-NFA {record['uc_nfa'].values[:, -1, 1].mean():.2f}" in decomposition_figure(record).alt


def test_the_label_says_which_alignment_was_measured(record):
    labels = {}
    for kind in ALIGNMENTS:
        record.attrs["config"] = f'{{"alignment": "{kind}"}}'
        ax = new_axes()
        plot_alignment(ax, record)
        labels[kind] = ax.get_ylabel()
    assert labels == {"cosine": "UC-NFA (cosine)", "pearson": "UC-NFA (correlation)"}
