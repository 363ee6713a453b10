"""Exact: equal, as rational numbers, to the expansion in independent N(0, 1) entries."""

from fractions import Fraction
from itertools import product as choices

import numpy as np
import pytest
from gaussian_expansion import exact_value, independent_normals, mean, product

from derivations.algebra import Matrix, Scalar, TracePolynomial, identity, tr
from derivations.expectation import GaussianMatrix, Wishart, expect, insertion


def integers(*rows):
    return np.array(rows, dtype=object)


A_VALUE, B_VALUE = integers([2, -1], [3, 5]), integers([1, 4], [-2, 3])
A, B = Matrix("A", 2), Matrix("B", 2)
CONSTANTS = {"A": A_VALUE, "B": B_VALUE}


def spell(word, letters):
    """The factors of a word such as ``"GaA"``, where a small letter is the transpose of the capital one."""
    return [letters[letter] if letter.isupper() else letters[letter.upper()].T for letter in word]


def expression_of(word, symbols):
    factors = spell(word, symbols)
    result = factors[0]
    for factor in factors[1:]:
        result = result * factor
    return tr(result)


def expanded(words, entries):
    total = 1
    for word in words:
        total = total * product(spell(word, entries)).trace()
    return mean(total)


def expected(words, symbols, over):
    total = 1
    for word in words:
        total = expression_of(word, symbols) * total
    return expect(total, over)


def words_up_to(length, alphabet):
    """All words, one of each class under rotation and transposition."""
    seen = set()
    for size in range(1, length + 1):
        for letters in choices(alphabet, repeat=size):
            word = "".join(letters)
            flipped = word[::-1].swapcase()
            least = min(w[i:] + w[:i] for w in (word, flipped) for i in range(size))
            if least not in seen:
                seen.add(least)
                yield least


def test_every_word_up_to_degree_5_in_one_gaussian_matrix():
    G = GaussianMatrix("G", 2)
    (entries,) = independent_normals((2, 2))
    for word in words_up_to(5, "GgAa"):
        result = expected([word], {"G": G, "A": A}, [G])
        assert exact_value(result, CONSTANTS) == expanded([word], {"G": entries, "A": A_VALUE}), word


def test_every_word_up_to_degree_5_in_two_gaussian_matrices():
    G, H = GaussianMatrix("G", 2), GaussianMatrix("H", 2)
    entries = dict(zip("GH", independent_normals((2, 2), (2, 2)), strict=True)) | {"A": A_VALUE}
    for word in words_up_to(5, "GgHhAa"):
        if "G" in word.upper() and "H" in word.upper():
            result = expected([word], {"G": G, "H": H, "A": A}, [G, H])
            assert exact_value(result, CONSTANTS) == expanded([word], entries), word


N = Scalar("n")
S = Matrix("S", 2, symmetric=True)
ROOT = integers([1, 0], [1, 1])
S_VALUE = ROOT @ ROOT.T


def wishart_entries(dof):
    (z,) = independent_normals((2, dof))
    return ROOT @ z @ z.T @ ROOT.T


def wishart_words(degree):
    """All words with up to so many Wishart factors and at most one general letter between them."""
    seen = set()
    for m in range(1, degree + 1):
        for between in choices(["", "A", "a"], repeat=m):
            word = "".join("W" + letters for letters in between)
            flipped = word[::-1].translate(str.maketrans("Aa", "aA"))
            least = min(w[i:] + w[:i] for w in (word, flipped) for i in range(len(word)))
            if least not in seen:
                seen.add(least)
                yield least


@pytest.mark.parametrize("dof", [1, 2])
def test_every_wishart_word_up_to_degree_5(dof):
    W = Wishart("W", dof=N, covariance=S)
    entries = {"W": wishart_entries(dof), "A": A_VALUE}
    values = CONSTANTS | {"S": S_VALUE}
    for word in wishart_words(5):
        result = expected([word], {"W": W, "A": A}, [W])
        assert exact_value(result, values, {"n": dof}) == expanded([word], entries), word


def test_a_sample_of_products_of_wishart_words_up_to_degree_7():
    rng = np.random.default_rng(20)
    W = Wishart("W", dof=N, covariance=S)
    entries = {"W": wishart_entries(2), "A": A_VALUE, "B": B_VALUE}
    values = CONSTANTS | {"S": S_VALUE}
    for _ in range(12):
        degree = int(rng.integers(5, 8))
        letters = ["W" + rng.choice(["", "A", "a", "B", "AB", "bA"]) for _ in range(degree)]
        cut = int(rng.integers(1, degree + 1))
        words = ["".join(part) for part in (letters[:cut], letters[cut:]) if part]
        result = expected(words, {"W": W, "A": A, "B": B}, [W])
        assert exact_value(result, values, {"n": 2}) == expanded(words, entries), words


