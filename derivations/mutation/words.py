"""Wrong words: neighbors swapped, a matrix once more or once less, a transpose lost.

A *loop* of a word is the shortest square product that begins at a place: one letter if it is square, and ``Wᵀ W`` of a
rectangular one. Swapping, repeating or leaving out loops keeps the shapes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from derivations.algebra.printing import UNICODE, print_word
from derivations.algebra.symbols import Dimension, SymbolTable
from derivations.algebra.words import Word


@dataclass(frozen=True)
class Rotated:
    """A word from a place on, and its first loops.

    Parameters
    ----------
    before, word : tuple of int
        Letters in front of the place, and from there on.
    first, second : tuple of int
        The loop at the place and the one behind it; empty where there is none.
    """

    before: Word
    word: Word
    first: Word
    second: Word

    @property
    def rest(self) -> Word:
        """What follows both loops."""
        return self.word[len(self.first) + len(self.second) :]


def changed_words(word: Word, table: SymbolTable, *, closed: bool) -> Iterator[tuple[str, Word]]:
    """Change one thing of a word after the other."""
    for at in range(len(word)):
        place = _rotated(word, at, table, closed)
        first, second = place.first, place.second
        if not first:
            continue
        name = print_word(first, table, UNICODE)
        if second and second != first:
            swapped = place.before + second + first + place.rest
            yield f"{name} and {print_word(second, table, UNICODE)} swapped", swapped
        yield f"{name} once more", place.before + first + place.word
        yield f"{name} once less", place.before + place.word[len(first) :]
    for at, letter in enumerate(word):
        if table.involution[letter] != letter and table.rows[letter] == table.cols[letter]:
            transposed = (table.involution[letter],)
            lost = "gained" if letter % 2 == 0 else "lost"
            yield f"{print_word((letter,), table, UNICODE)} {lost} a transpose", word[:at] + transposed + word[at + 1 :]


def square_loops(word: Word, table: SymbolTable, *, closed: bool) -> Iterator[tuple[Dimension, Word]]:
    """List the loops of a word and the dimension at which each begins and ends."""
    for at in range(len(word)):
        loop = _rotated(word, at, table, closed).first
        if loop:
            yield table.rows[loop[0]], loop


def _rotated(word: Word, at: int, table: SymbolTable, closed: bool) -> Rotated:
    before, here = ((), word[at:] + word[:at]) if closed else (word[:at], word[at:])
    first = _loop(here, table)
    return Rotated(before, here, first, _loop(here[len(first) :], table) if first else ())


def _loop(word: Word, table: SymbolTable) -> Word:
    for end in range(1, len(word) + 1):
        if table.cols[word[end - 1]] == table.rows[word[0]]:
            return word[:end]
    return ()
