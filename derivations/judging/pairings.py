"""Averages of trace polynomials of Gaussian matrices by Isserlis' theorem, one pairing after the other, in numbers.

Each factor of a trace is an edge between two indices. A pairing of the Gaussian factors identifies the row indices of
each pair, and the column indices; what is left are closed walks over the constant matrices, each the trace of a product
of numbers. An index that meets no constant runs freely and gives a dimension. This knows words and numbers only: none
of the rules by which the closed forms are averaged.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import prod
from typing import Any

import sympy

from derivations.algebra import MatrixPolynomial, TracePolynomial
from derivations.algebra.coefficients import RationalFunction
from derivations.algebra.spelled import spelled_shape
from derivations.algebra.symbols import Spelled

Letter = tuple[str, bool]
"""A matrix by name, and whether it is transposed."""
Pairing = tuple[tuple[int, int], ...]
Slot = tuple[int, int]
"""An end of a Gaussian factor: its number, and 0 for the row index or 1 for the column index."""
Edge = tuple[int, int, Letter, int]
"""Two indices, the constant letter that is read from the first to the second, and its number."""
START, END = -1, -2
"""Stand for the ends of a chain of factors, as numbers of slots."""


def pairings(places: tuple[int, ...]) -> Iterator[Pairing]:
    """List the ways to sort places into pairs.

    Examples
    --------
    >>> len(list(pairings((0, 1, 2, 3))))
    3
    """
    if not places:
        yield ()
        return
    first, *rest = places
    for i, other in enumerate(rest):
        for others in pairings((*rest[:i], *rest[i + 1 :])):
            yield ((first, other), *others)


@dataclass(frozen=True)
class GaussianAverage:
    """Averages at one instance.

    Parameters
    ----------
    values : mapping from str
        Constant matrices, sizes and scalars. Scalars without a value, such as a width, stay symbols.
    laws : mapping from str to str or None
        The matrices with independent standard normal entries, by name; with the name of a constant matrix, that is the
        covariance of their rows.
    """

    values: Mapping[str, Any]
    laws: Mapping[str, str | None]

    def __call__(self, expression: TracePolynomial) -> sympy.Expr:
        """Average a trace polynomial."""
        total = sympy.Integer(0)
        for monomial, value in expression.terms.items():
            words = [expression.table.spell(word) for word in monomial]
            total += self._number(value) * self._average(words, None)
        return sympy.expand(total)

    def matrix(self, expression: MatrixPolynomial) -> sympy.Matrix:
        """Average a matrix polynomial entry by entry."""
        rows, cols = (self._size(each) for each in expression.shape)
        total = sympy.zeros(rows, cols)
        for (monomial, word), value in expression.terms.items():
            words = [expression.table.spell(each) for each in monomial]
            spelled = expression.table.spell(word)
            average = self._average(words, spelled) if spelled else sympy.eye(rows) * self._average(words, None)
            total += self._number(value) * average
        return total.applyfunc(sympy.expand)

    def _number(self, value: Any) -> sympy.Expr:
        if not isinstance(value, RationalFunction):
            return sympy.Rational(value.numerator, value.denominator)
        expression = value.as_sympy()
        return expression.subs({each: self.values.get(each.name, each) for each in expression.free_symbols})

    def _size(self, size: int | str) -> Any:
        return self.values.get(size, sympy.Symbol(size)) if isinstance(size, str) else size

    def _average(self, traces: list[Spelled], chain: Spelled | None) -> Any:
        graph = _Graph(traces, chain, self.laws)
        totals: dict[Any, Fraction] = defaultdict(Fraction)
        for chosen in product(*(pairings(places) for places in graph.places.values())):
            walks, path = graph.walks([pair for each in chosen for pair in each])
            factor, free = Fraction(1), []
            for letters, size in walks:
                if letters:
                    factor *= self._traces(letters)
                elif isinstance(size, str) and size not in self.values:
                    free.append(size)
                else:
                    factor *= self._size(size)
            totals[path, tuple(sorted(free))] += factor
        rows = None if chain is None else spelled_shape(chain, 1)[0]
        summands = [self._summand(path, rows, free, factor) for (path, free), factor in totals.items()]
        if not summands:  # an odd number of factors of one law
            return sympy.Integer(0) if chain is None else sympy.zeros(*map(self._size, spelled_shape(chain, 1)))
        return sum(summands[1:], start=summands[0])

    def _summand(self, path: Any, rows: int | str | None, free: tuple[str, ...], factor: Fraction) -> Any:
        value = sympy.Rational(factor.numerator, factor.denominator) * prod(map(sympy.Symbol, free))
        if rows is None:
            return value
        return (self._products(path) if path else sympy.eye(self._size(rows))) * value

    def _traces(self, letters: tuple[Letter, ...]) -> Fraction:
        if letters not in self._known_traces:
            self._known_traces[letters] = self._rotated(letters)
        return self._known_traces[letters]

    def _rotated(self, letters: tuple[Letter, ...]) -> Fraction:
        """Take the trace of the first rotation of a product in the alphabet: the others have the same."""
        start = min(range(len(letters)), key=lambda i: letters[i:] + letters[:i])
        key = letters[start:] + letters[:start]
        if key not in self._known_traces:
            trace = sympy.Rational(self._products(key).trace())
            self._known_traces[key] = Fraction(int(trace.p), int(trace.q))
        return self._known_traces[key]

    def _products(self, letters: tuple[Letter, ...]) -> sympy.Matrix:
        if letters not in self._known:
            name, transposed = letters[-1]
            last = self.values[name].T if transposed else self.values[name]
            self._known[letters] = self._products(letters[:-1]) * last if len(letters) > 1 else last
        return self._known[letters]

    @cached_property
    def _known(self) -> dict[tuple[Letter, ...], sympy.Matrix]:
        return {}

    @cached_property
    def _known_traces(self) -> dict[tuple[Letter, ...], Fraction]:
        return {}


class _Graph:
    """The indices of a product of traces and of a chain; between the ends of Gaussian factors lie arcs of letters."""

    def __init__(self, traces: list[Spelled], chain: Spelled | None, laws: Mapping[str, str | None]) -> None:
        self.laws = laws
        self.sizes: list[int | str] = []
        self.places: dict[str, tuple[int, ...]] = {}
        self.names: list[str] = []
        self._at: dict[Slot, int] = {}
        self._touching: list[list[Slot | Edge]] = []
        self.fixed: list[tuple[Letter, ...]] = []
        for word in traces:
            self._add(word, closed=True)
        self.start = None if chain is None else len(self.sizes)
        if chain is not None:
            self._add(chain, closed=False)
        self.arcs = {slot: self._arc(slot, node) for slot, node in self._at.items()}

    def _add(self, word: Spelled, *, closed: bool) -> None:
        if closed and not any(symbol.name in self.laws for symbol, _ in word):
            self.fixed.append(tuple((symbol.name, transposed) for symbol, transposed in word))
            return
        first, count = len(self.sizes), len(word)
        self.sizes += [symbol.cols if transposed else symbol.rows for symbol, transposed in word]
        self._touching += [[] for _ in word]
        if not closed:
            symbol, transposed = word[-1]
            self.sizes.append(symbol.rows if transposed else symbol.cols)
            self._touching.append([])
            self._touch(first, (START, 0))
            self._touch(first + count, (END, 0))
        for i, (symbol, transposed) in enumerate(word):
            left, right = first + i, first + ((i + 1) % count if closed else i + 1)
            if symbol.name in self.laws:
                number = len(self.names)
                self.names.append(symbol.name)
                self.places[symbol.name] = (*self.places.get(symbol.name, ()), number)
                self._touch(left, (number, int(transposed)))
                self._touch(right, (number, int(not transposed)))
            else:
                edge = (left, right, (symbol.name, transposed), first + i)
                self._touching[left].append(edge)
                self._touching[right].append(edge)

    def _touch(self, node: int, slot: Slot) -> None:
        self._touching[node].append(slot)
        self._at[slot] = node

    def _arc(self, slot: Slot, node: int) -> tuple[Slot, tuple[Letter, ...]]:
        """Walk from an end along constant letters to the next end."""
        letters: list[Letter] = []
        came: Slot | Edge = slot
        while True:
            one, other = self._touching[node]
            came = other if came == one else one
            if len(came) == 2:
                return came, tuple(letters)
            left, right, (name, transposed), _ = came
            letters.append((name, transposed if node == left else not transposed))
            node = right if node == left else left

    def walks(self, pairs: list[tuple[int, int]]) -> tuple[list[tuple[tuple[Letter, ...], int | str]], Any]:
        """Read the letters along each closed walk, and along the walk from the first end of the chain to the last."""
        partner: dict[Slot, Slot] = {}
        for first, second in pairs:
            for side in (0, 1):
                partner[first, side], partner[second, side] = (second, side), (first, side)
        path = None
        unused = set(partner)
        if self.start is not None:
            path = self._read((START, 0), partner, unused)
        closed: list[tuple[tuple[Letter, ...], int | str]] = [(letters, 0) for letters in self.fixed]
        while unused:
            slot = unused.pop()
            size = self.sizes[self._at[slot]]
            closed.append((self._read(slot, partner, unused), size))
        return closed, path

    def _read(self, first: Slot, partner: Mapping[Slot, Slot], unused: set[Slot]) -> tuple[Letter, ...]:
        letters: tuple[Letter, ...] = ()
        slot = first
        while True:
            slot, read = self.arcs[slot]
            letters += read
            unused.discard(slot)
            if slot not in partner:
                return letters
            if slot[1] == 0 and (covariance := self.laws[self.names[slot[0]]]):
                letters = (*letters, (covariance, False))
            slot = partner[slot]
            unused.discard(slot)
            if slot == first:
                return letters
