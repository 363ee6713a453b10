"""Expectation of one product of traces over one random matrix, from words to words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from derivations.algebra.coefficients import Coefficient, RationalFunction
from derivations.algebra.expression import add_term, rename_word
from derivations.algebra.reduction import Monomial, dimension_coefficient
from derivations.algebra.symbols import Dimension, SymbolTable, renaming
from derivations.algebra.words import Word
from derivations.expectation.counting import packing_width, require_terms_within, unpack
from derivations.expectation.elimination import Elimination
from derivations.expectation.insertion import wishart_moment
from derivations.expectation.laws import Covariance, GaussianMatrix, Wishart
from derivations.expectation.partitions import power_moment
from derivations.expectation.segments import SegmentBook, Spelling, split_cycle

Terms = dict[Monomial, Coefficient]
Cycle = list[tuple[int, Word]]


@dataclass
class Average:
    """Takes expectations over one random matrix.

    Parameters
    ----------
    source, target : SymbolTable
        Symbols before, and after the random matrix is gone.
    letter : int
        Letter of the random matrix in the source table.
    limit : int
        Largest number of terms allowed.
    """

    source: SymbolTable
    target: SymbolTable
    letter: int
    limit: int
    renaming: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.renaming = renaming(self.source, self.target)
        self.marks = frozenset((self.letter, self.source.involution[self.letter]))

    def split(self, monomial: Monomial) -> tuple[list[Cycle], Monomial]:
        """Separate the traces with the random matrix, cut at it, from the others."""
        cycles, rest = [], []
        for word in monomial:
            if self.marks.isdisjoint(word):
                rest.append(rename_word(word, self.renaming))
            else:
                cycles.append(split_cycle(word, self.marks))
        return cycles, tuple(rest)

    def spell(self, covariance: Covariance) -> Word:
        """Write a covariance in the letters of the target table."""
        return rename_word(covariance.word, renaming(covariance.table, self.target))

    def wishart(self, monomial: Monomial, law: Wishart) -> Terms:
        """Take the expectation of a product of traces over a Wishart matrix."""
        cycles, rest = self.split(monomial)
        segments = [[segment for _, segment in cycle] for cycle in cycles]
        return self.gram(segments, rest, law.dof, law.covariance, law.symbol.rows)

    def gaussian(self, monomial: Monomial, law: GaussianMatrix) -> Terms:
        """Take the expectation of a product of traces over a centered Gaussian matrix."""
        cycles, rest = self.split(monomial)
        U, V = law.row_covariance, law.column_covariance
        rows, cols = law.symbol.rows, law.symbol.cols
        inner = None if U.word else gram_segments(cycles, self.letter)
        if inner is not None:
            covariance = Covariance(U.factor * V.factor, V.table, V.word)
            return self.gram(inner, rest, dimension_coefficient(rows), covariance, cols)
        outer = None if V.word else gram_segments(cycles, self.source.involution[self.letter])
        if outer is not None:
            covariance = Covariance(U.factor * V.factor, U.table, U.word)
            return self.gram(outer, rest, dimension_coefficient(cols), covariance, rows)
        return self.pairings(cycles, rest, law)

    def gram(
        self,
        cycles: Sequence[Sequence[Word]],
        rest: Monomial,
        dof: Coefficient,
        covariance: Covariance,
        size: Dimension,
    ) -> Terms:
        """Take the expectation over a Wishart matrix, given the words between its factors."""
        book = SegmentBook(self.source.involution)
        words = [b"".join(book.byte(segment) for segment in cycle) for cycle in cycles]
        degree = sum(map(len, words))
        require_terms_within(self.limit, 2 * degree, book.occurrences())
        if book.flips == [0]:
            partitions = power_moment([len(word) for word in words], self.limit)
            moment = {tuple(bytes(i) for i in partition): count for partition, count in partitions.items()}
        else:
            moment = wishart_moment(words, book.alphabet(), self.limit)
        S = self.spell(covariance)
        letters = {i: S + rename_word(word, self.renaming) for i, word in enumerate(book.words)}
        spelling = Spelling(letters, {}, size, self.target)
        polynomial = packed_polynomial(dof, covariance.factor**degree, packing_width(2 * degree))
        return collect(moment, rest, spelling, polynomial)

    def pairings(self, cycles: Sequence[Cycle], rest: Monomial, law: GaussianMatrix) -> Terms:
        """Take the expectation over a Gaussian matrix whose neighbors on both sides differ."""
        G, U, V, row_identity, column_identity = (bytes((i,)) for i in (0, 2, 3, 4, 5))
        book = SegmentBook(self.source.involution, reserved=(1, 0, 2, 3, 4, 5))
        words = [b"".join(self._bytes(mark, segment, book) for mark, segment in cycle) for cycle in cycles]
        degree = sum(map(len, cycles))
        require_terms_within(self.limit, degree, book.occurrences())
        row, column = self.spell(law.row_covariance), self.spell(law.column_covariance)
        elimination = Elimination(
            book.alphabet(), G[0], U if row else b"", V if column else b"", row_identity, column_identity, self.limit
        )
        moment = elimination.moment(tuple(words))
        letters = {i + book.first: rename_word(word, self.renaming) for i, word in enumerate(book.words)}
        letters |= {U[0]: row, V[0]: column, row_identity[0]: (), column_identity[0]: ()}
        sizes = {row_identity: law.symbol.rows, column_identity: law.symbol.cols}
        spelling = Spelling(letters, sizes, law.symbol.rows, self.target)
        scale = (law.row_covariance.factor * law.column_covariance.factor) ** (degree // 2)
        return collect(moment, rest, spelling, lambda count: count * scale)

    def _bytes(self, mark: int, segment: Word, book: SegmentBook) -> bytes:
        mark_byte = bytes((0 if mark == self.letter else 1,))
        return mark_byte + book.byte(segment) if segment else mark_byte


def gram_segments(cycles: Sequence[Cycle], inner: int) -> list[list[Word]] | None:
    """Read words cut at ``G`` and ``G^T`` as words in a Gram matrix; None if ``G`` occurs in another way.

    `inner` is the letter of ``G`` for ``G^T G``, and that of ``G^T`` for ``G G^T``.
    """
    segments = []
    for cycle in cycles:
        for i, (mark, segment) in enumerate(cycle):
            if mark == cycle[i - 1][0] or (mark != inner and segment):
                return None
        segments.append([segment for mark, segment in cycle if mark == inner])
    return segments


def packed_polynomial(dof: Coefficient, scale: Coefficient, width: int) -> Callable[[int], Coefficient]:
    """Return the function that turns packed counts into polynomials in the degrees of freedom, times a scale."""
    known: dict[int, Coefficient] = {}

    def polynomial(packed: int) -> Coefficient:
        if packed not in known:
            known[packed] = evaluate_polynomial(unpack(packed, width), dof) * scale
        return known[packed]

    return polynomial


def evaluate_polynomial(coefficients: Sequence[int], variable: Coefficient) -> Coefficient:
    """Insert a number or scalar into a polynomial with these coefficients, constant first."""
    if isinstance(variable, RationalFunction) and variable.denominator == 1 and variable.numerator.is_generator:
        # A bare scalar: the polynomial is written down instead of computed.
        ring = variable.numerator.ring
        terms = {(i,): ring.domain(c) for i, c in enumerate(coefficients) if c}
        if set(terms) - {(0,)}:
            return RationalFunction(ring.from_dict(terms), ring.one)
    total: Coefficient = 0
    for coefficient in reversed(coefficients):
        total = total * variable + coefficient
    return total


def collect(
    moment: dict[tuple[bytes, ...], int], rest: Monomial, spelling: Spelling, coefficient: Callable[[int], Coefficient]
) -> Terms:
    """Write a moment in words, beside other traces, and collect equal terms; `coefficient` says what a count means."""
    terms: Terms = {}
    for words, count in moment.items():
        factor, traces = coefficient(count), rest
        for word in words:
            size, pieces = spelling[word]
            traces += pieces
            if size != 1:
                factor = factor * size
        add_term(terms, tuple(sorted(traces)), factor)
    return terms
