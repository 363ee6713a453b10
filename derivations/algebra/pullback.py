"""Gradients through words: which change of a symbol a change of the word answers to."""

from derivations.algebra.construct import matrix_of, ones
from derivations.algebra.matrix_polynomial import MatrixPolynomial
from derivations.algebra.spelled import depends_on, product_of, unit
from derivations.algebra.symbols import Spelled, Symbol, table_of


def pullback(word: Spelled, cotangent: MatrixPolynomial, variable: Symbol) -> MatrixPolynomial:
    """Return ``G`` with ``tr(G^T dX) = tr(C^T d word)`` for every change ``dX`` of the variable."""
    total = MatrixPolynomial(table_of(), {}, variable.rows, variable.cols)
    for i, (symbol, transposed) in enumerate(word):
        if not depends_on(symbol, variable):
            continue
        left = product_of(word[:i], cotangent.rows)
        right = product_of(word[i + 1 :], cotangent.cols)
        inner = left.T * cotangent * right.T
        total = total + _through_symbol(symbol, inner.T if transposed else inner, variable)
    return total


def _through_symbol(symbol: Symbol, cotangent: MatrixPolynomial, variable: Symbol) -> MatrixPolynomial:
    """Go on from the cotangent of one symbol to the variable inside it."""
    if symbol == variable:
        return cotangent
    if symbol.kind == "inverse":  # d(X^-1) = -X^-1 dX X^-1
        inverse = matrix_of(symbol).T
        return -(inverse * cotangent * inverse)
    if symbol.kind == "diagonal":
        vector = cotangent.hadamard(unit(symbol.rows)) * ones(symbol.rows)
        return pullback(symbol.parts[0], vector, variable)
    total = MatrixPolynomial(table_of(), {}, variable.rows, variable.cols)
    for i, part in enumerate(symbol.parts):
        rest = cotangent
        for other in symbol.parts[:i] + symbol.parts[i + 1 :]:
            rest = rest.hadamard(product_of(other, symbol.rows))
        total = total + pullback(part, rest, variable)
    return total
