"""Products of sums of words, and traces of products, where most of the time of a long computation is spent."""

from derivations.algebra.coefficients import Coefficient
from derivations.algebra.expression import add_term
from derivations.algebra.reduction import Monomial, dimension_coefficient, reduce_trace, reduce_word
from derivations.algebra.symbols import Dimension, SymbolTable
from derivations.algebra.words import Word, canonical_bytes

MatrixKey = tuple[Monomial, Word]
MatrixTerms = dict[MatrixKey, Coefficient]


def multiply_terms(left: MatrixTerms, right: MatrixTerms, table: SymbolTable) -> MatrixTerms:
    """Multiply two dictionaries of terms over one table."""
    if table.plain and not any(monomial for monomial, _ in (*left, *right)):
        sums: dict[Word, Coefficient] = {}
        factors = [(word, b) for (_, word), b in right.items()]
        for (_, word), a in left.items():
            for other_word, b in factors:
                sums[word + other_word] = sums.get(word + other_word, 0) + a * b
        return {((), word): value for word, value in sums.items() if value != 0}
    terms: MatrixTerms = {}
    for (monomial, word), a in left.items():
        for (other_monomial, other_word), b in right.items():
            factor, pieces, product = reduce_word(word + other_word, table)
            traces = monomial + other_monomial + pieces
            key = (tuple(sorted(traces)) if len(traces) > 1 else traces, product)
            add_term(terms, key, a * b if factor == 1 else a * b * factor)
    return terms


def trace_of_product(
    left: MatrixTerms, right: MatrixTerms, size: Dimension, table: SymbolTable
) -> dict[Monomial, Coefficient]:
    """Return the trace of a product of two dictionaries of terms, without building the product."""
    if table.plain and table.translation and not any(monomial for monomial, _ in (*left, *right)):
        return _plain_trace_of_product(left, right, size, table.translation)
    terms: dict[Monomial, Coefficient] = {}
    for (monomial, word), a in left.items():
        for (other, other_word), b in right.items():
            factor, pieces = reduce_trace(word + other_word, size, table)
            add_term(terms, tuple(sorted(monomial + other + pieces)), a * b * factor)
    return terms


def _plain_trace_of_product(
    left: MatrixTerms, right: MatrixTerms, size: Dimension, letters: bytes
) -> dict[Monomial, Coefficient]:
    """Do the same for long sums of plain words, where most of the time of a series is spent."""
    sums: dict[bytes, Coefficient] = {}
    factors = [(bytes(word), b) for (_, word), b in right.items()]
    for (_, word), a in left.items():
        start = bytes(word)
        for end, b in factors:
            product = start + end
            key = canonical_bytes(product, letters) if product else product
            sums[key] = sums.get(key, 0) + a * b
    constant = sums.pop(b"", 0) * dimension_coefficient(size)
    terms: dict[Monomial, Coefficient] = {(tuple(key),): value for key, value in sums.items() if value != 0}
    add_term(terms, (), constant)
    return terms
