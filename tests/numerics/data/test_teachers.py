import numpy as np
import pytest

from numerics.data import chain_monomial, linear_teacher, multi_index, quadratic_teacher
from numerics.errors import InputError

RNG = np.random.default_rng(11)
X = RNG.standard_normal((9, 5))


def test_linear_by_definition():
    B = RNG.standard_normal((5, 2))
    expected = [[sum(B[j, c] * x[j] for j in range(5)) for c in range(2)] for x in X]
    assert np.allclose(linear_teacher(X, B), expected, rtol=1e-13)


def test_quadratic_by_definition():
    Q = RNG.standard_normal((5, 5))
    expected = [[sum(Q[i, j] * x[i] * x[j] for i in range(5) for j in range(5))] for x in X]
    assert np.allclose(quadratic_teacher(X, Q), expected, rtol=1e-12)
    assert np.allclose(quadratic_teacher(X, (Q + Q.T) / 2), expected, rtol=1e-12)


@pytest.mark.parametrize("rank", [1, 2, 3, 5])
def test_chain_by_definition(rank):
    expected = [[sum(x[i] * x[(i + 1) % rank] for i in range(rank))] for x in X]
    assert np.allclose(chain_monomial(X, rank), expected, rtol=1e-13)


def test_multi_index_by_definition():
    U = RNG.standard_normal((5, 2))
    expected = [[0.5 * (x @ U[:, 0]) ** 3 - 2 * (x @ U[:, 0]) * (x @ U[:, 1]) ** 2 + 7] for x in X]
    assert np.allclose(multi_index(X, U, [[3, 0], [1, 2], [0, 0]], [0.5, -2, 7]), expected, rtol=1e-12)


def test_the_chain_is_a_multi_index_polynomial_and_a_quadratic_form():
    Q = np.zeros((5, 5))
    for i in range(4):
        Q[i, (i + 1) % 4] = 1
    assert np.allclose(quadratic_teacher(X, Q), chain_monomial(X, 4), rtol=1e-13)
    exponents = [[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1], [1, 0, 0, 1]]
    assert np.allclose(multi_index(X, np.eye(5)[:, :4], exponents, np.ones(4)), chain_monomial(X, 4), rtol=1e-13)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linear_teacher(X, np.ones(4)), r"coefficients must have shape \(5, outputs\), got \(4,\)"),
        (lambda: linear_teacher(X[0], np.ones(5)), r"X must have shape \(samples, inputs\), got \(5,\)"),
        (lambda: quadratic_teacher(X, np.eye(4)), r"matrix must have shape \(5, 5\), got \(4, 4\)"),
        (lambda: chain_monomial(X, 6), "rank must be an integer from 1 to 5, got 6"),
        (lambda: chain_monomial(X, 0), "rank must be an integer from 1 to 5, got 0"),
        (lambda: multi_index(X, np.eye(4), [[1]], [1]), r"directions must have shape \(5, r\), got \(4, 4\)"),
        (lambda: multi_index(X, np.eye(5), [[1]], [1]), r"exponents must have shape \(terms, 5\) .* got \(1, 1\)"),
        (lambda: multi_index(X, np.ones((5, 1)), [[-1]], [1]), "exponents must be integers of at least 0, got -1"),
        (lambda: multi_index(X, np.ones((5, 1)), [[0.5]], [1]), "exponents must be integers .* got 0.5"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(one_line, call, message):
    with pytest.raises(InputError, match=message) as info:
        call()
    one_line(info)
