"""Averages of trace polynomials of Gaussian matrices by Isserlis' theorem, one pairing after the other, in numbers.

Each factor of a trace is an edge between two indices. A pairing of the Gaussian factors identifies the row indices of
each pair, and the column indices; what is left are closed walks over the constant matrices, each the trace of a product
of numbers. An index that meets no constant runs freely and gives a dimension. This knows words and numbers only: none
of the rules by which the closed forms are averaged.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import Any

import sympy

from derivations.algebra import MatrixPolynomial, TracePolynomial
from derivations.algebra.coefficients import RationalFunction
from derivations.algebra.symbols import Spelled

Letter = tuple[str, bool]
"""A matrix by name, and whether it is transposed."""
Pairing = tuple[tuple[int, int], ...]
Edge = tuple[int, int, Letter | None]
"""Two indices and the letter that is read from the first to the second; None where they are one index."""


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
        total: Any = sympy.Integer(0)
        for chosen in product(*(pairings(places) for places in graph.places.values())):
            walks, path = graph.walks([pair for each in chosen for pair in each])
            factor = prod((self._closed(*walk) for walk in walks), start=sympy.Integer(1))
            value = factor if path is None else self._along(path, graph.sizes[graph.start]) * factor
            total = value if total == 0 else total + value
        return total

    def _along(self, path: tuple[Letter, ...], size: int | str) -> sympy.Matrix:
        return self._products(path) if path else sympy.eye(self._size(size))

    def _closed(self, letters: tuple[Letter, ...], size: int | str) -> Any:
        return self._traces(letters) if letters else self._size(size)

    def _traces(self, letters: tuple[Letter, ...]) -> Any:
        start = min(range(len(letters)), key=lambda i: letters[i:] + letters[:i])
        key = letters[start:] + letters[:start]
        if key not in self._known_traces:
            self._known_traces[key] = self._products(key).trace()
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
    def _known_traces(self) -> dict[tuple[Letter, ...], Any]:
        return {}


class _Graph:
    """The indices of a product of traces and of a chain, and the factors between them as edges."""

    def __init__(self, traces: list[Spelled], chain: Spelled | None, laws: Mapping[str, str | None]) -> None:
        self.laws = laws
        self.sizes: list[int | str] = []
        self.edges: list[Edge] = []
        self.places: dict[str, tuple[int, ...]] = {}
        self.factors: list[tuple[str, int, int]] = []
        for word in traces:
            self._add(word, closed=True)
        self.start = None if chain is None else len(self.sizes)
        if chain is not None:
            self._add(chain, closed=False)

    def _add(self, word: Spelled, *, closed: bool) -> None:
        start, count = len(self.sizes), len(word)
        self.sizes += [symbol.cols if transposed else symbol.rows for symbol, transposed in word]
        if not closed:
            symbol, transposed = word[-1]
            self.sizes.append(symbol.rows if transposed else symbol.cols)
        for i, (symbol, transposed) in enumerate(word):
            left, right = start + i, start + ((i + 1) % count if closed else i + 1)
            if symbol.name in self.laws:
                self.places[symbol.name] = (*self.places.get(symbol.name, ()), len(self.factors))
                self.factors.append((symbol.name, right, left) if transposed else (symbol.name, left, right))
            else:
                self.edges.append((left, right, (symbol.name, transposed)))

    def walks(self, pairs: list[tuple[int, int]]) -> tuple[list[tuple[tuple[Letter, ...], int | str]], Any]:
        """Read the letters along each closed walk, and along the walk from the first end of the chain to the last."""
        edges = list(self.edges)
        for first, second in pairs:
            (name, row, col), (_, other_row, other_col) = self.factors[first], self.factors[second]
            covariance = self.laws[name]
            edges.append((row, other_row, None if covariance is None else (covariance, False)))
            edges.append((col, other_col, None))
        touching: list[list[int]] = [[] for _ in self.sizes]
        for number, (one, other, _) in enumerate(edges):
            touching[one].append(number)
            touching[other].append(number)
        unused = set(range(len(edges)))
        path = None if self.start is None else _walk(edges, touching, unused, self.start)
        closed = []
        while unused:
            start = edges[min(unused)][0]
            closed.append((_walk(edges, touching, unused, start), self.sizes[start]))
        return closed, path


def _walk(edges: list[Edge], touching: list[list[int]], unused: set[int], here: int) -> tuple[Letter, ...]:
    """Follow edges as long as one is left, and use them up."""
    letters: list[Letter] = []
    while ahead := [number for number in touching[here] if number in unused]:
        unused.remove(ahead[0])
        one, other, letter = edges[ahead[0]]
        forward = here == one
        here = other if forward else one
        if letter is not None:
            letters.append(letter if forward else (letter[0], not letter[1]))
    return tuple(letters)
