"""Series in time: against high-precision integration, whose distance must fall at the right order, and each other."""

import numpy as np
import pytest
from linear_flow import cosine, draw, nfm_and_agop, trained
from orders import observed_order

from derivations.errors import DerivationError
from derivations.forms.array_series import (
    evaluate_on_series,
    flow_series,
    inner_product_series,
    ratio_series,
)
from derivations.linear.closed_flow import gradient_flow, layers
from derivations.linear.features import (
    STARTS,
    TRACES,
    Expansion,
    alignment_series,
    layer_features,
    symbolic_series,
)

CASES = [((5, 4, 3), 1), ((4, 4, 3, 4, 2), 2), ((4, 4, 3, 4, 2), 3)]
ORDER = 2
TIMES = np.array([0.004, 0.002])


def covariances(X, Y):
    return X.T @ X / len(X), Y.T @ X / len(X)


def measured(sizes, layer, seed=4):
    weights, X, Y = draw(sizes, 12, seed)
    values = []
    for moved in trained(weights, X, Y, TIMES[::-1])[::-1]:
        centered = nfm_and_agop(moved[layer - 1] - weights[layer - 1], moved, layer)
        values.append((cosine(*centered), cosine(*nfm_and_agop(moved[layer - 1], moved, layer))))
    return alignment_series(weights, *covariances(X, Y), order=6, layer=layer), np.array(values).T


def falls_at_the_next_order(coefficients, values):
    errors = np.polynomial.Polynomial(coefficients)(TIMES) - values
    return abs(observed_order(errors)[0] - (ORDER + 1)) < 0.15


@pytest.mark.parametrize(("sizes", "layer"), CASES)
def test_the_error_of_the_series_falls_at_the_next_order(sizes, layer):
    """So late that a coefficient wrong by 2 % shows, as an error that falls too slowly."""
    claimed, (c_nfa, uc_nfa) = measured(sizes, layer)
    for name, values in (("C-NFA", c_nfa), ("UC-NFA", uc_nfa)):
        exact = np.array(claimed[name][: ORDER + 1])
        assert falls_at_the_next_order(exact, values)
        for j in range(ORDER + 1):
            assert not falls_at_the_next_order(exact * np.where(np.arange(ORDER + 1) == j, 1.02, 1), values)


def value_of(coefficient, values):
    needed = {symbol.name for symbol in coefficient.symbols()}
    return coefficient.evaluate({name: value for name, value in values.items() if name in needed})


@pytest.mark.parametrize(("sizes", "order"), [((3, 4, 2), 6), ((3, 2, 4, 3, 2), 4)])
def test_symbolic_coefficients_have_the_values_of_the_arithmetic(sizes, order):
    """Two independent ways: the Leibniz rule on words with ``E``, and arrays with ``Sigma_yx``."""
    weights, X, Y = draw(sizes, 6, seed=8)
    xx, yx = covariances(X, Y)
    values = {f"W{i + 1}": W for i, W in enumerate(weights)} | {"Sigma_xx": xx}
    values["E"] = yx - np.linalg.multi_dot(weights[::-1]) @ xx
    numeric = alignment_series(weights, xx, yx, order)
    symbolic = symbolic_series(len(weights), order)
    for name in ("F_c", "G_c"):
        for j in range(2, order + 1):
            value = value_of(symbolic[name][j], values)
            np.testing.assert_allclose(value, numeric[name][j - 2], rtol=1e-9, atol=1e-11)
    for alignment, names in (("C-NFA", list(STARTS)[2:5]), ("UC-NFA", list(STARTS)[5:])):
        parts = [[value_of(each, values) for each in symbolic[name][STARTS[name] :]] for name in names]
        np.testing.assert_allclose(ratio_series(*parts), numeric[alignment][: len(parts[0])], rtol=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize(("sizes", "order"), [((3, 4, 2), 6), ((3, 2, 4, 3, 2), 4)])
def test_symbolic_traces_as_far_as_the_c_nfa_needs_them(sizes, order):
    """For its order six with two layers and four with four: traces of a hundred thousand terms."""
    weights, X, Y = draw(sizes, 6, seed=8)
    xx, yx = covariances(X, Y)
    values = {f"W{i + 1}": W for i, W in enumerate(weights)} | {"Sigma_xx": xx}
    values["E"] = yx - np.linalg.multi_dot(weights[::-1]) @ xx
    numeric = alignment_series(weights, xx, yx, order)
    F_c, G_c = numeric["F_c"], numeric["G_c"]
    for name, pair in zip(TRACES["C-NFA"], ((F_c, G_c), (F_c, F_c), (G_c, G_c)), strict=True):
        coefficients = Expansion(len(weights), 1).coefficients(name, 4 + order)[4:]
        found = [value_of(each, values) for each in coefficients]
        np.testing.assert_allclose(found, inner_product_series(*pair), rtol=1e-9)


def test_scalar_layers_follow_their_own_taylor_series():
    """``w' = s - w x`` from zero with one layer: ``w = (s / x)(1 - exp(-x t))``."""
    s, x = np.array([[3.0]]), np.array([[2.0]])
    weights = layers(1)
    found = flow_series(gradient_flow(weights), {"W1": s * 0, "Sigma_xx": x, "Sigma_yx": s}, 4)["W1"]
    assert [float(each[0, 0]) for each in found] == pytest.approx([0, 3, -3, 2, -1])


def test_bad_requests_are_refused():
    W, X, Y = draw((2, 2), 3, seed=1)
    features = layer_features(2, 1)
    with pytest.raises(DerivationError, match="order must be a non-negative integer, got -1"):
        flow_series(gradient_flow(features.weights), {}, -1)
    with pytest.raises(DerivationError, match="layer must be from 1 to 2, got 3"):
        layer_features(2, 3)
    with pytest.raises(DerivationError, match="depth must be a positive integer, got 0"):
        layers(0)
    with pytest.raises(DerivationError, match=r"squared norms must start positive, got 0\.0 and 1\.0"):
        ratio_series([1.0], [0.0], [1.0])
    with pytest.raises(DerivationError, match="need a polynomial that is not zero"):
        evaluate_on_series(features.F - features.F, {}, 2)
    zero = [each * 0 for each in W]
    with pytest.raises(DerivationError, match="squared norms must start positive"):
        alignment_series(zero, X.T @ X, Y.T @ X * 0, order=1)
