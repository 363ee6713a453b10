"""Products, traces and their normal forms against exact arithmetic with the entries."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from derivations.algebra import Matrix, Scalar, diagonal, gradient, identity, ones, tr, zeros
from derivations.errors import DerivationError, ShapeError, SymbolError, TermLimitError

NUMBERS = st.fractions(min_value=-3, max_value=3, max_denominator=5)
A, B = Matrix("A", "d", "k"), Matrix("B", "d", "d")


def rows(array):
    return tuple(tuple(map(Fraction, row)) for row in array.tolist())


@given(st.data())
def test_products_evaluate_to_products(zoo, data):
    product, value = data.draw(zoo.pairs())
    assert product.evaluate(zoo.values) == rows(value)
    assert product.T.evaluate(zoo.values) == rows(value.T)


@given(st.data())
def test_a_trace_evaluates_to_the_trace(zoo, data):
    product, value = data.draw(zoo.squares())
    assert tr(product).evaluate(zoo.values) == sum(value.diagonal())


@given(st.data())
def test_sums_and_multiples_evaluate_to_theirs(zoo, data):
    (first, a), (second, b) = data.draw(zoo.squares()), data.draw(zoo.squares())
    x, y = data.draw(NUMBERS), data.draw(NUMBERS)
    expression = x * tr(first) - tr(second) * y + tr(first) * tr(second)
    left, right = sum(a.diagonal()), sum(b.diagonal())
    assert expression.evaluate(zoo.values) == x * left - y * right + left * right


@given(st.data())
def test_elementwise_products_evaluate_to_theirs(zoo, data):
    first, a = data.draw(zoo.pairs())
    second, b = data.draw(zoo.pairs(*first.shape))
    product = first.hadamard(second)
    assert product.evaluate(zoo.values) == rows(a * b)
    third, _ = data.draw(zoo.pairs(*first.shape))
    assert second.hadamard(first) == product
    assert product.hadamard(third) == first.hadamard(third.hadamard(second))
    assert first.T.hadamard(second.T) == product.T


@given(st.data())
def test_traces_are_cyclic_and_transpose(zoo, data):
    left, _ = data.draw(zoo.pairs())
    right, _ = data.draw(zoo.pairs(*left.shape))
    traces = [tr(left * right.T), tr(right.T * left), tr(right * left.T), tr(left.T * right)]
    assert len(set(traces)) == 1
    assert all(trace == traces[0] for trace in traces)


@given(st.data())
def test_multiplication_is_associative_and_distributes(zoo, data):
    first, _ = data.draw(zoo.pairs())
    second, _ = data.draw(zoo.pairs(first.cols))
    third, _ = data.draw(zoo.pairs(*second.shape))
    fourth, _ = data.draw(zoo.pairs(second.cols))
    assert (first * second) * fourth == first * (second * fourth)
    assert first * (second + third) == first * second + first * third
    assert (first * second).T == second.T * first.T
    assert (first * second).shape == (first.rows, second.cols)


def test_equality_does_not_depend_on_the_order_of_construction():
    S = Matrix("S", "d", "d", symmetric=True)
    assert tr(B * S) * 2 + tr(B) == tr(B) + tr(S * B) + tr(S * B.T)
    assert hash(tr(B * S) + tr(B)) == hash(tr(B.T) + tr(S * B.T))
    assert tr(B * B.T) != tr(B * B)
    assert B * S != S * B
    assert Matrix("Z", "d", "d") * S - Matrix("Z", "d", "d") * S == zeros("d", "d")


def test_diagonal_matrices_commute_only_among_themselves():
    D, E = Matrix("D", "d", diagonal=True), Matrix("E", "d", diagonal=True)
    assert D * E * B * E * D == E * D * B * D * E
    assert tr(D * B * E * B.T) == tr(B.T * D * B * E)
    assert D * B != B * D
    assert D * E * D == D * D * E


def test_inverses_cancel_cyclically():
    P, D = Matrix("P", "d", positive_definite=True), Matrix("D", "d", diagonal=True, invertible=True)
    N = Matrix("N", "d", invertible=True)
    assert tr(P * B * P.inverse) == tr(B)
    assert P.inverse.inverse == P
    assert N * N.inverse == identity("d")
    assert N.T * N.inverse.T == identity("d")
    assert N.T * N.inverse != identity("d")
    E = Matrix("E", "d", diagonal=True)
    assert D * E * D.inverse == E


def test_scalar_factors_leave_words():
    u, v = Matrix("u", "d", 1), Matrix("v", "d", 1)
    assert u * v.T * B * u * v.T == tr(v.T * B * u) * u * v.T
    assert tr(u * v.T * u * v.T) == tr(u.T * v) ** 2
    n = Scalar("n")
    center = identity("n") - ones("n", "n") / n
    assert center * center == center
    assert tr(center) == n - 1
    assert ones("n").T * ones("n") == n * identity(1)


def test_outer_products_act_elementwise_as_diagonals():
    K, r = Matrix("K", "d", symmetric=True), Matrix("r", "d", 1)
    assert K.hadamard(r * r.T) == diagonal(r) * K * diagonal(r)
    assert K.hadamard(ones("d", "d")) == K
    assert K.hadamard(identity("d")).hadamard(K) == K.hadamard(K).hadamard(identity("d"))


def test_dimensions_are_traces_of_identities():
    d = Scalar("d")
    assert tr(identity(d)) == d
    assert tr(identity(4)) == 4
    assert A * identity("k") == A
    assert (d * tr(B) + tr(B)) / (d + 1) == tr(B)
    assert 1 / (d * d - 1) + 1 / (d + 1) == d / ((d - 1) * (d + 1))


@pytest.mark.parametrize("two", [2, Fraction(2), np.int64(2), sympy.Integer(2), Scalar("n") * 2 / Scalar("n")])
def test_numbers_of_other_libraries_are_factors_on_both_sides(two):
    assert two * B == B * two == B + B
    assert two * tr(B) == tr(B) * two == tr(B) + tr(B)
    assert two + tr(B) - two == tr(B)
    assert identity(np.int64(3)) == identity(3)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: A * B, r"cannot multiply A \(d x k\) by B \(d x d\): k != d"),
        (lambda: A + B, r"cannot add A \(d x k\) and B \(d x d\): shapes differ"),
        (lambda: A - 1, r"cannot subtract A \(d x k\) and a int"),
        (lambda: tr(A), r"only a square matrix has a trace, got A \(d x k\)"),
        (lambda: A**2, r"only a square matrix has powers, got A \(d x k\)"),
        (lambda: A.hadamard(B), r"cannot multiply elementwise A \(d x k\) and B \(d x d\)"),
        (lambda: Matrix("S", "d", "k", symmetric=True), r"a symmetric matrix must be square, got S \(d x k\)"),
        (lambda: Matrix("S", 0), "a dimension must be a positive integer or a Scalar, got 0"),
        (lambda: Matrix("S", 2.5), "a dimension must be a positive integer or a Scalar, got 2.5"),
        (lambda: Matrix("S", Scalar("n") * 2), "a dimension must be a positive integer or a Scalar, got 2 n"),
        (lambda: diagonal(B), "a diagonal needs one column, got shape d x d"),
        (lambda: zeros("d", -2), "a dimension must be a positive integer or a Scalar, got -2"),
    ],
)
def test_clashes_of_shapes_name_the_factors(build, message):
    with pytest.raises(ShapeError, match=message):
        build()


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: 0.5 * A, DerivationError, "a coefficient must be exact, got 0.5: use Fraction"),
        (lambda: A / 0, DerivationError, "a divisor must not be zero, got 0"),
        (lambda: 1 / tr(B), DerivationError, r"a divisor or coefficient must be free of traces, got tr\(B\)"),
        (lambda: B**-2, DerivationError, "the power of a matrix must be a non-negative integer, got -2"),
        (lambda: B * Matrix("B", "d", "d", symmetric=True), SymbolError, "the name B must stand for one symbol"),
        (lambda: Matrix("", 2), SymbolError, "a name must be a non-empty string, got ''"),
        (lambda: gradient(B * A, A), DerivationError, "the derivative of a matrix by a matrix is not supported"),
        (lambda: 1j * A, DerivationError, "complex numbers are not supported"),
        (lambda: (B * B) ** -1, DerivationError, "only a symbol has an inverse"),
        (lambda: A.inverse, SymbolError, "only an invertible symbol has an inverse, got A"),
    ],
)
def test_other_bad_input_is_refused(build, error, message):
    with pytest.raises(error, match=message):
        build()


def test_a_product_that_is_too_long_says_how_long():
    long = sum((Matrix(f"X{i}", 2) for i in range(40)), zeros(2, 2)) ** 2
    with pytest.raises(TermLimitError, match="the product needs up to 2560000 terms, more than term_limit=2000000"):
        _ = long * long
