"""Expectation of products of traces of words in one Gaussian matrix, by integration by parts.

Let ``G`` be a centered Gaussian matrix with ``E[G_ia G_jb] = U_ij V_ab``. Stein's identity
``E[G_ia f(G)] = sum U_ij V_ab E[df/dG_jb]`` takes one ``G`` out of a product and pairs it with each of the others:

    tr(G X G^T Y)      ->  tr(X V) tr(U Y)
    tr(G X G Y)        ->  tr(U X^T V Y)
    tr(G X) tr(G^T Y)  ->  tr(X U Y V)
    tr(G X) tr(G Y)    ->  tr(X U Y^T V)

All monomials with the same number of Gaussian factors are treated together, so that equal ones are counted, not
computed, again.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from derivations.expectation.counting import Budget
from derivations.expectation.cyclic import Alphabet, Monomial


@dataclass
class Elimination:
    """Pairs off the factors of one Gaussian matrix.

    Parameters
    ----------
    alphabet : Alphabet
        Transposes of the letters.
    gaussian : int
        Letter of the Gaussian matrix.
    row_covariance, column_covariance : bytes
        Letter of ``U`` and of ``V``, empty for the identity.
    row_identity, column_identity : bytes
        Letters that stand, alone in a word, for the traces of the two identity matrices.
    limit : int
        Largest number of terms held at any time.
    """

    alphabet: Alphabet
    gaussian: int
    row_covariance: bytes
    column_covariance: bytes
    row_identity: bytes
    column_identity: bytes
    limit: int
    _within: dict[bytes, list[Monomial]] = field(default_factory=dict)
    _between: dict[tuple[bytes, bytes], list[bytes]] = field(default_factory=dict)

    def moment(self, monomial: Monomial) -> dict[Monomial, int]:
        """Count the pairings that give each monomial without the Gaussian matrix, for a product of traces."""
        factors = sum(self._degree(word) for word in monomial)
        if factors % 2:
            return {}
        budget = Budget(self.limit, factors)
        states = {tuple(sorted(map(self.alphabet.canonical, monomial))): 1}
        for _ in range(factors // 2):
            reduced: defaultdict[Monomial, int] = defaultdict(int)
            for words, count in states.items():
                self._pair_one(words, count, reduced)
                budget.check(len(reduced))
            states = reduced
        return states

    def _degree(self, word: bytes) -> int:
        return word.count(self.gaussian) + word.count(self.alphabet.flip[self.gaussian])

    def _pair_one(self, words: Monomial, count: int, reduced: defaultdict[Monomial, int]) -> None:
        """Take the first Gaussian factor and pair it with each of the others."""
        first = next(i for i, word in enumerate(words) if self._degree(word))
        pivot, others = words[first], words[:first] + words[first + 1 :]
        if pivot not in self._within:
            self._within[pivot] = self._pairs_within(pivot)
        for pair in self._within[pivot]:
            reduced[tuple(sorted(others + pair))] += count
        for i in range(first, len(others)):
            word = others[i]
            if (pivot, word) not in self._between:
                self._between[pivot, word] = self._pairs_between(pivot, word)
            rest = others[:i] + others[i + 1 :]
            for joined in self._between[pivot, word]:
                reduced[tuple(sorted((*rest, joined)))] += count

    def _after_first(self, word: bytes) -> bytes:
        """Rotate, and transpose if need be, so that the word is ``G X``; return ``X``."""
        place = word.find(self.gaussian)
        if place < 0:
            word = self.alphabet.transpose(word)
            place = word.find(self.gaussian)
        return word[place + 1 :] + word[:place]

    def _pairs_within(self, word: bytes) -> list[Monomial]:
        rest, flip = self._after_first(word), self.alphabet.flip
        U, V = self.row_covariance, self.column_covariance
        pairs: list[Monomial] = []
        for i, letter in enumerate(rest):
            X, Y = rest[:i], rest[i + 1 :]
            if letter == flip[self.gaussian]:
                pairs.append((self._cycle(X + V, self.column_identity), self._cycle(U + Y, self.row_identity)))
            elif letter == self.gaussian:
                pairs.append((self._cycle(U + self.alphabet.transpose(X) + V + Y, self.row_identity),))
        return pairs

    def _pairs_between(self, pivot: bytes, word: bytes) -> list[bytes]:
        X, U, V = self._after_first(pivot), self.row_covariance, self.column_covariance
        transposed = self.alphabet.flip[self.gaussian]
        joined = []
        for i, letter in enumerate(word):
            Y = word[i + 1 :] + word[:i]
            if letter == self.gaussian:
                Y = self.alphabet.transpose(Y)
            elif letter != transposed:
                continue
            joined.append(self._cycle(X + U + Y + V, self.row_identity))
        return joined

    def _cycle(self, word: bytes, identity: bytes) -> bytes:
        return self.alphabet.canonical(word or identity)
