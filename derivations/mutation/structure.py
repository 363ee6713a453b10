"""Wrong structure: matrices swapped, powers off by one, transposes lost.

Every changed expression is a formula (shapes conform) and differs from the true one in canonical form, where a trace
does not know rotation or transposition, nor a symmetric letter its transpose.
"""

from collections.abc import Iterator
from functools import reduce
from itertools import combinations
from typing import Any, TypeAlias

import sympy

from derivations.algebra import MatrixPolynomial, TracePolynomial, diagonal, hadamard
from derivations.algebra.coefficients import Coefficient
from derivations.algebra.construct import matrix_of
from derivations.algebra.expression import key_letters
from derivations.algebra.printing import UNICODE, print_monomial
from derivations.algebra.reduction import Monomial, reduce_trace, reduce_word
from derivations.algebra.spelled import product_of
from derivations.algebra.substitute import Replacement, substitute_matrix, substitute_scalar
from derivations.algebra.symbols import Symbol, table_of
from derivations.algebra.values import plain_symbols
from derivations.algebra.words import Word
from derivations.errors import SymbolError
from derivations.mutation.changed_expression import Original
from derivations.mutation.powers import changed_powers
from derivations.mutation.symbolic import symbolic_changes
from derivations.mutation.words import changed_words

Expression: TypeAlias = MatrixPolynomial | TracePolynomial


def structural_changes(formula: Any) -> Iterator[tuple[str, Any]]:
    """Change the structure of an expression in one place after the other."""
    if not isinstance(formula, MatrixPolynomial | TracePolynomial):
        yield from symbolic_changes(sympy.S.Zero + formula)
        return
    original, terms = Original.of(formula), dict[Any, Coefficient](formula.terms)
    for key, value in terms.items():
        term = formula.replaced(formula.table, {key: value})
        text, seen = str(term), {term}
        for description, wrong in _changed_terms(term, key, value):
            if wrong not in seen:
                seen.add(wrong)
                yield f"{text}: {description}", original.with_term(key, wrong)


def _changed_terms(term: Expression, key: Any, value: Coefficient) -> Iterator[tuple[str, Expression]]:
    traces, word = key if isinstance(term, MatrixPolynomial) else (key, ())
    for at, trace in enumerate(traces):
        others = traces[:at] + traces[at + 1 :]
        name = print_monomial((trace,), term.table, UNICODE)
        yield f"{name} once more", _term(term, (*traces, trace), word, value)
        yield f"{name} once less", _term(term, others, word, value)
        for description, changed in changed_words(trace, term.table, closed=True):
            factor, pieces = reduce_trace(changed, term.table.rows[trace[0]], term.table)
            yield description, _term(term, others + pieces, word, value * factor)
    for description, changed in changed_words(word, term.table, closed=False):
        yield description, _term(term, traces, changed, value)
    yield from _exchanged(term)
    for symbol in sorted({term.table.symbols[i // 2] for i in key_letters(key)}, key=lambda each: each.sort_key):
        for description, composite in _changed_composites(symbol):
            rule = Replacement({})
            rule.values[symbol] = composite
            yield f"{description} in {symbol.name}", _substituted(term, rule)
    for description, wrong in changed_powers(value):
        yield description, _term(term, traces, word, wrong)


def _term(term: Expression, traces: Monomial, word: Word, value: Coefficient) -> Expression:
    """Make a term like another one from words that are not in normal form yet."""
    if isinstance(term, TracePolynomial):
        return TracePolynomial(term.table, {tuple(sorted(traces)): value})
    factor, pieces, reduced = reduce_word(word, term.table)
    return MatrixPolynomial(term.table, {(tuple(sorted(traces + pieces)), reduced): value * factor}, *term.shape)


def _exchanged(term: Expression) -> Iterator[tuple[str, Expression]]:
    """Exchange two matrices of one shape wherever they stand in the term."""
    symbols = sorted(plain_symbols(term.symbols()), key=lambda symbol: symbol.sort_key)
    for first, second in combinations(symbols, 2):
        if (first.rows, first.cols) == (second.rows, second.cols):
            A, B = matrix_of(first), matrix_of(second)
            try:
                yield f"{first.name} and {second.name} exchanged", _substituted(term, Replacement({A: B, B: A}))
            except SymbolError:  # the inverse of a matrix that has none: no formula
                continue


def _substituted(term: Expression, rule: Replacement) -> Expression:
    if isinstance(term, MatrixPolynomial):
        return substitute_matrix(term, rule)
    return substitute_scalar(term, rule)


def _changed_composites(symbol: Symbol) -> Iterator[tuple[str, MatrixPolynomial]]:
    """Change one factor of an elementwise product or the vector of a diagonal matrix, or the factors' number."""
    if symbol.kind not in ("hadamard", "diagonal"):
        return
    factors = [product_of(part, symbol.rows) for part in symbol.parts]
    for at, part in enumerate(symbol.parts):
        others = factors[:at] + factors[at + 1 :]
        table = table_of(*(each for each, _ in part))
        word = tuple(table.letter(each, transposed) for each, transposed in part)
        for description, changed in changed_words(word, table, closed=False):
            yield description, _composite(symbol, [*others, product_of(table.spell(changed), symbol.rows)])
        if symbol.kind == "hadamard":
            yield f"{factors[at]} once more", _composite(symbol, [*factors, factors[at]])
            yield f"{factors[at]} once less", _composite(symbol, others)


def _composite(symbol: Symbol, factors: list[MatrixPolynomial]) -> MatrixPolynomial:
    return diagonal(factors[0]) if symbol.kind == "diagonal" else reduce(hadamard, factors)
