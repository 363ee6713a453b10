"""Cyclic words as byte strings: the representation in which expectations are computed.

Slices, reversals and comparisons of byte strings run in C, which makes them many times faster than tuples of
integers. A letter is a byte, a word is ``bytes``, a monomial is a sorted tuple of canonical cyclic words.
"""

from collections.abc import Sequence

Monomial = tuple[bytes, ...]
ALPHABET_SIZE = 256


class Alphabet:
    """Byte letters with their transposes; canonical cyclic words are remembered.

    Parameters
    ----------
    involution : sequence of int
        ``involution[letter]`` is the transposed letter; letters beyond its end are symmetric.

    Examples
    --------
    >>> Alphabet([1, 0, 2]).canonical(bytes([2, 1])) == bytes([0, 2])
    True
    """

    def __init__(self, involution: Sequence[int]) -> None:
        self.flip = bytes(involution) + bytes(range(len(involution), ALPHABET_SIZE))
        self._canonical: dict[bytes, bytes] = {b"": b""}

    def transpose(self, word: bytes) -> bytes:
        """Return the word of the transposed product."""
        return word[::-1].translate(self.flip)

    def canonical(self, word: bytes) -> bytes:
        """Return the least of all rotations of a word and of its transpose."""
        found = self._canonical.get(word)
        if found is None:
            found = min(_least_rotation(word), _least_rotation(word[::-1].translate(self.flip)))
            self._canonical[word] = found
        return found


def _least_rotation(word: bytes) -> bytes:
    size, least, twice = len(word), min(word), word + word
    start = word.find(least)
    best = twice[start : start + size]
    start = word.find(least, start + 1)
    while start >= 0:
        candidate = twice[start : start + size]
        if candidate < best:
            best = candidate
        start = word.find(least, start + 1)
    return best


def rotations(word: bytes) -> list[bytes]:
    """Return all rotations of a word, one for each place where the cycle can be cut."""
    return [word[i:] + word[:i] for i in range(len(word))]
