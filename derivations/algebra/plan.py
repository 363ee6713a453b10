"""The order of multiplications for a set of words with known dimensions.

Each word is cut where the work is least, by dynamic programming over its subwords; a subword that another word already
forms costs nothing, and a word is formed as the transpose of one that exists where possible. The search costs more than
it saves on very many words: those are built letter by letter, and share their beginnings.
"""

from collections.abc import Iterable, Sequence

from derivations.algebra.words import Word, transpose_word

ROTATED_WORDS = 60
SEARCHED_WORDS = 500


class Plan:
    """Where to cut each word.

    Parameters
    ----------
    words : iterable of words
        Open words whose products are needed.
    traces : iterable of words
        Words whose traces are needed.
    shapes : sequence of (int, int)
        Shape of each letter.
    involution : sequence of int
        Transposed letter of each letter.
    """

    def __init__(
        self,
        words: Iterable[Word],
        traces: Iterable[Word],
        shapes: Sequence[tuple[int, int]],
        involution: Sequence[int],
    ) -> None:
        self.shapes = shapes
        self.involution = involution
        self.cuts: dict[Word, int] = {}
        self.halves: dict[Word, tuple[Word, Word]] = {}
        opened, traced = ({word for word in group if word} for group in (words, traces))
        count = len(opened) + len(traced)
        self.searching, self.rotating = count <= SEARCHED_WORDS, count <= ROTATED_WORDS
        # Short words first, so that long ones can build on them.
        for word in sorted(opened, key=_length_first):
            self._form(word)
        for word in sorted(traced, key=_length_first):
            self._split(word)

    def exists(self, word: Word) -> bool:
        """Tell whether a word is a letter, or formed already, or the transpose of one that is."""
        return len(word) < 2 or word in self.cuts or transpose_word(word, self.involution) in self.cuts

    def work(self) -> int:
        """Return the number of scalar multiplications of all products."""
        return sum(self._step(word, cut) for word, cut in self.cuts.items())

    def _step(self, word: Word, cut: int) -> int:
        return self.shapes[word[0]][0] * self.shapes[word[cut]][0] * self.shapes[word[-1]][1]

    def _costs(self, word: Word) -> dict[tuple[int, int], tuple[int, int]]:
        """Return the least work and the best cut of every subword."""
        costs: dict[tuple[int, int], tuple[int, int]] = {}
        rows = [self.shapes[letter][0] for letter in word]
        cols = [self.shapes[letter][1] for letter in word]
        for length in range(1, len(word) + 1):
            for i in range(len(word) - length + 1):
                j = i + length
                if self.exists(word[i:j]):
                    costs[i, j] = (0, 0)
                    continue
                outer = rows[i] * cols[j - 1]
                costs[i, j] = min((costs[i, c][0] + costs[c, j][0] + outer * rows[c], c - i) for c in range(i + 1, j))
        return costs

    def _form(self, word: Word) -> None:
        if self.searching:
            self._mark(word, 0, len(word), self._costs(word))
        else:
            self._chain(word)

    def _chain(self, word: Word) -> None:
        while not self.exists(word):
            self.cuts[word] = len(word) - 1
            word = word[:-1]

    def _mark(self, word: Word, i: int, j: int, costs: dict[tuple[int, int], tuple[int, int]]) -> None:
        part = word[i:j]
        if self.exists(part):
            return
        cut = costs[i, j][1]
        self._mark(word, i, i + cut, costs)
        self._mark(word, i + cut, j, costs)
        self.cuts[part] = cut

    def _split(self, word: Word) -> None:
        """Choose the two factors whose entrywise contraction is the trace."""
        size = len(word)
        if size < 2:
            return
        if not self.searching:
            self.halves[word] = (word[: size // 2], word[size // 2 :])
            for half in self.halves[word]:
                self._chain(half)
            return
        twice = word + word[:-1] if self.rotating else word
        costs, options = self._costs(twice), []
        for start in range(len(twice) - size + 1):
            for middle in range(start + 1, start + size):
                contraction = self.shapes[twice[start]][0] * self.shapes[twice[middle]][0]
                work = costs[start, middle][0] + costs[middle, start + size][0] + contraction
                options.append((work, start, middle))
        _, start, middle = min(options)
        self._mark(twice, start, middle, costs)
        self._mark(twice, middle, start + size, costs)
        self.halves[word] = (twice[start:middle], twice[middle : start + size])


def _length_first(word: Word) -> tuple[int, Word]:
    return len(word), word
