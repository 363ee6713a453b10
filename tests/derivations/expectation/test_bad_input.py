"""Bad input gets one clear line."""

from fractions import Fraction
from itertools import combinations

import pytest

from derivations.algebra import Matrix, Scalar, gradient, identity, second_derivative, time_derivative, tr
from derivations.errors import DerivationError, MissingValueError, ShapeError, SymbolError, TermLimitError
from derivations.expectation import (
    ExpectationError,
    GaussianMatrix,
    Haar,
    InverseWishart,
    LawError,
    Wishart,
    cumulant,
    expect,
)
from derivations.expectation.index_graph import Edge, IndexGraph

N = Scalar("n")
S, A = Matrix("S", "d", symmetric=True), Matrix("A", "d")
W = Wishart("W", dof=N, covariance=S)


@pytest.mark.parametrize("dof", [-1, 0, Fraction(5, 2), 2.5, True, "n"])
def test_degrees_of_freedom(dof):
    with pytest.raises(LawError, match=r"degrees of freedom of V must be a positive integer or a scalar, got .+"):
        Wishart("V", dof=dof, covariance=S)


def test_degrees_of_freedom_with_a_trace():
    with pytest.raises(LawError, match="degrees of freedom of V must be a positive integer or a scalar"):
        Wishart("V", dof=tr(A), covariance=S)


@pytest.mark.parametrize(
    ("covariance", "message"),
    [
        (A, "one symmetric product"),
        (S + identity("d"), "one symmetric product"),
        (-S, "must be positive"),
        (tr(A) * S, "one symmetric product"),
    ],
)
def test_covariance(covariance, message):
    with pytest.raises(LawError, match=f"the covariance of V must be {message.removeprefix('must be ')}"):
        Wishart("V", dof=N, covariance=covariance)


def test_covariance_of_the_wrong_shape():
    with pytest.raises(ShapeError, match="the row_covariance of G must be a k x k matrix, got d x d"):
        GaussianMatrix("G", "k", "d", row_covariance=S)
    with pytest.raises(ShapeError, match="the mean of G must be a k x d matrix, got d x d"):
        GaussianMatrix("G", "k", "d", mean=A)
    with pytest.raises(LawError, match="the covariance of V must be a matrix, got int"):
        Wishart("V", dof=N, covariance=1)


def test_a_clash_of_shapes_in_the_expression():
    with pytest.raises(ShapeError, match="d != k"):
        expect(tr(W * Matrix("B", "k", "d")), [W])


def test_over_lists_what_is_not_random():
    with pytest.raises(SymbolError, match=r"over must list random matrices .+ got A"):
        expect(tr(W * A), [A])
    with pytest.raises(SymbolError, match="over must list each random matrix once, got W 2 times"):
        expect(tr(W * A), [W, W])
    for stranger in (3, A):
        with pytest.raises(SymbolError, match=f"over must list random matrices .* got {stranger}"):
            expect(tr(W * A), stranger)


def test_another_matrix_of_the_same_name():
    with pytest.raises(SymbolError, match="W must be the random matrix of that name"):
        expect(tr(Matrix("W", "d") * A), [W])


def test_what_is_no_expression():
    with pytest.raises(ExpectationError, match="the expression must be a matrix or trace polynomial, got str"):
        expect("tr(W)", [W])
    with pytest.raises(ExpectationError, match="a cumulant needs at least one variable, got none"):
        cumulant([], [W])


def test_an_inverse_of_a_random_matrix_is_refused_with_the_law_that_there_is():
    with pytest.raises(LawError, match=r"the inverse of the random matrix W is not supported .* InverseWishart"):
        _ = W.inverse
    with pytest.raises(LawError, match="the covariance of V must be a product of invertible matrices"):
        InverseWishart("V", dof=9, covariance=S)


def test_a_moment_that_does_not_exist():
    V = InverseWishart("V", dof=5, covariance=identity(4))
    with pytest.raises(ExpectationError, match="the expectation must exist, got a pole for 1 pairs of V"):
        expect(tr(V), [V])


def test_too_many_pairings_of_indices():
    G, Q = GaussianMatrix("G", "d"), Haar("Q", "d")
    with pytest.raises(TermLimitError, match=r"at most 100 terms \(max_terms\), got 105 pairings"):
        expect(tr(G.hadamard(G) * G.hadamard(G)) ** 2, [G], max_terms=100)
    with pytest.raises(TermLimitError, match="got 225 pairings"):
        expect(tr(Q) ** 6, [Q], max_terms=100)


