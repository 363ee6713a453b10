"""Matrix-valued expectations: a matrix ``M`` is known from ``tr(M Z)`` with a free matrix ``Z``."""

from derivations.algebra import MatrixPolynomial, TracePolynomial
from derivations.algebra.expression import add_term, add_terms, rename_word
from derivations.algebra.matrix_polynomial import MatrixTerms
from derivations.algebra.reduction import reduce_trace, reduce_word
from derivations.algebra.symbols import Dimension, Symbol, merge_tables, renaming, table_of
from derivations.algebra.words import transpose_word
from derivations.expectation.averages import Terms
from derivations.expectation.segments import split_cycle

FREE_NAME = ""  # no user can give a symbol this name


def close_words(matrix: MatrixPolynomial) -> TracePolynomial:
    """Return ``tr(M Z)`` with a new matrix symbol ``Z``."""
    Z = Symbol(FREE_NAME, matrix.cols, matrix.rows)
    table = merge_tables(matrix.table, table_of(Z))[0]
    terms: Terms = {}
    for (monomial, word), value in matrix.over(table).items():
        factor, pieces = reduce_trace((*word, table.letter(Z)), matrix.rows, table)
        add_term(terms, tuple(sorted(monomial + pieces)), value * factor)
    return TracePolynomial(table, terms)


def open_words(closed: TracePolynomial, rows: Dimension, cols: Dimension) -> MatrixPolynomial:
    """Return ``M`` (rows x cols) from ``tr(M Z)``, linear in the symbol that `close_words` put in."""
    Z = Symbol(FREE_NAME, cols, rows)
    target = table_of(*(symbol for symbol in closed.table.symbols if symbol != Z))
    letters = renaming(closed.table, target)
    marks = {closed.table.letter(Z), closed.table.letter(Z, transposed=True)} if closed.terms else set()
    terms: MatrixTerms = {}
    for monomial, value in closed.terms.items():
        (cycle,) = (word for word in monomial if not marks.isdisjoint(word))
        ((mark, word),) = split_cycle(cycle, marks)
        if mark % 2:
            word = transpose_word(word, closed.table.involution)
        factor, pieces, word = reduce_word(rename_word(word, letters), target)
        traces = [rename_word(other, letters) for other in monomial if other is not cycle]
        add_terms(terms, {(tuple(sorted((*traces, *pieces))), word): value}, factor)
    return MatrixPolynomial(target, terms, rows, cols)
