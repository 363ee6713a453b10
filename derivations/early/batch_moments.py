"""Averages over a random batch, drawn without replacement: traces in which the diagonal matrix of indicators stands.

``tr(B A_1 B A_2 ...)`` is a sum over tuples of samples. Tuples are sorted by which of their samples agree, each class
has the chance that so many distinct samples are all drawn, and Möbius inversion turns sums over distinct samples into
unrestricted sums. An unrestricted sum with some samples identified is a graph, contracted by three rules: a loop is a
diagonal, parallel edges are an elementwise product, edges in series are a product.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import factorial, prod

import sympy

from derivations.algebra import Matrix, MatrixPolynomial, Scalar, TracePolynomial, hadamard, identity, tr
from derivations.algebra.spelled import product_of
from derivations.algebra.symbols import Spelled
from derivations.errors import DerivationError

Partition = tuple[tuple[int, ...], ...]


def chance_of_distinct_samples(count: int) -> sympy.Expr:
    """Return the chance that given distinct samples are all in a batch of ``b`` out of ``n``.

    Examples
    --------
    >>> chance_of_distinct_samples(2)
    b*(b - 1)/(n*(n - 1))
    """
    n, b = sympy.symbols("n b", positive=True, integer=True)
    ratio = sympy.gammasimp(sympy.binomial(n - count, b - count) / sympy.binomial(n, b))
    return sympy.factor(ratio).subs({n: sympy.Symbol("n"), b: sympy.Symbol("b")})


def expect_over_batches(expression: TracePolynomial, indicators: Matrix) -> TracePolynomial:
    """Average a trace polynomial over batches."""
    total = TracePolynomial(expression.table, {})
    for monomial, value in expression.terms.items():
        if len(monomial) != 1:
            raise DerivationError(f"averages over batches are of single traces, got a product of {len(monomial)}")
        word = expression.table.spell(monomial[0])
        total = total + _average_of_trace(word, indicators) * TracePolynomial(expression.table, {(): value})
    return total


def _average_of_trace(word: Spelled, indicators: Matrix) -> TracePolynomial:
    places = [i for i, (symbol, _) in enumerate(word) if symbol == indicators.symbol]
    rotated = word[places[0] :] + word[: places[0]]
    starts = [place - places[0] for place in places]
    ends = [*starts[1:], len(rotated)]
    size = indicators.symbol.rows
    factors = [product_of(rotated[i + 1 : j], size) for i, j in zip(starts, ends, strict=True)]
    averages = (_weight(blocks) * identified_sum(factors, blocks) for blocks in partitions(len(factors)))
    return sum(averages, TracePolynomial(indicators.table, {}))


def partitions(size: int) -> Iterator[Partition]:
    """List the partitions of ``0, ..., size - 1`` into blocks."""
    if size == 0:
        yield ()
        return
    for smaller in partitions(size - 1):
        for i, block in enumerate(smaller):
            yield (*smaller[:i], (*block, size - 1), *smaller[i + 1 :])
        yield (*smaller, (size - 1,))


def _weight(blocks: Partition) -> TracePolynomial:
    """Collect, over all ways to split the blocks further, chance times the Möbius function of the partitions."""
    total = Scalar("p1") * 0
    for splits in _products([tuple(partitions(len(block))) for block in blocks]):
        moebius = prod((-1) ** (len(split) - 1) * factorial(len(split) - 1) for split in splits)
        total = total + Scalar(f"p{sum(map(len, splits))}") * moebius
    return total


def _products(choices: list[tuple[Partition, ...]]) -> Iterator[tuple[Partition, ...]]:
    if not choices:
        yield ()
        return
    for first in choices[0]:
        for rest in _products(choices[1:]):
            yield (first, *rest)


@dataclass
class _Edge:
    """A factor ``A`` whose row index is one vertex and whose column index another."""

    row: int
    col: int
    factor: MatrixPolynomial


def identified_sum(factors: list[MatrixPolynomial], blocks: Partition) -> TracePolynomial:
    """Sum ``prod_i (A_i)_(s_i, s_i+1)`` over all samples, with one sample for each block of positions."""
    vertex = {position: v for v, block in enumerate(blocks) for position in block}
    count = len(factors)
    edges = [_Edge(vertex[i], vertex[(i + 1) % count], factor) for i, factor in enumerate(factors)]
    loops: dict[int, list[MatrixPolynomial]] = {v: [] for v in range(len(blocks))}
    while edges:
        _contract(edges, loops)
    (last,) = loops.values()
    total = last[-1]
    for factor in last[:-1]:
        total = _diagonal_part(factor) * total
    return tr(total)


def _contract(edges: list[_Edge], loops: dict[int, list[MatrixPolynomial]]) -> None:
    """Apply one of the three rules, in place."""
    for edge in edges:
        if edge.row == edge.col:
            loops[edge.row].append(edge.factor)
            edges.remove(edge)
            return
    for v in loops:
        touching = [edge for edge in edges if v in (edge.row, edge.col)]
        if len(touching) == 2:
            _join_in_series(v, touching, edges, loops)
            return
    first, second = next(
        (a, b) for i, a in enumerate(edges) for b in edges[i + 1 :] if {a.row, a.col} == {b.row, b.col}
    )
    first.factor = hadamard(first.factor, second.factor if first.row == second.row else second.factor.T)
    edges.remove(second)


def _join_in_series(
    v: int, touching: list[_Edge], edges: list[_Edge], loops: dict[int, list[MatrixPolynomial]]
) -> None:
    into, out = touching
    left, row = (into.factor, into.row) if into.col == v else (into.factor.T, into.col)
    right, col = (out.factor, out.col) if out.row == v else (out.factor.T, out.row)
    for factor in loops.pop(v):
        left = left * _diagonal_part(factor)
    for edge in touching:
        edges.remove(edge)
    edges.append(_Edge(row, col, left * right))


def _diagonal_part(factor: MatrixPolynomial) -> MatrixPolynomial:
    return hadamard(factor, identity(factor.rows))
