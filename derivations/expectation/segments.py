"""From words to bytes and back: the deterministic pieces between random factors become single letters."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from derivations.algebra.coefficients import Coefficient
from derivations.algebra.reduction import Monomial, reduce_trace
from derivations.algebra.symbols import Dimension, SymbolTable
from derivations.algebra.words import Word, transpose_word
from derivations.errors import TermLimitError
from derivations.expectation.cyclic import ALPHABET_SIZE, Alphabet


def split_cycle(word: Word, marks: Collection[int]) -> list[tuple[int, Word]]:
    """Cut a cyclic word after each marked letter.

    Examples
    --------
    >>> split_cycle((5, 1, 6, 7, 1), {1})
    [(1, (6, 7)), (1, (5,))]
    """
    places = [i for i, letter in enumerate(word) if letter in marks]
    pieces = [(word[i], word[i + 1 : j]) for i, j in pairwise(places)]
    return [*pieces, (word[places[-1]], word[places[-1] + 1 :] + word[: places[0]])]


class SegmentBook:
    """Numbers the deterministic words between random factors, each together with its transpose.

    Parameters
    ----------
    involution : sequence of int
        Transposes of the letters of the words.
    reserved : sequence of int
        Transposes of the byte letters that are taken already, numbered from 0.
    """

    def __init__(self, involution: Sequence[int], reserved: Sequence[int] = ()) -> None:
        self.involution = involution
        self.flips = list(reserved)
        self.first = len(reserved)
        self.words: list[Word] = []
        self.uses: Counter[int] = Counter()
        self._numbers: dict[Word, int] = {}

    def byte(self, word: Word) -> bytes:
        """Return the letter of a word, new or known, and count its use."""
        if word not in self._numbers:
            self._enter(word)
        number = self._numbers[word]
        self.uses[min(number, self.flips[number])] += 1
        return bytes((number,))

    def _enter(self, word: Word) -> None:
        transposed = transpose_word(word, self.involution)
        number = len(self.flips)
        if number + 2 > ALPHABET_SIZE:
            raise TermLimitError(f"a product must have at most {ALPHABET_SIZE // 2 - 4} different factors, got more")
        self._numbers[word] = number
        self.words.append(word)
        self.flips.append(number)
        if transposed != word:
            self._numbers[transposed] = number + 1
            self.words.append(transposed)
            self.flips[number] = number + 1
            self.flips.append(number)

    def occurrences(self) -> Iterator[tuple[int, bool]]:
        """Yield for each different word how often it was used and whether it is symmetric."""
        for number, count in self.uses.items():
            yield count, self.flips[number] == number

    def alphabet(self) -> Alphabet:
        """Return the byte letters entered so far with their transposes."""
        return Alphabet(self.flips)


class Spelling(dict[bytes, tuple[Coefficient, Monomial]]):
    """Canonical traces of byte words, computed when first asked for.

    Parameters
    ----------
    letters : mapping from int to tuple of int
        The word that each byte letter stands for.
    sizes : mapping from bytes to int or str
        Dimension of the byte words that may turn out empty.
    size : int or str
        Dimension where ``sizes`` does not tell.
    table : SymbolTable
        What the letters of the words stand for.
    """

    def __init__(
        self, letters: dict[int, Word], sizes: dict[bytes, Dimension], size: Dimension, table: SymbolTable
    ) -> None:
        super().__init__()
        self._letters = letters
        self._sizes = sizes
        self._size = size
        self._table = table
        # Without rules for its letters, a table needs only the canonical form, and bytes are quicker to compare.
        self._plain = Alphabet(table.involution) if table.plain and len(table.involution) <= ALPHABET_SIZE else None

    def __missing__(self, word: bytes) -> tuple[Coefficient, Monomial]:
        spelled: Word = ()
        for number in word:
            spelled += self._letters[number]
        found: tuple[Coefficient, Monomial]
        if self._plain is not None and spelled:
            found = 1, (tuple(self._plain.canonical(bytes(spelled))),)
        else:
            size = self._table.rows[spelled[0]] if spelled else self._sizes.get(word, self._size)
            found = reduce_trace(spelled, size, self._table)
        self[word] = found
        return found
