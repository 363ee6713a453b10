"""Alignment measures against their transparent definitions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from numerics import InputError, alignment, measure_layer
from numerics.feature_matrices.layer_alignments import TERMS

matrices = arrays(np.float64, (3, 3), elements=st.floats(-1e3, 1e3).filter(lambda x: x == 0 or abs(x) > 1e-3))


@given(matrices, matrices)
def test_cosine_is_the_angle_of_the_entries(A, B):
    if not (A.any() and B.any()):
        assert math.isnan(alignment(A, B))
        return
    expected = np.trace(A.T @ B) / (np.linalg.norm(A) * np.linalg.norm(B))
    assert alignment(A, B) == pytest.approx(expected, abs=1e-12)
    assert alignment(3.5 * A, -B) == pytest.approx(-expected, abs=1e-12)


def test_pearson_is_the_correlation_of_the_entries():
    rng = np.random.default_rng(0)
    A, B = rng.standard_normal((2, 5, 5)) + 2
    assert alignment(A, B, "pearson") == pytest.approx(np.corrcoef(A.ravel(), B.ravel())[0, 1], abs=1e-14)
    assert abs(alignment(A, B) - alignment(A, B, "pearson")) > 0.1


def test_undefined_alignments_are_nan_without_a_warning():
    zero, ones = np.zeros((2, 2)), np.ones((2, 2))
    assert math.isnan(alignment(zero, ones))
    assert math.isnan(alignment(ones, np.eye(2), "pearson"))


def test_tiny_and_huge_entries_keep_their_angle():
    A = np.diag([1.0, 2.0])
    assert alignment(1e-200 * A, 1e200 * A) == pytest.approx(1.0, abs=1e-15)


def test_the_exponent_is_applied_to_the_agop():
    rng = np.random.default_rng(1)
    root = rng.standard_normal((4, 4))
    F = root @ root.T
    assert alignment(F, F @ F, exponent=0.5) == pytest.approx(1.0, abs=1e-12)
    assert alignment(F, F @ F, exponent=1 + 1e-15) == pytest.approx(alignment(F, F @ F), abs=1e-12)
    assert alignment(F, F @ F, exponent=0.51) < 1 - 1e-6
    with pytest.raises(InputError, match="exponent must be positive, got 0"):
        alignment(F, F, exponent=0)


def test_unknown_measure():
    with pytest.raises(InputError, match="unknown alignment 'cosin'; did you mean 'cosine'"):
        alignment(np.eye(2), np.eye(2), "cosin")


def transparent(W, W0, K, kind):
    """The same alignments from m x m matrices, term by term."""
    rho = np.corrcoef if kind == "pearson" else None
    dW = W - W0
    nfm_terms = [W0.T @ W0, W0.T @ dW + dW.T @ W0, dW.T @ dW]
    agop_terms = [W0.T @ K @ W0, W0.T @ K @ dW + dW.T @ K @ W0, dW.T @ K @ dW]

    def inner(A, B):
        if rho is not None:
            A, B = A - A.mean(), B - B.mean()
        return (A * B).sum()

    def norm(A):
        return math.sqrt(inner(A, A))

    F, G = W.T @ W, W.T @ K @ W
    shares = [[inner(f, g) / (norm(F) * norm(G)) for g in agop_terms] for f in nfm_terms]
    uc_nfa = inner(F, G) / (norm(F) * norm(G))
    c_nfa = inner(nfm_terms[2], agop_terms[2]) / (norm(nfm_terms[2]) * norm(agop_terms[2]))
    return uc_nfa, c_nfa, np.linalg.norm(dW) / np.linalg.norm(W), shares


@pytest.mark.parametrize("kind", ["cosine", "pearson"])
@pytest.mark.parametrize(("k", "m"), [(4, 9), (9, 4), (1, 3), (5, 5)])
def test_measurement_on_the_units_is_the_measurement_on_the_inputs(kind, k, m):
    rng = np.random.default_rng([k, m])
    W, W0 = rng.standard_normal((2, k, m)) + 0.5
    D = rng.standard_normal((20, k))
    K = D.T @ D / 20
    measured = measure_layer(W, W0, K, kind)
    expected = transparent(W, W0, K, kind)
    for ours, theirs in zip(measured, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-12)
    assert measured.decomposition.shape == (len(TERMS), len(TERMS))
    assert measured.decomposition.sum() == pytest.approx(measured.uc_nfa, abs=1e-14)


def test_the_comparison_refuses_a_decomposition_off_by_two_percent():
    rng = np.random.default_rng(5)
    W, W0 = rng.standard_normal((2, 4, 6))
    shares = measure_layer(W, W0, np.eye(4)).decomposition
    wrong = np.asarray(transparent(W, 1.02 * W0, np.eye(4), "cosine")[3])
    assert np.abs(shares - wrong).max() > 1e-3


def test_weights_that_have_not_moved_and_a_dead_layer_are_undefined():
    W = np.random.default_rng(0).standard_normal((3, 4))
    still = measure_layer(W, W, np.eye(3))
    assert math.isnan(still.c_nfa)
    assert still.relative_weight_change == 0.0
    assert still.uc_nfa == pytest.approx(still.decomposition[0, 0])
    dead = measure_layer(2 * W, W, np.zeros((3, 3)))
    assert math.isnan(dead.uc_nfa)
    assert math.isnan(dead.c_nfa)
