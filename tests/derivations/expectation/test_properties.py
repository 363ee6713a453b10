"""Laws that every expectation obeys, on random words; and the agreement of two independent routes."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from wick_pairings import wick

from derivations.algebra import Matrix, Scalar, identity, tr
from derivations.expectation import GaussianMatrix, Signs, Wishart, covariance, cumulant, expect

N = Scalar("n")
A, B = Matrix("A", "d"), Matrix("B", "d", symmetric=True)
S = Matrix("S", "d", symmetric=True)
W = Wishart("W", dof=N, covariance=S)
G = GaussianMatrix("G", "d", "d", row_covariance=S)
LAWS = [W, G]
LETTERS = {"W": W, "G": G, "g": G.T, "A": A, "a": A.T, "B": B}
PIECES = {"": identity("d"), "A": A, "a": A.T, "B": B, "AB": A * B}

words = st.text(alphabet="WGgAaB", min_size=1, max_size=6)
gaussian_traces = st.lists(
    st.lists(st.tuples(st.booleans(), st.sampled_from(sorted(PIECES))), min_size=1, max_size=4), min_size=1, max_size=2
).filter(lambda traces: sum(map(len, traces)) in (2, 4, 6))


def matrix(word):
    result = identity("d")
    for letter in word:
        result = result * LETTERS[letter]
    return result


@given(words, words, st.integers(-3, 3), st.fractions(max_denominator=5))
def test_linear(first, second, a, b):
    x, y = tr(matrix(first)), tr(matrix(second))
    assert expect(a * x + b * y, LAWS) == a * expect(x, LAWS) + b * expect(y, LAWS)


@given(words, st.integers(0, 6))
def test_cyclic(word, shift):
    shift %= len(word)
    assert expect(tr(matrix(word)), LAWS) == expect(tr(matrix(word[shift:] + word[:shift])), LAWS)


@given(words)
def test_transpose_and_trace_commute_with_the_expectation(word):
    mean = expect(matrix(word), LAWS)
    assert mean.T == expect(matrix(word).T, LAWS)
    assert tr(mean) == expect(tr(matrix(word)), LAWS)


@given(words)
def test_the_shape_is_kept(word):
    M = Matrix("M", "d", "c")
    assert expect(matrix(word) * M, LAWS).shape == ("d", "c")


@given(st.text(alphabet="AaB", min_size=1, max_size=5), words)
def test_constants_pass_through(constant, word):
    C = matrix(constant)
    assert expect(tr(C), LAWS) == tr(C)
    assert expect(tr(C) * tr(matrix(word)), LAWS) == tr(C) * expect(tr(matrix(word)), LAWS)
    assert expect(C * matrix(word), LAWS) == C * expect(matrix(word), LAWS)


def build(traces, gaussian):
    product = 1
    for trace in traces:
        factor = identity("d")
        for transposed, piece in trace:
            factor = factor * (gaussian.T if transposed else gaussian) * PIECES[piece]
        product = tr(factor) * product
    return product


def symbolic(traces):
    return [[(transposed, PIECES[piece]) for transposed, piece in trace] for trace in traces]


@given(gaussian_traces)
def test_integration_by_parts_agrees_with_pairings(traces):
    V = Matrix("V", "d", symmetric=True)
    gaussian = GaussianMatrix("G", "d", "d", row_covariance=S, column_covariance=V)
    assert expect(build(traces, gaussian), [gaussian]) == wick(symbolic(traces), S, V)


@given(st.lists(st.sampled_from(sorted(PIECES)), min_size=1, max_size=3), st.sampled_from(sorted(PIECES)))
def test_a_wishart_matrix_is_a_gram_matrix(pieces, last):
    """The insertion of Wishart factors against the elimination of Gaussian ones with a covariance in between."""
    Z = GaussianMatrix("Z", "d", "n", row_covariance=S)
    middle = Matrix("C", "n", symmetric=True)
    wishart, gram, weighted = identity("d"), identity("d"), identity("d")
    for piece in [*pieces, last]:
        wishart, gram = wishart * W * PIECES[piece], gram * Z * Z.T * PIECES[piece]
        weighted = weighted * Z * middle * Z.T * PIECES[piece]
    by_insertion = expect(tr(wishart), [W])
    assert by_insertion == expect(tr(gram), [Z])
    assert by_insertion == expect(tr(weighted), [Z]).subs({middle: identity("n")})


@given(st.lists(st.sampled_from(["W", "WA", "WB", "WAWB"]), min_size=3, max_size=3))
def test_cumulants_of_a_sum_and_of_independent_variables(pieces):
    x, y, z = (tr(matrix(piece)) for piece in pieces)
    assert cumulant([x + y, z], [W]) == covariance(x, z, [W]) + covariance(y, z, [W])
    assert cumulant([x, y, z], [W]) == cumulant([z, x, y], [W])
    assert cumulant([x, y, tr(G * A) ** 2], LAWS) == 0
    assert cumulant([x + 5, y, z], [W]) == cumulant([x, y, z], [W])


@given(st.integers(0, 8), st.integers(1, 5))
def test_moments_of_a_sum_of_signs_equal_the_average_over_all_of_them(power, size):
    D = Signs("D", "k")
    sums = [sum(1 if bits >> i & 1 else -1 for i in range(size)) for bits in range(2**size)]
    average = Fraction(sum(total**power for total in sums), 2**size)
    assert expect(tr(D) ** power, [D]).subs({Scalar("k"): size}) == average
