"""Evaluation on lists, SymPy matrices and arrays of several namespaces."""

from fractions import Fraction

import array_api_strict
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from derivations.algebra import Matrix, Scalar, diagonal, identity, ones, tr
from derivations.algebra.plan import Plan
from derivations.errors import DerivationError, MissingValueError

A, S = Matrix("A", "d", "k"), Matrix("S", "d", symmetric=True)
n, d = Scalar("n"), Scalar("d")
EXAMPLE = tr(A.T * S * A) * n / (d + 1) - tr(S) ** 2


@given(data=st.data())
def test_arrays_agree_with_exact_values(zoo, data):
    square, _ = data.draw(zoo.squares())
    other, _ = data.draw(zoo.pairs(*square.shape))
    expression = tr(square) * other.hadamard(square) - Fraction(1, 3) * square
    arrays = {symbol: as_floats(value) for symbol, value in zoo.values.items()}
    expected = np.array(expression.evaluate(zoo.values), dtype=float)
    np.testing.assert_allclose(expression.evaluate(arrays), expected, rtol=1e-12, atol=1e-9)
    expected = float(tr(square).evaluate(zoo.values))
    np.testing.assert_allclose(tr(square).evaluate(arrays), expected, rtol=1e-12, atol=1e-9)


def as_floats(value):
    return np.array(value, dtype=float) if isinstance(value, list) else value


def test_kinds_of_exact_values_agree():
    rows, square = [[1, 2], [0, -1], [3, 1]], [[1, 2, 0], [2, 0, 1], [0, 1, 5]]
    expected = Fraction(7 * direct(rows, square), 4) - 36
    for values in (
        {A: rows, S: square, n: 7},
        {"A": rows, "S": square, "n": 7, "d": 3},
        {A: sympy.Matrix(rows), S: np.array(square), n: sympy.Integer(7)},
    ):
        value = EXAMPLE.evaluate(values)
        assert isinstance(value, Fraction)
        assert value == expected


def direct(rows, square):
    return sum(rows[i][c] * square[i][j] * rows[j][c] for i in range(3) for j in range(3) for c in range(2))


def test_any_array_namespace_and_precision():
    a, s = np.arange(6.0).reshape(3, 2), np.eye(3) + 1
    expected = 7 * np.trace(a.T @ s @ a) / 4 - np.trace(s) ** 2
    strict = EXAMPLE.evaluate({A: array_api_strict.asarray(a), S: array_api_strict.asarray(s), n: 7})
    assert type(strict) is type(array_api_strict.asarray(a))
    assert float(strict) == pytest.approx(expected, rel=1e-14)
    single = EXAMPLE.evaluate({A: a.astype(np.float32), S: s.astype(np.float32), n: 7})
    assert single.dtype == np.float32
    assert float(single) == pytest.approx(expected, rel=1e-5)


def test_composite_symbols_on_strict_arrays():
    r, P = Matrix("r", "d", 1), Matrix("P", "d", positive_definite=True)
    expression = diagonal(r) * P.inverse.hadamard(P) * ones("d") + identity("d") * r
    p, v = np.array([[2.0, 1], [1, 3]]), np.array([[1.0], [-2]])
    value = expression.evaluate({r: array_api_strict.asarray(v), P: array_api_strict.asarray(p)})
    np.testing.assert_allclose(np.asarray(value), v * (np.linalg.inv(p) * p).sum(1, keepdims=True) + v, rtol=1e-14)


def test_leading_axes_are_batches():
    rng = np.random.default_rng(0)
    a, s = rng.normal(size=(5, 3, 2)), rng.normal(size=(3, 3))
    s = s + s.T
    batched = EXAMPLE.compile()({A: a, S: s, n: 7})
    assert batched.shape == (5,)
    np.testing.assert_allclose(batched, [EXAMPLE.evaluate({A: each, S: s, n: 7}) for each in a], rtol=1e-12)
    matrix = tr(A * A.T) * S * A
    np.testing.assert_allclose(matrix.evaluate({A: a, S: s})[3], matrix.evaluate({A: a[3], S: s}), rtol=1e-12)


def test_read_only_arrays_are_left_alone():
    a, s = np.ones((3, 2)), np.eye(3)
    a.flags.writeable = s.flags.writeable = False
    EXAMPLE.evaluate({A: a, S: s, n: 2})


def test_the_plan_takes_the_cheapest_order():
    # A (2 x 900), B (900 x 3), C (3 x 800): (A B) C costs 2*900*3 + 2*3*800, far less than A (B C).
    shapes = [(2, 900), (900, 2), (900, 3), (3, 900), (3, 800), (800, 3)]
    plan = Plan([(0, 2, 4)], [], shapes, (1, 0, 3, 2, 5, 4))
    assert plan.work() == 2 * 900 * 3 + 2 * 3 * 800
    # A product that exists costs nothing again, nor does its transpose.
    shared = Plan([(0, 2), (0, 2, 4), (3, 1)], [], shapes, (1, 0, 3, 2, 5, 4))
    assert shared.work() == plan.work()


