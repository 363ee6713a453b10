"""Taylor series in time of any polynomial of the weights along a flow.

The derivatives of the weights at time zero are built one order after the other from the right-hand side of
the flow, and a product is differentiated by the Leibniz rule over its factors,
``d_n(u v) = sum_i binom(n, i) d_i(u) d_(n-i)(v)``. Every subword's derivatives are remembered, so nothing is
expanded twice; factorials are divided out at the end only, so that the coefficients stay integers.
"""

from collections.abc import Mapping
from fractions import Fraction
from math import comb, factorial
from typing import Any

from derivations.algebra.coefficients import Coefficient
from derivations.algebra.construct import Matrix
from derivations.algebra.directional import Directions, Polynomial, check_directions
from derivations.algebra.expression import TERM_LIMIT, add_term, add_terms, check_term_limit
from derivations.algebra.matrix_polynomial import MatrixPolynomial
from derivations.algebra.products import MatrixTerms, multiply_terms, trace_of_product
from derivations.algebra.reduction import Monomial, reduce_word
from derivations.algebra.symbols import Symbol, SymbolTable, table_of
from derivations.algebra.trace_polynomial import TracePolynomial
from derivations.algebra.words import Word, transpose_word
from derivations.errors import DerivationError, SymbolError

TraceTerms = dict[Monomial, Coefficient]


def series(
    function: Polynomial,
    right_hand_sides: Directions,
    order: int,
    *,
    initial: Mapping[Matrix, MatrixPolynomial] | None = None,
    term_limit: int = TERM_LIMIT,
) -> tuple[Polynomial, ...]:
    """Expand a polynomial of the weights in powers of time along a flow.

    Parameters
    ----------
    function : TracePolynomial or MatrixPolynomial
        A polynomial of the weights.
    right_hand_sides : mapping from Matrix to MatrixPolynomial
        The flow: the time derivative of each symbol that moves.
    order : int
        Highest power of time.
    initial : mapping from Matrix to MatrixPolynomial, optional
        Values at time zero; by default a symbol stands for its own initial value. ``{dW: zeros(k, m)}`` makes ``dW``
        the change of a weight since initialization, if it has the right-hand side of that weight.
    term_limit : int
        The most terms, before like terms are collected, that one coefficient may take.

    Returns
    -------
    tuple of TracePolynomial or MatrixPolynomial
        Coefficients of ``t^0`` to ``t^order``.

    Raises
    ------
    DerivationError
        If the order is not a non-negative integer.
    TermLimitError
        If a coefficient would need more terms than the limit; the message says how many.

    Examples
    --------
    >>> from derivations.algebra import Matrix
    >>> W, A = Matrix("W", "k", "d"), Matrix("A", "k", "k")
    >>> for coefficient in series(W, {W: A * W}, 3):
    ...     print(coefficient)
    W
    A W
    1/2 A² W
    1/6 A³ W
    """
    if not isinstance(order, int) or order < 0:
        raise DerivationError(f"order must be a non-negative integer, got {order!r}")
    velocities: dict[Symbol, MatrixPolynomial] = check_directions(right_hand_sides)
    starts: dict[Symbol, MatrixPolynomial] = _starts(initial or {}, velocities)
    involved: tuple[TracePolynomial | MatrixPolynomial, ...] = (function, *velocities.values(), *starts.values())
    table = table_of(*velocities, *(symbol for each in involved for symbol in each.symbols()))
    _refuse_composites(table, velocities)
    expansion = _Expansion(table, velocities, starts, term_limit)
    if isinstance(function, TracePolynomial):
        traces = (expansion.scalar(function.over(table), n) for n in range(order + 1))
        return tuple(TracePolynomial(table, _divided(terms, n)) for n, terms in enumerate(traces))
    matrices = (expansion.matrix(function.over(table), n) for n in range(order + 1))
    return tuple(MatrixPolynomial(table, _divided(terms, n), *function.shape) for n, terms in enumerate(matrices))


def _starts(
    initial: Mapping[Matrix, MatrixPolynomial], velocities: Mapping[Symbol, MatrixPolynomial]
) -> dict[Symbol, MatrixPolynomial]:
    starts = check_directions(initial)
    for symbol in starts:
        if symbol not in velocities:
            raise SymbolError(f"an initial value needs a symbol that moves, got {symbol.name}")
    return starts


def _refuse_composites(table: SymbolTable, velocities: Mapping[Symbol, MatrixPolynomial]) -> None:
    """Inverses and elementwise products may stand in a series only while they do not move."""
    for symbol in table.symbols:
        for moving in velocities:
            if symbol != moving and _contains(symbol, moving):
                raise SymbolError(f"a series needs a polynomial of {moving.name}, got {symbol.name}")


def _contains(symbol: Symbol, part: Symbol) -> bool:
    return symbol == part or any(_contains(each, part) for word in symbol.parts for each, _ in word)


def _divided(terms: dict[Any, Coefficient], n: int) -> dict[Any, Coefficient]:
    scale = Fraction(1, factorial(n))
    return terms if n < 2 else {key: _plain(value * scale) for key, value in terms.items()}


def _plain(value: Coefficient) -> Coefficient:
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


