"""The exact route in panels against whole matrices, and what it keeps in memory."""

import tracemalloc

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController
from wide_network import WideNetwork

from nfa_theory import MLP, predict_alignment
from nfa_theory.predict.kernels.blocks import PANEL, SIZE, panels, trace_of_square, upper_blocks
from nfa_theory.predict.kernels.storage import HalfMatrix, TwoTriangles
from nfa_theory.predict.limit.exact import limit_at_expected_residuals, limit_traces
from nfa_theory.predict.limit.random_function import FUNCTIONS
from nfa_theory.predict.problem.problem import read_problem

RNG = np.random.default_rng(8)
N = PANEL + SIZE + 77  # one whole panel, and one with a block and a part of a block
BLAS = ThreadpoolController().select(user_api="blas")
SLICES = [slice(0, PANEL), slice(PANEL, N)]


def whole_matrices(X, net, A):
    """P, Q and S of every layer, then their traces: PSQS, PSPS, QSQS, PS, QS."""
    found = []
    for kernels in WideNetwork(X, net).layers():
        P, Q = kernels.kappa * A, (kernels.kappa @ kernels.kappa) * A
        T, U = P @ kernels.S, Q @ kernels.S
        found.append([np.sum(T * U.T), np.sum(T * T.T), np.sum(U * U.T), np.trace(T), np.trace(U)])
    return np.array(found[::-1])


def aligned(traces):
    return traces[:, 0] / np.sqrt(traces[:, 1] * traces[:, 2])


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("d", "start"), [(5, "average"), (N, "given")])
def test_panels_equal_whole_matrices(d, start, threads):
    X, Y = RNG.standard_normal((N, d)), RNG.standard_normal((N, 2))
    net = MLP((d, 50, 50, 2), bias=True, bias_std=0.5)
    f = 0.3 * RNG.standard_normal((N, 2))
    average = start == "average"
    A = Y @ Y.T + 2 * WideNetwork(X, net).output_covariance() if average else (Y - f) @ (Y - f).T
    expected = whole_matrices(X, net, A)
    problem = read_problem(X, Y, net, "average" if average else f, "mse", None)
    with BLAS.limit(limits=threads):
        found = limit_traces(problem, np.random.default_rng(0))
    np.testing.assert_allclose([each.alignment(1) for each in found], aligned(expected), rtol=1e-11)
    dimensions = [each.effective_dimensions() for each in found]
    np.testing.assert_allclose(dimensions, expected[:, 3:] ** 2 / expected[:, 1:3], rtol=1e-10)
    wrong = whole_matrices(X, net, A + 0.02 * np.diag(A.diagonal()))  # two percent on the diagonal of A
    assert abs(aligned(wrong) - aligned(expected))[0] > 1e-7


def test_the_mean_over_functions_of_a_cross_entropy_is_an_average_of_softmax():
    """E[R R^T] by simulation, as the definition says, with as many functions; both are means over 64."""
    n = 200
    X, Y = 2 * RNG.standard_normal((n, 5)), np.eye(3)[RNG.integers(3, size=n)]
    net = MLP((5, 50, 50, 3), parametrization="he")
    problem = read_problem(X, Y, net, "average", "cross_entropy", None)
    found = [limit_at_expected_residuals(problem, np.random.default_rng(seed)) for seed in range(8)]
    covariance = WideNetwork(X, net).output_covariance()
    root = np.linalg.cholesky(covariance + 1e-10 * np.eye(n))
    A = np.zeros((n, n))
    for _ in range(8 * FUNCTIONS):
        powers = np.exp(root @ RNG.standard_normal((n, 3)))
        R = Y - powers / powers.sum(axis=1, keepdims=True)
        A += R @ R.T
    expected = aligned(whole_matrices(X, net, A))
    error = np.std(found, axis=0, ddof=1) / np.sqrt(8)
    assert np.all(abs(np.mean(found, axis=0) - expected) <= 8 * error)  # Student's t with 7 degrees: 1e-4
    squared_error = limit_at_expected_residuals(read_problem(X, Y, net, "average", "mse", None), RNG)
    assert np.any(abs(squared_error - expected) > 8 * error)


def symmetric(n):
    half = RNG.standard_normal((n, n))
    return half + half.T


def test_half_a_matrix_gives_all_its_rows():
    M, half = symmetric(N), HalfMatrix(N, float)
    for rows, columns in upper_blocks(N):
        half.block(rows, columns)[:] = M[rows, columns]
    for rows in (*SLICES, slice(3, 20), slice(SIZE - 3, SIZE + 5), slice(7, N - 7)):
        np.testing.assert_array_equal(half.rows(rows), M[rows])
    v = RNG.standard_normal((N, 2))
    np.testing.assert_allclose(half.times(v), M @ v, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(half.times(v[:, 0]), M @ v[:, 0], rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("n", [SIZE - 30, N])
def test_two_matrices_share_a_square_array(n):
    first, second = symmetric(n), symmetric(n)
    square = np.triu(first)
    both = TwoTriangles(square, second.diagonal())
    blocks = list(upper_blocks(n, 300))
    for rows, columns in blocks:
        both.put(rows, columns, second[rows, columns])
    np.testing.assert_array_equal(np.triu(square), np.triu(first))
    for rows, columns in blocks:
        np.testing.assert_array_equal(both.take(rows, columns), second[rows, columns])
    np.testing.assert_array_equal(square, first)


@pytest.mark.parametrize(("n", "threads"), [(5, 2), (2000, 1), (2000, 2), (2000, 5), (2000, 28), (10000, 64)])
def test_panels_of_all_threads_take_less_than_half_a_square_array(n, threads):
    with BLAS.limit(limits=threads):
        parts = panels(n)
    assert [parts[0].start, *(part.stop for part in parts)] == [*(part.start for part in parts), n]
    rows = max(part.stop - part.start for part in parts)
    assert rows <= PANEL
    assert n < 2000 or threads * rows < n / 2


def test_the_trace_of_a_square_is_summed_over_blocks():
    M = RNG.standard_normal((N, N))
    assert trace_of_square(M) == pytest.approx(np.trace(M @ M), rel=1e-10)


@pytest.mark.parametrize(
    ("start", "loss", "activation", "d", "dtype"),
    [
        ("average", "mse", "relu", 20, "float32"),
        ("zero", "mse", "gelu", 20, "float32"),
        ("average", "cross_entropy", "relu", 20, "float32"),
        ("average", "mse", "tanh", 1100, "float64"),  # 387 numbers for each sample; no layer has few inputs
    ],
)
def test_no_more_than_three_square_arrays(start, loss, activation, d, dtype):
    """Everything that is allocated, panels and blocks of two threads included."""
    n = 2000
    X = np.random.default_rng(0).standard_normal((n, d)).astype(dtype)
    Y = np.eye(2, dtype=dtype)[(X[:, 0] > 0).astype(int)]
    net = MLP((d, 50, 50, 50, 2), activation)
    predict_alignment(X[:100], Y[:100], net, start, loss=loss)  # derive the duals first
    tracemalloc.start()
    with BLAS.limit(limits=2):
        predict_alignment(X, Y, net, start, loss=loss, method="exact")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 2 * n * n < peak / X.itemsize < 3 * n * n