def test_plans_of_many_words_share_their_beginnings():
    X, Y = Matrix("X", 2), Matrix("Y", 2)
    expression = tr((X + Y) ** 10)
    x, y = np.array([[0.1, 0.2], [0.3, -0.1]]), np.array([[0.2, 0.5], [-0.4, 0.1]])
    word_sum = (X + Y) ** 10
    assert len(word_sum.terms) == 1024
    np.testing.assert_allclose(expression.evaluate({X: x, Y: y}), np.trace(np.linalg.matrix_power(x + y, 10)))
    np.testing.assert_allclose(word_sum.evaluate({X: x, Y: y}), np.linalg.matrix_power(x + y, 10), atol=1e-12)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({A: [[1], [2]], n: 1}, "the matrix S needs a value, got none"),
        ({A: [[1], [2]], S: [[1, 0], [0, 1]]}, "the scalar n needs a value, got none"),
        ({A: [[1], [2]], S: [[1]], n: 1}, "the value of S must have shape d x d with d = 2, got 1 x 1"),
        ({A: [[1], [2]], S: [[1, 0], [0, 1]], n: 1, d: 3}, "must have shape d x k with d = 3, got 2 x 1"),
        ({A: [[1], [2, 3]], S: [[1]], n: 1}, "the value of A must be rows of exact numbers of equal length"),
        ({A: [[0.5]], S: [[1]], n: 1}, "the value of A must be rows of exact numbers, or an array"),
        ({A: np.ones((2, 1)), S: [[1, 0], [0, 1]], n: 1}, "the value of S must be an array of at least 2 axes"),
        ({A: np.ones(2), S: np.eye(2), n: 1}, "the value of A must be an array of at least 2 axes"),
        ({A: np.ones((2, 1)), S: np.eye(3), n: 1}, "the value of S must have shape d x d with d = 2, got 3 x 3"),
        ({3: 4}, "values belong to a Matrix, a Scalar or a name, got 3"),
    ],
)
def test_missing_and_wrong_values_are_named(values, message):
    with pytest.raises(MissingValueError, match=message):
        EXAMPLE.evaluate(values)


def test_inexact_scalars_are_refused_in_exact_evaluation():
    with pytest.raises(DerivationError, match=r"a coefficient must be exact, got 0\.5"):
        EXAMPLE.evaluate({A: [[1]], S: [[1]], n: 0.5})


@pytest.mark.parametrize("value", [np.triu(np.ones((4, 4))), np.triu(np.ones((4, 4), dtype=int)).tolist()])
def test_a_value_without_the_declared_symmetry_is_refused(value):
    """On arrays and on exact numbers alike."""
    with pytest.raises(MissingValueError, match="the value of S must be symmetric, got"):
        tr(S * S).evaluate({"S": value})


def test_a_value_with_entries_beside_the_diagonal_is_refused():
    L = Matrix("L", "d", diagonal=True)
    with pytest.raises(MissingValueError, match="the value of L must be diagonal, got"):
        tr(L).evaluate({"L": np.eye(3) + 0.1})
    assert tr(L).evaluate({"L": np.eye(3)}) == 3


@pytest.mark.parametrize("wrong", [[[1, 2], [2, 1]], [[1, 1], [1, 1]], [[-1, 0], [0, 2]]])
def test_a_value_that_is_not_positive_definite_is_refused(wrong):
    """On arrays and on exact numbers alike; indefinite, singular, and with a negative entry on the diagonal."""
    P = Matrix("P", "d", positive_definite=True)
    for value in (wrong, np.array(wrong, dtype=float)):
        with pytest.raises(MissingValueError, match="the value of P must be positive definite, got"):
            tr(P).evaluate({"P": value})
    assert tr(P).evaluate({"P": [[2, 1], [1, 2]]}) == tr(P).evaluate({"P": np.array([[2.0, 1.0], [1.0, 2.0]])}) == 4


def test_a_value_of_another_shape_than_declared_is_refused():
    for value in (np.ones((2, 3)), [[1, 1, 1], [1, 1, 1]]):
        with pytest.raises(MissingValueError, match="the value of S must have shape d x d with d = 2, got 2 x 3"):
            tr(S * S).evaluate({"S": value})


def test_rounding_is_no_lack_of_symmetry():
    Q = np.random.default_rng(0).standard_normal((4, 4))
    assert tr(S).evaluate({"S": Q @ np.diag([1.0, 2.0, 3.0, 4.0]) @ Q.T}) > 0
