"""Expectations that no recursion on words can take: Haar matrices, inverse Wishart matrices, entry by entry products.

The indices of the expression form a graph; the law of the random matrix joins the indices of its occurrences, in every
way that has a weight:

- Gaussian: pairs of occurrences; row indices of a pair are joined through ``U``, column indices through ``V``.
- Haar: row indices are paired, column indices are paired, and the weight is the Weingarten function of both.
- Inverse Wishart: the ``2 q`` indices of ``q`` occurrences are paired through ``S^-1``. With ``z = n - d - 1`` and any
  product ``F`` of entries of ``V = W^-1``, integration by parts over the density of ``W`` gives
  ``z E[V_ab F] - sum over V_cd in F of E[(V_ca V_bd + V_cb V_ad) F / V_cd] = (S^-1)_ab E[F]``. This is the relation
  ``N Wg(p, r) + sum Wg(p', r) = Wg(p, r without the pair)`` of the Weingarten function at ``N = -z``, up to a sign for
  each occurrence.
- Signs: blocks of an even number of occurrences whose indices are all joined; the weight is the joint cumulant.
"""

from collections.abc import Iterator
from functools import cache
from math import comb, prod

import sympy

from derivations.algebra import MatrixPolynomial, TracePolynomial
from derivations.algebra.coefficients import Coefficient
from derivations.algebra.reduction import Monomial, dimension_coefficient
from derivations.algebra.spelled import depends_on, product_of
from derivations.algebra.symbols import Dimension, Spelled
from derivations.algebra.trace_polynomial import constant
from derivations.errors import TermLimitError
from derivations.expectation.averages import evaluate_polynomial
from derivations.expectation.counting import pairing_count
from derivations.expectation.errors import ExpectationError
from derivations.expectation.index_graph import Edge, IndexGraph, Join, Value
from derivations.expectation.laws import Covariance, GaussianMatrix, Haar, InverseWishart, RandomMatrix, Signs, Wishart
from derivations.expectation.pairings import SIZE, Pairing, Type, interlacing, pairings, weingarten

Tied = tuple[TracePolynomial, list[Join], list[Edge]]
"""A weight, the indices that are joined, and the edges between others."""


def needs_graph(expression: TracePolynomial | MatrixPolynomial, law: RandomMatrix) -> bool:
    """Tell whether a random matrix stands inside elementwise products or diagonals, or is known by pairings only."""
    inside = any(symbol != law.symbol and depends_on(symbol, law.symbol) for symbol in expression.symbols())
    return inside or (isinstance(law, Haar | InverseWishart) and law.symbol in expression.symbols())


def average_by_graph(expression: Value, law: RandomMatrix, limit: int) -> Value:
    """Take the expectation over one random matrix."""
    if isinstance(law, Wishart):
        G = law.factor()
        return average_by_graph(expression.subs({law: G.T * G}), G, limit)
    if isinstance(law, GaussianMatrix) and law.mean is not None:
        expression = expression.subs({law: law + law.mean})
    total = expression * 0
    for key, value in expression.terms.items():
        if isinstance(expression, MatrixPolynomial):
            monomial, word = key
            opened = (expression.table.spell(word), expression.rows, expression.cols)
        else:
            monomial, opened = key, None
        total = total + _average_term(monomial, opened, expression, law, limit) * constant(value)
    return total


def _average_term(
    monomial: Monomial,
    opened: tuple[Spelled, Dimension, Dimension] | None,
    expression: Value,
    law: RandomMatrix,
    limit: int,
) -> Value:
    """Average one product of traces and, if it is a matrix, its open word."""
    graph, factor = IndexGraph(law.symbol), constant(1)
    for word in monomial:
        spelled = expression.table.spell(word)
        if any(depends_on(symbol, law.symbol) for symbol, _ in spelled):
            graph.add_trace(spelled)
        else:
            factor = factor * TracePolynomial(expression.table, {(word,): 1})
    matrix = None
    if opened is not None:
        spelled, rows, cols = opened
        if any(depends_on(symbol, law.symbol) for symbol, _ in spelled):
            graph.open(spelled, rows, cols)
        else:
            matrix = product_of(spelled, rows)
    total = expression * 0
    for weight, joins, edges in _tied(law, graph.occurrences, limit):
        scalar, found = graph.contracted(joins, edges)
        product = scalar * weight * factor
        total = total + (product if opened is None else product * (matrix if found is None else found))
    return total


