"""Words spelled with symbols, turned back into matrix polynomials."""

from derivations.algebra.construct import matrix_of
from derivations.algebra.matrix_polynomial import MatrixPolynomial
from derivations.algebra.symbols import Dimension, Spelled, Symbol, table_of


def unit(size: Dimension) -> MatrixPolynomial:
    """Return the identity of a dimension that is already checked."""
    return MatrixPolynomial(table_of(), {((), ()): 1}, size, size)


def product_of(spelled: Spelled, size: Dimension) -> MatrixPolynomial:
    """Multiply out a spelled word."""
    result = unit(spelled_shape(spelled, size)[0])
    for symbol, transposed in spelled:
        factor = matrix_of(symbol)
        result = result * (factor.T if transposed else factor)
    return result


def spelled_shape(spelled: Spelled, size: Dimension) -> tuple[Dimension, Dimension]:
    """Return the shape of a spelled word; the empty one is a square of the given size."""
    if not spelled:
        return size, size
    (first, first_transposed), (last, last_transposed) = spelled[0], spelled[-1]
    return (first.cols if first_transposed else first.rows), (last.rows if last_transposed else last.cols)


def depends_on(symbol: Symbol, variable: Symbol) -> bool:
    """Tell whether a symbol is the variable or a composite that contains it."""
    if symbol == variable:
        return True
    return any(depends_on(part, variable) for word in symbol.parts for part, _ in word)
