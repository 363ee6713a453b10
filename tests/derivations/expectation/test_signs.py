"""Signs between Gaussian matrices: against the average over every choice of signs."""

from fractions import Fraction
from itertools import product as choices

import numpy as np
import pytest
from gaussian_expansion import exact_value, independent_normals, mean, product

from derivations.algebra import Matrix, identity, tr
from derivations.expectation import GaussianMatrix, Signs, expect

A_VALUE = np.array([[2, -1], [3, 5]], dtype=object)
A = Matrix("A", 2)


def average_over_signs(function, size):
    values = [function(np.diag(np.array(signs, dtype=object))) for signs in choices([1, -1], repeat=size)]
    return sum(values, Fraction(0)) / len(values)


def test_indefinite_gram_matrix_with_random_signs():
    """``M = X^T diag(a) X`` with ``a_j = +-1``, as in a quadratic network at initialization."""
    X, D = GaussianMatrix("X", "k", 2), Signs("D", "k")
    M = X.T * D * X
    (x,) = independent_normals((3, 2))

    def by_hand(signs):
        m = x.T @ signs @ x
        return mean((m @ A_VALUE @ m @ A_VALUE.T).trace() * (m @ A_VALUE).trace() * m.trace())

    result = expect(tr(M * A * M * A.T) * tr(M * A) * tr(M), [X, D])
    assert exact_value(result, {"A": A_VALUE}, {"k": 3}) == average_over_signs(by_hand, 3)


def test_sign_readout():
    """``f = a^T X x`` with signs ``a``: the fourth moment of the gradient ``X^T a``."""
    X, a = GaussianMatrix("X", "k", 2), Signs("a", "k", vector=True)
    gradient = X.T * a * a.T * X
    (x,) = independent_normals((3, 2))

    def by_hand(signs):
        column = x.T @ np.diag(signs).reshape(3, 1)
        g = column @ column.T
        return mean((g @ A_VALUE @ g @ A_VALUE).trace())

    result = expect(tr(gradient * A * gradient * A), [X, a])
    assert exact_value(result, {"A": A_VALUE}, {"k": 3}) == average_over_signs(by_hand, 3)


def test_two_signs_of_a_vector_give_the_identity():
    a, B = Signs("a", "k", vector=True), Matrix("B", "k")
    assert expect(a * a.T, [a]) == identity("k")
    assert expect(a.T * B * a, [a]) == tr(B) * identity(1)


def test_an_odd_number_of_signs_averages_to_zero():
    D, B = Signs("D", "k"), Matrix("B", "k")
    assert expect(tr(D * B), [D]) == 0
    assert expect(tr(D) ** 3, [D]) == 0


@pytest.mark.parametrize("vector", [True, False])
def test_signs_that_stand_apart_sum_over_diagonal_entries(vector):
    """Every choice of four signs; without the fourth cumulant the average is another."""
    a, B = Signs("a", 4, vector=vector), Matrix("B", 4)
    expression = tr(a.T * B * a) ** 2 if vector else tr(a * B * a * B * a * B * a * B)
    values = np.array([[2, -1, 3, 0], [1, 4, -2, 5], [0, 7, -3, 1], [6, 2, 1, -5]], dtype=object)

    def by_hand(signs):
        column = np.diag(signs).reshape(4, 1)
        return ((column.T @ values @ column) ** 2).trace() if vector else product([signs, values] * 4).trace()

    result = expect(expression, [a]).evaluate({"B": values.tolist()})
    assert result == average_over_signs(by_hand, 4)
    gaussian = GaussianMatrix("a", 4, 1) if vector else None
    if gaussian is not None:
        assert expect(tr(gaussian.T * B * gaussian) ** 2, [gaussian]).evaluate({"B": values.tolist()}) != result
