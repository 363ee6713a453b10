"""Averages over a random batch, drawn without replacement: traces in which the diagonal matrix of indicators stands.

``tr(B A_1 B A_2 ...)`` is a sum over tuples of samples. Tuples are sorted by which of their samples agree, each class
has the chance that so many distinct samples are all drawn, and Möbius inversion turns sums over distinct samples into
unrestricted sums. An unrestricted sum with some samples identified is a graph, which is contracted.
"""

from collections.abc import Iterator
from math import factorial, prod

import sympy

from derivations.algebra import Matrix, MatrixPolynomial, Scalar, TracePolynomial
from derivations.algebra.spelled import product_of
from derivations.algebra.symbols import Spelled
from derivations.errors import DerivationError
from derivations.expectation.index_graph import Edge, contract

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


def identified_sum(factors: list[MatrixPolynomial], blocks: Partition) -> TracePolynomial:
    """Sum ``prod_i (A_i)_(s_i, s_i+1)`` over all samples, with one sample for each block of positions."""
    vertex = {position: v for v, block in enumerate(blocks) for position in block}
    count = len(factors)
    edges = [Edge(vertex[i], vertex[(i + 1) % count], factor) for i, factor in enumerate(factors)]
    return contract(dict.fromkeys(range(len(blocks)), factors[0].rows), edges)[0]
