"""Words in matrix letters: transpose, rotation and the canonical form of a trace.

A letter is a small non-negative integer and a word is a tuple of letters. Symbol number ``i`` has the
letter ``2 i``; its transpose has the letter ``2 i + 1``; a symmetric symbol has ``2 i`` only. What is the
transpose of what is told by an *involution*: ``involution[letter]`` is the transposed letter. Nothing here
knows shapes or names.
"""

from collections.abc import Sequence

Word = tuple[int, ...]


def transpose_word(word: Word, involution: Sequence[int]) -> Word:
    """Transpose a product of letters: reverse the order and transpose each letter.

    Examples
    --------
    With ``A = 0``, its transpose ``1`` and a symmetric ``S = 2``, ``(A S)^T = S A^T``:

    >>> transpose_word((0, 2), (1, 0, 2))
    (2, 1)
    """
    return tuple([involution[letter] for letter in reversed(word)])


def least_rotation(word: Word) -> Word:
    """Return the lexicographically least rotation of a word.

    Examples
    --------
    >>> least_rotation((2, 0, 1))
    (0, 1, 2)
    """
    if len(word) < 2:
        return word
    # Slices of bytes compare many times faster than slices of tuples.
    if max(word) < 256:
        return tuple(_least_rotation_of_bytes(bytes(word)))
    return min(word[i:] + word[:i] for i in range(len(word)))


def _least_rotation_of_bytes(letters: bytes) -> bytes:
    size, first, twice = len(letters), min(letters), letters + letters
    start = letters.index(first)
    best = twice[start : start + size]
    start = letters.find(first, start + 1)
    while start >= 0:
        candidate = twice[start : start + size]
        if candidate < best:
            best = candidate
        start = letters.find(first, start + 1)
    return best


def canonical_trace(word: Word, involution: Sequence[int]) -> Word:
    """Return the one word that stands for all words with the same trace.

    A trace does not change under rotation of its word, nor under transposition; the least word of that class
    is the canonical one.

    Examples
    --------
    ``tr(A S) = tr(S A^T)``:

    >>> canonical_trace((0, 2), (1, 0, 2)) == canonical_trace((2, 1), (1, 0, 2))
    True
    """
    if len(word) < 2:
        return min(word, transpose_word(word, involution))
    if len(involution) <= 256:
        return tuple(canonical_bytes(bytes(word), translation(involution)))
    return min(least_rotation(word), least_rotation(transpose_word(word, involution)))


def translation(involution: Sequence[int]) -> bytes:
    """Return the involution as a table for ``bytes.translate``."""
    return bytes(involution) + bytes(range(len(involution), 256))


def canonical_bytes(letters: bytes, table: bytes) -> bytes:
    """Return the canonical word of a trace for a word of at least one letter stored as bytes."""
    transposed = letters[::-1].translate(table)
    first, second = min(letters), min(transposed)
    if first < second:
        return _least_rotation_of_bytes(letters)
    if second < first:
        return _least_rotation_of_bytes(transposed)
    return min(_least_rotation_of_bytes(letters), _least_rotation_of_bytes(transposed))
