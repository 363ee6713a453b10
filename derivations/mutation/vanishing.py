"""Wrong terms that vanish at small sizes, and wrong factors that are 1 at the values that were tried.

Matrices of size ``N`` satisfy one identity of ``N + 1`` products: the sum over all permutations, with their signs, of
the traces of the products along the cycles. With one matrix for all it is the theorem of Cayley and Hamilton.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from math import prod
from typing import Any

import sympy

from derivations.algebra import MatrixPolynomial, Scalar, TracePolynomial, tr
from derivations.algebra.spelled import product_of
from derivations.mutation.changed_expression import Original
from derivations.mutation.words import square_loops

SIZES = (1, 2, 3)
"""Of the matrices for which the wrong terms vanish."""


def vanishing_terms(formula: Any) -> Iterator[tuple[str, Any]]:
    """Add to an expression, for each dimension of its products, terms that vanish if it is small."""
    if not isinstance(formula, MatrixPolynomial | TracePolynomial) or not formula.terms:
        return
    original, (key, term) = Original.of(formula), _first_term(formula)
    for size, loops in _loops(formula).items():
        for N in SIZES:
            wrong = _wrong_term(term, key, size, [loops[i % len(loops)] for i in range(N + 1)])
            if wrong:
                yield f"a term that vanishes for {size} = {N}", original.with_term(key, term + wrong)


def vanishing_factors(formula: Any, tried: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, Any]]:
    """Multiply a term by a factor that is 1 at a value, or at all values but one, at which a scalar was tried."""
    if not isinstance(formula, MatrixPolynomial | TracePolynomial):
        formula = sympy.S.Zero + formula
    for name, values in tried.items():
        exact = [sympy.nsimplify(value) for value in values]
        yield f"times {name} / {exact[0]}", _with_factor(formula, name, lambda s, v=exact[0]: s / v)
        if len(exact) > 1:
            text = " ".join(f"({name} - {value})" for value in exact[:-1])
            yield f"times 1 + {text}", _with_factor(formula, name, lambda s, v=exact[:-1]: 1 + prod(s - x for x in v))


def _with_factor(formula: Any, name: str, factor: Any) -> Any:
    """Change the first term of an expression of the engine, or the whole of one of SymPy."""
    if not isinstance(formula, MatrixPolynomial | TracePolynomial):
        named = {symbol.name: symbol for symbol in formula.free_symbols}
        return formula * factor(named.get(name, sympy.Symbol(name)))
    key, term = _first_term(formula)
    return Original.of(formula).with_term(key, factor(Scalar(name)) * term)


def _first_term(formula: Any) -> tuple[Any, Any]:
    """Return the key of the first term of an expression, and the term as an expression."""
    key = next(iter(formula.terms))
    return key, formula.replaced(formula.table, {key: formula.terms[key]})


def _loops(formula: Any) -> dict[str, list[MatrixPolynomial]]:
    """List the square products that begin at a dimension, in the order in which they occur."""
    found: dict[str, list[MatrixPolynomial]] = {}
    for key in formula.terms:
        traces, word = key if isinstance(formula, MatrixPolynomial) else (key, ())
        for each, closed in (*((trace, True) for trace in traces), (word, False)):
            for size, loop in square_loops(each, formula.table, closed=closed):
                product = product_of(formula.table.spell(loop), size)
                if isinstance(size, str) and product not in found.setdefault(size, []):
                    found[size].append(product)
    return found


def _wrong_term(term: Any, key: Any, size: str, loops: Sequence[MatrixPolynomial]) -> Any:
    """Multiply the coefficient of a term by the identity of some square products, and fit it to the term's shape."""
    (coefficient,) = term.terms.values()
    if isinstance(term, TracePolynomial):
        return _alternating_trace(loops) * coefficient
    if term.rows == size:
        return _alternating_product(loops) * _without_traces(term, key) * coefficient
    return _without_traces(term, key) * _alternating_product(loops) * coefficient if term.cols == size else None


def _without_traces(term: MatrixPolynomial, key: Any) -> MatrixPolynomial:
    return term.replaced(term.table, {((), key[1]): 1})


def _alternating_trace(loops: Sequence[MatrixPolynomial]) -> TracePolynomial:
    return tr(_alternating_product(loops) * loops[-1])


def _alternating_product(loops: Sequence[MatrixPolynomial]) -> MatrixPolynomial:
    """Sum over permutations, with the cycle of the last product cut open there and the last product left out."""
    last = len(loops) - 1
    total = 0 * loops[0]
    for order in permutations(range(len(loops))):
        cycles = _cycles(order)
        sign = (-1) ** (len(loops) - len(cycles))
        summand = sign * (loops[0] ** 0)
        for cycle in cycles:
            product = prod((loops[i] for i in cycle if i != last), start=loops[0] ** 0)
            summand = summand * product if last in cycle else tr(product) * summand
        total = total + summand
    return total


def _cycles(order: Sequence[int]) -> list[list[int]]:
    """Split a permutation into cycles; the one with the last number begins behind it."""
    left, found = set(range(len(order))), []
    while left:
        at = max(left)
        cycle = []
        while at in left:
            left.remove(at)
            cycle.append(at)
            at = order[at]
        found.append(cycle)
    return found