def test_a_sum_that_does_not_split_into_products():
    """Four indices, each tied to the three others."""
    graph = IndexGraph(W.symbol, sizes=["d"] * 4, edges=[Edge(i, j, S) for i, j in combinations(range(4), 2)])
    with pytest.raises(ExpectationError, match="must be of sums that split into products"):
        graph.contracted([])
    assert IndexGraph(W.symbol, sizes=["d"] * 3, edges=[Edge(0, 1, S), Edge(1, 2, S), Edge(2, 0, S)]).contracted([])


def test_laws_that_depend_on_each_other():
    G = GaussianMatrix("G", "d", mean=Matrix("H", "d"))
    H = GaussianMatrix("H", "d", mean=Matrix("G", "d"))
    with pytest.raises(SymbolError, match="the laws must not depend on each other in a circle, got G in one"):
        expect(tr(G * H), [G, H])


def test_a_missing_value():
    with pytest.raises(MissingValueError, match="n needs a value, got none"):
        expect(tr(W * W), [W]).evaluate({S: [[1, 0], [0, 1]]})


def test_too_many_terms_are_counted_before_they_are_made():
    product = identity("d")
    for i in range(9):
        product = product * W * Matrix(f"B{i}", "d")
    message = r"at most 1000000 terms \(max_terms\), got 34459425 pairings that give at least 34459425 different terms"
    with pytest.raises(TermLimitError, match=message):
        expect(tr(product), [W])


def test_symmetries_are_counted_too():
    """17!! pairings of nine equal factors are only the 30 partitions of nine."""
    assert len(expect(tr(W**9), [W], max_terms=200).terms) == 30
    message = r"at most 29 terms .+ got more different terms on the way, from 34459425 pairings in all"
    with pytest.raises(TermLimitError, match=message):
        expect(tr(W**9), [W], max_terms=29)


@pytest.mark.parametrize("letters", [["A", "B"] * 3, ["A", "A", "B"] * 2])
def test_terms_are_counted_on_the_way(letters):
    """The bound from symmetries lets these pass; what is really held does not."""
    product = identity("d")
    for name in letters:
        product = product * W * Matrix(name, "d")
    assert len(expect(tr(product), [W], max_terms=3000).terms) > 300
    with pytest.raises(TermLimitError, match="got more different terms on the way, from 10395 pairings in all"):
        expect(tr(product), [W], max_terms=300)


def test_a_gaussian_word_is_counted_too():
    G = GaussianMatrix("G", "d")
    product = identity("d")
    for i in range(16):
        product = product * G * Matrix(f"B{i}", "d")
    with pytest.raises(TermLimitError, match="got 2027025 pairings that give at least 2027025 different terms"):
        expect(tr(product), [G])


@pytest.mark.parametrize(
    ("law", "arguments", "asked"),
    [
        (GaussianMatrix, ("Z", "k", "d"), {"complex": True}),
        (Haar, ("Z", "d"), {"unitary": True}),
        (Wishart, ("Z", 3, identity("d")), {"dtype": complex}),
    ],
)
def test_complex_laws_are_not_supported_and_that_is_said(law, arguments, asked):
    with pytest.raises(LawError, match=rf"not supported: complex {law.__name__}, got .*; laws are real"):
        law(*arguments, **asked)


def test_what_is_no_function_has_no_derivative():
    A, B = Matrix("A", "d"), Matrix("B", "d")
    with pytest.raises(DerivationError, match="the derivative of a matrix by a matrix is not supported"):
        gradient(A * B, A)
    with pytest.raises(DerivationError, match="only a polynomial of traces has a gradient, got int"):
        gradient(3, A)
    with pytest.raises(DerivationError, match=r"directions must map symbols to matrices, as \{A: H\} does, got Matrix"):
        second_derivative(tr(A * B), A)
    with pytest.raises(DerivationError, match=r"A \(d x d\) must move in its own shape, got int"):
        time_derivative(A * B, {A: 3})
    with pytest.raises(DerivationError, match=r"only a scalar divides a matrix; multiply by B\.inverse"):
        _ = A / B
