"""The canonical word of a trace, against the definition by enumeration."""

from hypothesis import given
from hypothesis import strategies as st

from derivations.algebra.words import canonical_trace, least_rotation, transpose_word

INVOLUTION = (1, 0, 2, 5, 4, 3)
WORDS = st.lists(st.sampled_from([0, 1, 2, 3, 4, 5]), max_size=9).map(tuple)


def rotations(word):
    return [word[i:] + word[:i] for i in range(max(len(word), 1))]


@given(WORDS)
def test_transpose_is_an_involution(word):
    assert transpose_word(transpose_word(word, INVOLUTION), INVOLUTION) == word


@given(WORDS, WORDS)
def test_transpose_reverses_products(left, right):
    assert transpose_word(left + right, INVOLUTION) == transpose_word(right, INVOLUTION) + transpose_word(
        left, INVOLUTION
    )


@given(WORDS)
def test_least_rotation_is_the_least(word):
    assert least_rotation(word) == min(rotations(word))


@given(WORDS)
def test_canonical_word_is_the_least_of_the_class(word):
    transposed = tuple(INVOLUTION[letter] for letter in reversed(word))
    assert canonical_trace(word, INVOLUTION) == min(rotations(word) + rotations(transposed))


@given(WORDS, st.integers(0, 8), st.booleans())
def test_canonical_word_does_not_depend_on_the_representative(word, shift, transposed):
    shift %= max(len(word), 1)
    other = word[shift:] + word[:shift]
    other = transpose_word(other, INVOLUTION) if transposed else other
    assert canonical_trace(other, INVOLUTION) == canonical_trace(word, INVOLUTION)


def test_letters_beyond_a_byte():
    involution = list(range(600))
    assert canonical_trace((300, 5, 299), involution) == (5, 299, 300)


def test_words_that_differ_as_traces_stay_apart():
    # A A^T is not A A, and tr(A B C) is not tr(A C B) for general letters.
    assert canonical_trace((0, 1), INVOLUTION) != canonical_trace((0, 0), INVOLUTION)
    general = (1, 0, 3, 2, 5, 4)
    assert canonical_trace((0, 2, 4), general) != canonical_trace((0, 4, 2), general)
