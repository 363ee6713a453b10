"""Sums over indices as graphs: what is left of an expectation when it is no product of words.

``sum_ij A_ij B_ij c_i`` is a graph: an index is a vertex, a matrix is an edge, a vector hangs on one vertex. Entry by
entry products, diagonals and random matrices that are paired tie indices together in ways that a cyclic word cannot
write. Such a graph is contracted by a few rules: a loop is a diagonal, parallel edges are an elementwise product, edges
in series are a product, and an edge to an index that nothing else uses is a sum over rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from derivations.algebra import MatrixPolynomial, TracePolynomial, diagonal, hadamard, ones, tr
from derivations.algebra.spelled import depends_on, product_of, unit
from derivations.algebra.symbols import Dimension, Spelled, Symbol
from derivations.algebra.trace_polynomial import constant
from derivations.expectation.errors import ExpectationError

Value = TypeVar("Value", TracePolynomial, MatrixPolynomial)
Join = tuple[int, int]


@dataclass(frozen=True)
class Edge:
    """A matrix whose row index is one vertex and whose column index another."""

    row: int
    col: int
    factor: MatrixPolynomial

    def seen_from(self, vertex: int) -> tuple[MatrixPolynomial, int]:
        """Return the matrix with `vertex` as its row index, and the vertex at its other end."""
        return (self.factor, self.col) if self.row == vertex else (self.factor.T, self.row)


@dataclass
class IndexGraph:
    """The indices of products of traces and of one open word, with the occurrences of a random matrix cut out.

    Parameters
    ----------
    random : Symbol
        The random matrix.
    sizes : list of int or str
        Dimension of each vertex.
    edges : list of Edge
        Deterministic factors.
    joins : list of (int, int)
        Vertices that are one index.
    occurrences : list of (int, int)
        Row index and column index of each occurrence of the random matrix.
    ends : tuple of int
        Row and column index of the open word; empty if there is none.
    """

    random: Symbol
    sizes: list[Dimension] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)
    occurrences: list[Join] = field(default_factory=list)
    ends: tuple[int, ...] = ()

    def add_trace(self, word: Spelled) -> None:
        """Add the indices of a trace."""
        start = self._vertex(_rows(word[0]))
        self._add_path(word, start, start)

    def open(self, word: Spelled, rows: Dimension, cols: Dimension) -> None:
        """Add the indices of a word whose ends stay open."""
        self.ends = (self._vertex(rows), self._vertex(cols))
        self._add_path(word, *self.ends)

    def _vertex(self, size: Dimension) -> int:
        self.sizes.append(size)
        return len(self.sizes) - 1

    def _add_path(self, word: Spelled, start: int, end: int) -> None:
        if not word:
            self.joins.append((start, end))
            return
        here = start
        for i, letter in enumerate(word):
            there = end if i == len(word) - 1 else self._vertex(_cols(letter))
            self._add_letter(letter, here, there)
            here = there

    def _add_letter(self, letter: tuple[Symbol, bool], row: int, col: int) -> None:
        symbol, transposed = letter
        first, last = (col, row) if transposed else (row, col)
        if symbol == self.random:
            self.occurrences.append((first, last))
        elif symbol.kind == "ones":
            pass  # every entry is 1, so that nothing ties the indices
        elif symbol.kind == "diagonal" and depends_on(symbol, self.random):
            self.joins.append((first, last))
            self._add_path(symbol.parts[0], first, self._vertex(1))
        elif symbol.kind == "hadamard" and depends_on(symbol, self.random):
            for part in symbol.parts:
                self._add_path(part, first, last)
        elif depends_on(symbol, self.random):
            raise ExpectationError(f"the expectation over {self.random.name} is not supported of {symbol.name}")
        else:
            self.edges.append(Edge(row, col, product_of((letter,), 1)))

    def contracted(
        self, joins: Iterable[Join], edges: Iterable[Edge] = ()
    ) -> tuple[TracePolynomial, MatrixPolynomial | None]:
        """Contract the graph with more joins and edges: a factor, and the open matrix if there is one."""
        names = _representatives(len(self.sizes), [*self.joins, *joins])
        sizes = {names[v]: size for v, size in enumerate(self.sizes)}
        moved = [Edge(names[edge.row], names[edge.col], edge.factor) for edge in (*self.edges, *edges)]
        return contract(sizes, moved, tuple(names[v] for v in self.ends))


def contract(
    sizes: dict[int, Dimension], edges: list[Edge], ends: tuple[int, ...] = ()
) -> tuple[TracePolynomial, MatrixPolynomial | None]:
    """Sum the product of all edges over all vertices but the ends: the factor, and the matrix between two ends."""
    return _Contraction(sizes, list(edges), ends).result()


def _rows(letter: tuple[Symbol, bool]) -> Dimension:
    return letter[0].cols if letter[1] else letter[0].rows


def _cols(letter: tuple[Symbol, bool]) -> Dimension:
    return letter[0].rows if letter[1] else letter[0].cols


def _representatives(count: int, joins: Sequence[Join]) -> list[int]:
    """Name every vertex by the least one that it is joined with."""
    names = list(range(count))
    for first, second in joins:
        old, new = sorted((names[first], names[second]), reverse=True)
        names = [new if name == old else name for name in names]
    return names


class _Contraction:
    """Sums over the inner vertices one after the other; the ends stay."""

    def __init__(self, sizes: dict[int, Dimension], edges: list[Edge], ends: tuple[int, ...]) -> None:
        self.sizes, self.edges, self.ends = sizes, edges, ends
        self.inner = [v for v in sizes if v not in ends]
        self.loops: dict[int, list[MatrixPolynomial]] = {v: [] for v in sizes}
        self.vectors: dict[int, list[MatrixPolynomial]] = {v: [] for v in sizes}
        self.factor = constant(1)

    def result(self) -> tuple[TracePolynomial, MatrixPolynomial | None]:
        while self._hang_up() or self._sum_over_one() or self._merge_parallel():
            pass
        if self.inner:
            raise ExpectationError("the expectation must be of sums that split into products, got one that does not")
        return self.factor, self._open_matrix() if self.ends else None

    def _hang_up(self) -> bool:
        """Hang loops and vectors on their vertex."""
        for edge in self.edges:
            rows, cols = self.sizes[edge.row], self.sizes[edge.col]
            if rows == 1 and cols == 1:
                self.factor = self.factor * tr(edge.factor)
            elif rows == 1 or cols == 1:
                vertex = edge.row if cols == 1 else edge.col
                self.vectors[vertex].append(edge.seen_from(vertex)[0])
            elif edge.row == edge.col:
                self.loops[edge.row].append(edge.factor)
            else:
                continue
            self.edges.remove(edge)
            return True
        return False

    def _merge_parallel(self) -> bool:
        for i, first in enumerate(self.edges):
            for second in self.edges[i + 1 :]:
                if {first.row, first.col} == {second.row, second.col}:
                    product = hadamard(first.factor, second.seen_from(first.row)[0])
                    self.edges[i] = Edge(first.row, first.col, product)
                    self.edges.remove(second)
                    return True
        return False

    def _sum_over_one(self) -> bool:
        """Sum over the first vertex that has at most two edges."""
        for v in self.inner:
            touching = [edge for edge in self.edges if v in (edge.row, edge.col)]
            if len(touching) > 2:
                continue
            ends = [edge.seen_from(v) for edge in touching]
            if not ends:
                self.factor = self.factor * self._total(v)
            elif len(ends) == 1:
                ((matrix, other),) = ends
                self.vectors[other].append(matrix.T * self._vector(v))
            else:
                (left, row), (right, col) = ends
                self.edges.append(Edge(row, col, left.T * self._weight(v) * right))
            for edge in touching:
                self.edges.remove(edge)
            self.inner.remove(v)
            return True
        return False

    def _weight(self, v: int) -> MatrixPolynomial:
        """Return the diagonal matrix of all that hangs on a vertex."""
        weight = self._diagonals(v, self.loops[v])
        for vector in self.vectors[v]:
            weight = weight * diagonal(vector)
        return weight

    def _diagonals(self, v: int, matrices: Iterable[MatrixPolynomial]) -> MatrixPolynomial:
        weight = unit(self.sizes[v])
        for matrix in matrices:
            weight = weight * hadamard(matrix, unit(self.sizes[v]))
        return weight

    def _vector(self, v: int) -> MatrixPolynomial:
        """Return the vector of all that hangs on a vertex."""
        vectors = self.vectors[v] or [ones(self.sizes[v])]
        product = vectors[0]
        for vector in vectors[1:]:
            product = hadamard(product, vector)
        return self._diagonals(v, self.loops[v]) * product

    def _total(self, v: int) -> TracePolynomial:
        """Sum over a vertex without edges."""
        if not self.vectors[v]:
            loops = self.loops[v] or [unit(self.sizes[v])]
            return tr(self._diagonals(v, loops[:-1]) * loops[-1])
        *others, last = sorted(self.vectors[v], key=str)
        self.vectors[v] = others
        return tr(last.T * self._vector(v))

    def _open_matrix(self) -> MatrixPolynomial:
        row, col = self.ends
        if row == col:
            return self._weight(row)
        if not self.edges:
            return self._vector(row) * self._vector(col).T
        (edge,) = self.edges
        return self._weight(row) * edge.seen_from(row)[0] * self._weight(col)