def test_a_sample_of_rectangular_gaussian_words_with_covariances_and_a_mean():
    """``G = L Z R^T + M`` with ``U = L L^T`` and ``V = R R^T``; ``G`` is 2 x 3."""
    rng = np.random.default_rng(21)
    V = Matrix("V", 3, symmetric=True)
    M = Matrix("M", 2, 3)
    C = Matrix("C", 3)
    G = GaussianMatrix("G", 2, 3, row_covariance=S, column_covariance=V / 4, mean=M)
    R = integers([1, 0, 0], [2, 1, 0], [0, -1, 1])
    M_value = integers([1, 0, -1], [2, 1, 0])
    C_value = integers([1, 2, 0], [0, -1, 1], [3, 0, 1])
    (z,) = independent_normals((2, 3))
    entries = {"G": ROOT @ z @ R.T * Fraction(1, 2) + M_value, "A": A_VALUE, "C": C_value}
    values = CONSTANTS | {"S": S_VALUE, "V": R @ R.T, "M": M_value, "C": C_value}
    for _ in range(12):
        pairs = int(rng.integers(1, 4))
        letters = ["G" + rng.choice(["", "C", "c"]) + "g" + rng.choice(["", "A", "a"]) for _ in range(pairs)]
        cut = int(rng.integers(1, pairs + 1))
        words = ["".join(part) for part in (letters[:cut], letters[cut:]) if part]
        result = expected(words, {"G": G, "A": A, "C": C}, [G])
        assert exact_value(result, values) == expanded(words, entries), words


def test_a_sample_of_square_gaussian_words_up_to_degree_7():
    rng = np.random.default_rng(22)
    G, H = GaussianMatrix("G", 2), GaussianMatrix("H", 2, row_covariance=S)
    z, y = independent_normals((2, 2), (2, 2))
    entries = {"G": z, "H": ROOT @ y, "A": A_VALUE}
    tried = 0
    while tried < 25:
        word = "".join(rng.choice(list("GgHhA"), size=int(rng.integers(6, 8))))
        cut = int(rng.integers(1, len(word)))
        if any(word.upper().count(letter) % 2 for letter in "GH") or "A" not in word:
            continue
        tried += 1
        words = [word[:cut], word[cut:]]
        result = expected(words, {"G": G, "H": H, "A": A}, [G, H])
        assert exact_value(result, CONSTANTS | {"S": S_VALUE}) == expanded(words, entries), words


def mutants(result):
    """The same expectation with one term left out, or one coefficient wrong by two percent."""
    for key, value in result.terms.items():
        others = {other: factor for other, factor in result.terms.items() if other != key}
        yield TracePolynomial(result.table, others)
        yield TracePolynomial(result.table, others | {key: value * Fraction(51, 50)})


def test_the_comparison_refuses_a_dropped_term_and_a_wrong_coefficient():
    W = Wishart("W", dof=N, covariance=S)
    result = expected(["WAWaWAA"], {"W": W, "A": A}, [W])
    truth = expanded(["WAWaWAA"], {"W": wishart_entries(2), "A": A_VALUE})
    values = CONSTANTS | {"S": S_VALUE}
    assert exact_value(result, values, {"n": 2}) == truth
    wrong = [exact_value(mutant, values, {"n": 2}) for mutant in mutants(result)]
    assert len(wrong) == 2 * len(result.terms) > 10
    assert truth not in wrong


@pytest.mark.parametrize("flaw", ["forgets a cut", "forgets to transpose"])
def test_the_comparison_refuses_a_flawed_recursion(monkeypatch, flaw):

    original = insertion._cuts

    def flawed(word, alphabet):
        if flaw == "forgets a cut":
            return original(word, alphabet)[:-1]
        return [(word, cycle, rest) for _, cycle, rest in original(word, alphabet)]

    monkeypatch.setattr(insertion, "_cuts", flawed)
    W = Wishart("W", dof=N, covariance=S)
    result = expected(["WAWaWAA"], {"W": W, "A": A}, [W])
    truth = expanded(["WAWaWAA"], {"W": wishart_entries(2), "A": A_VALUE})
    assert exact_value(result, CONSTANTS | {"S": S_VALUE}, {"n": 2}) != truth


def test_layers_with_widths_as_scalars_agree_with_expansion():
    G1, G2 = GaussianMatrix("G1", "k", 2), GaussianMatrix("G2", "m", "k")
    result = expect(tr((G2 * G1 * A * G1.T * G2.T) ** 2), [G1, G2])
    z1, z2 = independent_normals((3, 2), (2, 3))
    inner = z2 @ z1 @ A_VALUE @ z1.T @ z2.T
    assert exact_value(result, CONSTANTS, {"k": 3, "m": 2}) == mean((inner @ inner).trace())


def test_a_covariance_may_be_the_identity():
    W = Wishart("W", dof=N, covariance=identity(2) / N)
    result = expect(tr(W * A * W * A.T) * tr(W), [W])
    (z,) = independent_normals((2, 3))
    w = z @ z.T * Fraction(1, 3)
    assert exact_value(result, CONSTANTS, {"n": 3}) == mean((w @ A_VALUE @ w @ A_VALUE.T).trace() * w.trace())


def test_a_random_matrix_in_the_law_of_another():
    """``V`` given ``W`` is Wishart with covariance ``W``; ``G`` given ``W`` has the mean ``W A``."""
    W = Wishart("W", dof=2, covariance=S)
    V = Wishart("V", dof=2, covariance=W)
    G = GaussianMatrix("G", 2, mean=W * A)
    z, y, x = independent_normals((2, 2), (2, 2), (2, 2))
    root = ROOT @ z
    w, v = root @ root.T, root @ y @ y.T @ root.T
    g = w @ A_VALUE + x
    result = expect(tr(V * A * V * A.T) + tr(G * G.T * V), over=[W, G, V])
    values = CONSTANTS | {"S": S_VALUE}
    assert exact_value(result, values) == mean((v @ A_VALUE @ v @ A_VALUE.T).trace() + (g @ g.T @ v).trace())
