"""The order of multiplications for a set of words with known dimensions.

Each word is cut where the total work is least, by dynamic programming over its subwords; a subword that another word
already forms costs nothing. A word is formed as the transpose of one that already exists where possible.
"""

from collections.abc import Mapping
from typing import Any

from derivations.algebra.expression import Expression
from derivations.algebra.matrix_polynomial import MatrixPolynomial
from derivations.algebra.symbols import Spelled


class Plan:
    """Where to cut each word.

    Parameters
    ----------
    expression : TracePolynomial or MatrixPolynomial
        What is evaluated.
    sizes : mapping from str to int
        Value of each scalar that is a dimension.
    """

    def __init__(self, expression: Expression[Any], sizes: Mapping[str, int]) -> None:
        self.sizes = sizes
        self.formed: dict[Spelled, int] = {}
        self.split_traces: dict[Spelled, tuple[Spelled, Spelled]] = {}
        spell = expression.table.spell
        keys = list(expression.terms)
        is_matrix = isinstance(expression, MatrixPolynomial)
        opened = {spell(key[1]) for key in keys if key[1]} if is_matrix else set()
        monomials = [key[0] for key in keys] if is_matrix else keys
        # Short words first, so that long ones can build on them.
        for word in sorted(opened, key=lambda word: (len(word), str(word))):
            self._form(word)
        traced = {spell(word) for monomial in monomials for word in monomial}
        for word in sorted(traced, key=lambda word: (len(word), str(word))):
            self._split(word)

    def transposed(self, word: Spelled) -> Spelled:
        """Return the transposed word."""
        return tuple((symbol, not flipped and not symbol.symmetric) for symbol, flipped in reversed(word))

    def is_transpose(self, word: Spelled) -> bool:
        """Tell whether the word is formed as the transpose of another one."""
        return word not in self.formed and self.transposed(word) in self.formed

    def cut(self, word: Spelled) -> int:
        """Return the length of the left factor of a word."""
        return self.formed[word]

    def halves(self, word: Spelled) -> tuple[Spelled, Spelled]:
        """Return the two factors whose entrywise contraction is the trace of a word."""
        return self.split_traces.get(word, (word, ()))

    def work(self) -> int:
        """Return the number of scalar multiplications of all products."""
        return sum(self._step(word, cut) for word, cut in self.formed.items())

    def _size(self, size: int | str) -> int:
        return size if isinstance(size, int) else self.sizes[size]

    def _rows(self, letter: Any) -> int:
        return self._size(letter[0].cols if letter[1] else letter[0].rows)

    def _cols(self, letter: Any) -> int:
        return self._size(letter[0].rows if letter[1] else letter[0].cols)

    def _step(self, word: Spelled, cut: int) -> int:
        return self._rows(word[0]) * self._rows(word[cut]) * self._cols(word[-1])

    def _costs(self, word: Spelled) -> dict[tuple[int, int], tuple[int, int]]:
        """Return the least work and the best cut of every subword."""
        costs: dict[tuple[int, int], tuple[int, int]] = {}
        for length in range(1, len(word) + 1):
            for i in range(len(word) - length + 1):
                j = i + length
                part = word[i:j]
                if length == 1 or part in self.formed or self.transposed(part) in self.formed:
                    costs[i, j] = (0, self.formed.get(part, 0))
                    continue
                costs[i, j] = min(
                    (costs[i, i + c][0] + costs[i + c, j][0] + self._step(part, c), c) for c in range(1, length)
                )
        return costs

    def _form(self, word: Spelled) -> None:
        self._mark(word, 0, len(word), self._costs(word))

    def _mark(self, word: Spelled, i: int, j: int, costs: dict[tuple[int, int], tuple[int, int]]) -> None:
        part = word[i:j]
        if len(part) < 2 or part in self.formed or self.transposed(part) in self.formed:
            return
        cut = costs[i, j][1]
        self._mark(word, i, i + cut, costs)
        self._mark(word, i + cut, j, costs)
        self.formed[part] = cut

    def _split(self, word: Spelled) -> None:
        """Choose the rotation and the cut with the least work."""
        if len(word) < 2:
            return
        twice = word + word
        costs, size = self._costs(twice[:-1]), len(word)
        options = []
        for start in range(size):
            for cut in range(1, size):
                middle, end = start + cut, start + size
                if end <= 2 * size - 1:
                    contraction = self._rows(twice[start]) * self._rows(twice[middle])
                    work = costs[start, middle][0] + costs[middle, end][0] + contraction
                    options.append((work, start, middle, end))
        _, start, middle, end = min(options)
        self._mark(twice, start, middle, costs)
        self._mark(twice, middle, end, costs)
        self.split_traces[word] = (twice[start:middle], twice[middle:end])