class _Expansion:
    """Time derivatives at time zero of letters, words and traces, each computed once.

    Parameters
    ----------
    table : SymbolTable
        All symbols of the flow and the function.
    velocities, starts : mapping from Symbol to MatrixPolynomial
        Right-hand sides, and initial values other than the symbol itself.
    term_limit : int
        The most terms in one product.
    """

    def __init__(
        self,
        table: SymbolTable,
        velocities: Mapping[Symbol, MatrixPolynomial],
        starts: Mapping[Symbol, MatrixPolynomial],
        term_limit: int,
    ) -> None:
        self.table = table
        self.right_hand_sides = {2 * table.index[symbol]: rhs.over(table) for symbol, rhs in velocities.items()}
        self.starts = {2 * table.index[symbol]: start.over(table) for symbol, start in starts.items()}
        self.term_limit = term_limit
        self.words: dict[tuple[Word, int], MatrixTerms] = {}
        self.traces: dict[tuple[Word, int], TraceTerms] = {}

    def letter(self, letter: int, n: int) -> MatrixTerms:
        """Return the n-th derivative of a letter."""
        base = letter - letter % 2
        if letter % 2:
            return self._transposed(self.word((base,), n))
        if n == 0:
            own = reduce_word((base,), self.table)
            return self.starts.get(base, {(own[1], own[2]): own[0]})
        rhs = self.right_hand_sides.get(base)
        return {} if rhs is None else self.matrix(rhs, n - 1)

    def valuation(self, word: Word) -> int:
        """Return an order below which the derivatives of a word are zero: letters that start at zero."""
        return sum(not self.starts.get(letter - letter % 2, True) for letter in word)

    def word(self, word: Word, n: int) -> MatrixTerms:
        """Return the n-th derivative of a product."""
        key = (word, n)
        if key not in self.words:
            if len(word) < 2:
                self.words[key] = self.letter(word[0], n) if word else ({((), ()): 1} if n == 0 else {})
            else:
                self.words[key] = self._leibniz(word, n)
        return self.words[key]

    def _leibniz(self, word: Word, n: int) -> MatrixTerms:
        pairs = self._pairs(word[:1], word[1:], n)
        self._check(pairs, word, n)
        terms: MatrixTerms = {}
        for factor, left, right in pairs:
            for key, value in multiply_terms(left, right, self.table).items():
                add_term(terms, key, value * factor)
        return terms

    def _pairs(self, left: Word, right: Word, n: int) -> list[tuple[int, MatrixTerms, MatrixTerms]]:
        """List the summands of the Leibniz rule that are not zero."""
        pairs = []
        for i in range(self.valuation(left), n - self.valuation(right) + 1):
            first = self.word(left, i)
            second = self.word(right, n - i) if first else {}
            if second:
                pairs.append((comb(n, i), first, second))
        return pairs

    def _check(self, pairs: list[tuple[int, MatrixTerms, MatrixTerms]], word: Word, n: int) -> None:
        count = sum(len(left) * len(right) for _, left, right in pairs)
        what = f"order {n} of a product of {len(word)} factors"
        check_term_limit(count, self.term_limit, what)

    def trace(self, word: Word, n: int) -> TraceTerms:
        """Return the n-th derivative of a trace: both halves expanded, then one trace per pair of terms."""
        key = (word, n)
        if key not in self.traces:
            half = len(word) // 2
            pairs = self._pairs(word[:half], word[half:], n)
            self._check(pairs, word, n)
            terms: TraceTerms = {}
            size = self.table.rows[word[0]]
            for factor, left, right in pairs:
                add_terms(terms, trace_of_product(left, right, size, self.table), factor)
            self.traces[key] = terms
        return self.traces[key]

    def _transposed(self, terms: MatrixTerms) -> MatrixTerms:
        involution, table = self.table.involution, self.table
        if table.plain:
            return {(m, transpose_word(w, involution)): value for (m, w), value in terms.items()}
        return {(m, reduce_word(transpose_word(w, involution), table)[2]): value for (m, w), value in terms.items()}

    def monomial(self, monomial: Monomial, n: int) -> TraceTerms:
        """Return the n-th derivative of a product of traces."""
        if not monomial:
            return {(): 1} if n == 0 else {}
        if len(monomial) == 1:
            return self.trace(monomial[0], n)
        terms: TraceTerms = {}
        for i in range(n + 1):
            rest = self.monomial(monomial[1:], n - i)
            for left, a in self.trace(monomial[0], i).items() if rest else ():
                for right, b in rest.items():
                    add_term(terms, tuple(sorted(left + right)), a * b * comb(n, i))
        return terms

    def scalar(self, function: TraceTerms, n: int) -> TraceTerms:
        """Return the n-th derivative of a trace polynomial."""
        terms: TraceTerms = {}
        for monomial, value in function.items():
            for key, change in self.monomial(monomial, n).items():
                add_term(terms, key, change * value)
        return terms

    def matrix(self, function: MatrixTerms, n: int) -> MatrixTerms:
        """Return the n-th derivative of a matrix polynomial."""
        terms: MatrixTerms = {}
        for (monomial, word), value in function.items():
            for i in range(n + 1) if monomial else (0,):
                traces = self.monomial(monomial, i)
                for (inner, open_word), a in self.word(word, n - i).items() if traces else ():
                    for outer, b in traces.items():
                        key = (tuple(sorted(inner + outer)), open_word)
                        add_term(terms, key, a * b * comb(n, i) * value)
        return terms
