"""Derivatives against the exact expansion of ``f(X + s H)`` in ``s``."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from derivations.algebra import (
    Matrix,
    Scalar,
    diagonal,
    directional_derivative,
    flow,
    gradient,
    identity,
    ones,
    second_derivative,
    time_derivative,
    tr,
)
from derivations.errors import ShapeError, SymbolError

X, H = Matrix("X", 2, 3), Matrix("H", 2, 3)
B, S = Matrix("B", 3, 3), Matrix("S", 2, 2, symmetric=True)
M, r = Matrix("M", 2, 3), Matrix("r", 3, 1)
ENTRIES = st.lists(st.lists(st.integers(-3, 3), min_size=3, max_size=3), min_size=3, max_size=3)
FUNCTIONS = {
    "quadratic": tr(X.T * S * X * B),
    "repeated": tr(X.T * S * X * B * X.T * X),
    "product of traces": tr(X * M.T) ** 2 * tr(X.T * X) - 3 * tr(X * B * M.T),
    "elementwise": tr(X.hadamard(M).hadamard(X * B).T * S * X),
    "diagonal of a vector": tr(diagonal(X * r) * S * X * X.T),
    "entries summed": tr(ones(1, 2) * X * B * ones(3)) ** 3,
}


def value_of(name, rows):
    """Cut a 3 x 3 list to the shape of a symbol, symmetrized for S."""
    array = np.array([[Fraction(entry) for entry in row] for row in rows], dtype=object)
    return {"S": (array + array.T)[:2, :2], "B": array, "r": array[:, :1]}.get(name, array[:2, :])


def expansion(function, values, direction, degree):
    """Coefficients of ``f(X + s H)`` in ``s``: exact values at integers, solved for the polynomial."""
    points = range(degree + 1)
    results = [function.evaluate({**values, X: (values[X] + s * direction).tolist()}) for s in points]
    coefficients = []
    basis = [[Fraction(s) ** power for power in points] for s in points]
    for column in points:  # Cramer's rule by exact elimination
        replaced = [[*row[:column], result, *row[column + 1 :]] for row, result in zip(basis, results, strict=True)]
        coefficients.append(determinant(replaced) / determinant(basis))
    return coefficients


def determinant(rows):
    if not rows:
        return Fraction(1)
    pivot = next((i for i, row in enumerate(rows) if row[0]), None)
    if pivot is None:
        return Fraction(0)
    top, rest = rows[pivot], rows[:pivot] + rows[pivot + 1 :]
    reduced = [[b - row[0] / top[0] * a for a, b in zip(top[1:], row[1:], strict=True)] for row in rest]
    return (-1) ** pivot * top[0] * determinant(reduced)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@given(data=st.data())
def test_first_and_second_derivatives_are_the_coefficients_of_the_expansion(function, data):
    values = {Matrix_: value_of(Matrix_.symbol.name, data.draw(ENTRIES)) for Matrix_ in (X, B, S, M, r)}
    direction = value_of("H", data.draw(ENTRIES))
    _, first, second, *_ = expansion(function, values, direction, 4)
    values = {symbol: value.tolist() for symbol, value in values.items()}
    G = np.array(gradient(function, X).evaluate(values), dtype=object)
    assert (G * direction).sum() == first
    assert directional_derivative(function, {X: H}).evaluate({**values, H: direction.tolist()}) == first
    assert second_derivative(function, {X: H}).evaluate({**values, H: direction.tolist()}) == 2 * second


def test_a_wrong_gradient_is_refused():
    # The check above has the power to see a 2% error and a swapped factor.
    values = {X: [[1, 2, 0], [0, -1, 3]], B: [[1, 0, 2], [0, 1, 1], [3, 1, 0]], S: [[2, 1], [1, 5]]}
    direction = np.array([[1, -2, 3], [0, 1, 1]], dtype=object)
    arrays = {symbol: np.array(value, dtype=object) for symbol, value in values.items()}
    _, first, *_ = expansion(FUNCTIONS["quadratic"], arrays, direction, 2)
    right = S * X * B + S * X * B.T
    for wrong in (Fraction(51, 50) * right, S * X * B, S * X * B.T * 2):
        assert (np.array(wrong.evaluate(values), dtype=object) * direction).sum() != first
    assert gradient(FUNCTIONS["quadratic"], X) == right


def test_gradients_respect_symmetry():
    C, D = Matrix("C", 3, symmetric=True), Matrix("D", 3, diagonal=True)
    assert gradient(tr(B * C), C) == (B + B.T) / 2
    assert gradient(tr(B * D), D) == B.hadamard(identity(3))


@pytest.mark.parametrize("symmetric", [True, False])
def test_gradient_through_an_inverse_has_error_of_second_order(symmetric):
    P = Matrix("P", 3, positive_definite=symmetric, invertible=True)
    function = tr(P.inverse * B * P * B.T * P.inverse.T)
    rng = np.random.default_rng(1)
    p, b, h = (rng.normal(size=(3, 3)) for _ in range(3))
    p, h = (p @ p.T + np.eye(3), h + h.T) if symmetric else (p + 4 * np.eye(3), h)

    def direct(p):
        q = np.linalg.inv(p)
        return np.trace(q @ b @ p @ b.T @ q.T)

    slope = np.sum(gradient(function, P).evaluate({P: p, B: b}) * h)
    steps = np.array([1e-2, 5e-3, 2.5e-3])
    errors = [abs((direct(p + s * h) - direct(p - s * h)) / (2 * s) - slope) for s in steps]
    order = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert 1.9 < order < 2.1


def test_time_derivative_of_an_inverse_along_a_flow():
    P, Q = Matrix("P", 3, invertible=True), Matrix("Q", 3)
    assert time_derivative(P.inverse, {P: Q}) == -P.inverse * Q * P.inverse
    assert time_derivative(tr(P * P.inverse) * P, {P: Q}) == 3 * Q


def test_flow_is_minus_the_gradient():
    A, W = Matrix("A", "c", "k"), Matrix("W", "k", "d")
    Sigma, T = Matrix("Sigma", "d", symmetric=True), Matrix("T", "c", "d")
    loss = tr((A * W).T * A * W * Sigma) / 2 - tr((A * W).T * T)
    A_dot, W_dot = flow(loss, (A, W))
    C = T - A * W * Sigma
    assert A_dot == C * W.T
    assert W_dot == A.T * C
    # Balanced weights stay balanced: the conserved quantity of linear networks.
    assert not time_derivative(W * W.T - A.T * A, {A: A_dot, W: W_dot})


def test_second_derivatives_hold_their_directions_fixed():
    Y = Matrix("Y", 2, 2)
    assert second_derivative(tr(Y * Y), {Y: Y}) == 2 * tr(Y * Y)
    assert second_derivative(tr(Y * Y), {Y: Y}, {Y: S}) == 2 * tr(Y * S)


def test_bad_directions_are_refused():
    with pytest.raises(ShapeError, match=r"X \(2 x 3\) must move in its own shape, got B \(3 x 3\)"):
        directional_derivative(tr(X * X.T), {X: B})
    with pytest.raises(SymbolError, match="only a matrix symbol can vary, got X Xᵀ"):
        gradient(tr(X * X.T), X * X.T)
    with pytest.raises(SymbolError, match="only a matrix symbol can vary, got n"):
        gradient(tr(X * X.T), Scalar("n"))
    with pytest.raises(SymbolError, match="S is symmetric and must move by a symmetric matrix, got Y"):
        directional_derivative(tr(S * S), {S: Matrix("Y", 2)})