def _tied(law: RandomMatrix, occurrences: list[Join], limit: int) -> Iterator[Tied]:
    """List the ways in which a law ties the indices of the occurrences of its matrix."""
    count = len(occurrences)
    if isinstance(law, InverseWishart):
        return _inverse_wishart(law, occurrences, limit)
    if count % 2:
        return iter(())
    if isinstance(law, Haar):
        _refuse_more(pairing_count(count) ** 2, limit)
        return _haar(law, occurrences)
    _refuse_more(pairing_count(count), limit)
    if isinstance(law, Signs):
        return _signs(law, occurrences)
    assert isinstance(law, GaussianMatrix)  # a Wishart matrix became a product of Gaussian ones
    return _gaussian(law, occurrences)


def _refuse_more(count: int, limit: int) -> None:
    if count > limit:
        raise TermLimitError(f"the expectation must have at most {limit} terms (max_terms), got {count} pairings")


def _gaussian(law: GaussianMatrix, occurrences: list[Join]) -> Iterator[Tied]:
    U, V = law.row_covariance, law.column_covariance
    weight = constant((U.factor * V.factor) ** (len(occurrences) // 2))
    for pairing in pairings(tuple(range(len(occurrences)))):
        joins: list[Join] = []
        edges: list[Edge] = []
        for i, j in pairing:
            for side, covariance in enumerate((U, V)):
                _tie((occurrences[i][side], occurrences[j][side]), covariance, joins, edges)
        yield weight, joins, edges


def _tie(pair: Join, covariance: Covariance, joins: list[Join], edges: list[Edge]) -> None:
    if covariance.word:
        edges.append(Edge(*pair, product_of(covariance.table.spell(covariance.word), 1)))
    else:
        joins.append(pair)


def _haar(law: Haar, occurrences: list[Join]) -> Iterator[Tied]:
    every = list(pairings(tuple(range(len(occurrences)))))
    weights = _weights(len(occurrences) // 2, dimension_coefficient(law.symbol.rows), law)
    for p in every:
        for r in every:
            sides = ((p, 0), (r, 1))
            joins = [(occurrences[i][side], occurrences[j][side]) for pairing, side in sides for i, j in pairing]
            yield weights[interlacing(p, r)], joins, []


def _inverse_wishart(law: InverseWishart, occurrences: list[Join], limit: int) -> Iterator[Tied]:
    count = len(occurrences)
    _refuse_more(pairing_count(2 * count), limit)
    ends = [end for occurrence in occurrences for end in occurrence]
    own: Pairing = tuple((2 * i, 2 * i + 1) for i in range(count))
    z = law.dof - dimension_coefficient(law.symbol.rows) - 1
    weights = _weights(count, -z, law)
    scale = constant((-law.precision.factor) ** count)
    for pairing in pairings(tuple(range(2 * count))):
        joins: list[Join] = []
        edges: list[Edge] = []
        for i, j in pairing:
            _tie((ends[i], ends[j]), law.precision, joins, edges)
        yield weights[interlacing(own, pairing)] * scale, joins, edges


def _weights(pairs: int, size: Coefficient, law: RandomMatrix) -> dict[Type, TracePolynomial]:
    """Insert a dimension into the Weingarten function."""
    found = {}
    for type_, value in weingarten(pairs).items():
        over, under = (constant(_insert(part, size)) for part in sympy.fraction(sympy.together(value)))
        if not under:
            raise ExpectationError(f"the expectation must exist, got a pole for {pairs} pairs of {law.symbol.name}")
        found[type_] = over / under
    return found


def _insert(part: sympy.Expr, size: Coefficient) -> Coefficient:
    coefficients = [int(each) for each in reversed(sympy.Poly(part, SIZE).all_coeffs())]
    return evaluate_polynomial(coefficients, size)


def _signs(law: Signs, occurrences: list[Join]) -> Iterator[Tied]:
    for blocks in _even_blocks(tuple(range(len(occurrences)))):
        joins = [] if law.vector else list(occurrences)
        for block in blocks:
            joins += [(occurrences[block[0]][0], occurrences[i][0]) for i in block[1:]]
        yield constant(prod(_cumulant_of_sign(len(block)) for block in blocks)), joins, []


def _even_blocks(places: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], ...]]:
    """List the partitions of some places into blocks of even size."""
    if not places:
        yield ()
        return
    first, rest = places[0], places[1:]
    for mask in range(1 << len(rest)):
        block = (first, *(place for i, place in enumerate(rest) if mask >> i & 1))
        if len(block) % 2 == 0:
            for others in _even_blocks(tuple(place for place in rest if place not in block)):
                yield (block, *others)


@cache
def _cumulant_of_sign(order: int) -> int:
    """Return a cumulant of a uniform sign, whose even moments are 1."""
    lower = (comb(order - 1, j - 1) * _cumulant_of_sign(j) for j in range(2, order, 2))
    return 1 - sum(lower)
