"""Feature matrices, their spectra and phase diagrams are drawn as they are."""

import re

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from nfa_theory.figures import (
    features_figure,
    phase_diagram_figure,
    plot_agop,
    plot_phase_diagram,
    plot_spectrum,
    render,
)
from nfa_theory.figures.agop import diagonal_image
from numerics import Features, InputError


def new_axes():
    return Figure().add_subplot()


@pytest.fixture
def features():
    rng = np.random.default_rng(3)
    W, K = rng.standard_normal((5, 12)), np.diag(np.arange(1.0, 6.0))
    return Features(layer=1, nfm=W.T @ W, agop=W.T @ K @ W, ptf_covariance=K)


def test_the_matrix_is_drawn_over_its_largest_entry(features):
    ax = new_axes()
    plot_agop(ax, features.agop)
    np.testing.assert_allclose(ax.images[0].get_array(), features.agop / abs(features.agop).max())


def test_a_diagonal_becomes_the_image_of_its_pixels():
    diagonal = np.zeros(2 * 3 * 2)
    diagonal[(1 * 3 + 2) * 2 + 1] = 5.0  # row 1, column 2, channel 1
    expected = np.zeros((2, 3))
    expected[1, 2] = 5.0
    np.testing.assert_array_equal(diagonal_image(np.diag(diagonal), (2, 3, 2)), expected)
    ax = new_axes()
    plot_agop(ax, np.diag(diagonal), (2, 3, 2))
    np.testing.assert_array_equal(ax.images[0].get_array(), expected / 5.0)


def test_the_spectrum_is_that_of_the_matrix_without_rounding():
    Q, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((6, 6)))
    eigenvalues = np.array([4.0, 2.0, 1.0, 1e-6, 0.0, 0.0])
    ax = new_axes()
    plot_spectrum(ax, {"made": (Q * eigenvalues) @ Q.T})
    (line,) = ax.lines
    np.testing.assert_allclose(line.get_ydata(), eigenvalues[:4] / 4.0, rtol=1e-8)
    np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3, 4])


@pytest.fixture
def grid():
    y, x = np.array([0.1, 1.0, 10.0]), np.array([1.0, 2.0, 4.0, 8.0])
    z = np.linspace(0.1, 0.9, 12).reshape(3, 4)
    return xr.DataArray(z, {"share": y, "scale": ("scale", x, {"long_name": "initial scale"})}, ("share", "scale"))


def test_a_phase_diagram_shows_each_value_at_its_place(grid):
    ax = new_axes()
    mesh = plot_phase_diagram(ax, grid)
    np.testing.assert_array_equal(np.asarray(mesh.get_array()).reshape(3, 4), grid.values)
    assert mesh.get_clim() == (0.0, 1.0)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("initial scale", "share")


def test_the_data_of_a_phase_diagram_are_its_values(grid):
    rows = phase_diagram_figure(grid).rows
    assert len(rows) == 12
    assert [10.0, 2.0, float(grid.sel(share=10.0, scale=2.0))] in rows


def test_the_same_input_gives_the_same_bytes(features, grid):
    for figure in (features_figure(features), phase_diagram_figure(grid, log=True)):
        for columns in (1, 2):
            first = render(figure, "pdf", columns)
            assert first == render(figure, "pdf", columns)
            assert b"/Type3" not in first
            assert b"/FontFile2" in first


def test_the_text_for_those_who_cannot_see_it_tells_the_numbers(features, grid):
    F, G = features.nfm, features.agop
    cosine = np.sum(F * G) / np.sqrt(np.sum(F * F) * np.sum(G * G))
    assert f"{cosine:.3f}" in features_figure(features).alt
    assert "from 0.10 to 0.90" in phase_diagram_figure(grid).alt


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plot_agop(new_axes(), np.ones((2, 3))), "a feature matrix must be square, got shape (2, 3)"),
        (lambda: plot_agop(new_axes(), np.zeros((2, 2))), "must be finite and not zero, got zeros"),
        (
            lambda: plot_agop(new_axes(), np.full((2, 2), np.nan)),
            "finite and not zero, got values that are not",
        ),
        (lambda: plot_agop(new_axes(), np.eye(5), (2, 2)), "as many pixels as inputs (5), got (2, 2)"),
        (lambda: plot_phase_diagram(new_axes(), xr.DataArray(np.ones(3))), "two dimensions of at least 2 values"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_line(call, message):
    with pytest.raises(InputError, match=re.escape(message)):
        call()
