"""Convert results to SymPy: scalars to expressions in symbols, matrices to matrix expressions."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sympy

from derivations.algebra.coefficients import Coefficient, RationalFunction
from derivations.algebra.printing import UNICODE, print_monomial
from derivations.algebra.symbols import Dimension, Spelled, Symbol
from derivations.algebra.trace_polynomial import TracePolynomial
from derivations.errors import SymbolError

if TYPE_CHECKING:
    from derivations.algebra.matrix_polynomial import MatrixPolynomial


def as_sympy(expression: TracePolynomial, replacements: Mapping[TracePolynomial, Any]) -> sympy.Expr:
    """Convert a trace polynomial to SymPy.

    Examples
    --------
    >>> from derivations.algebra import Matrix, Scalar, tr
    >>> A, n = Matrix("A", "d", "d"), Scalar("n")
    >>> (tr(A) ** 2 / n).as_sympy({tr(A): sympy.Symbol("m")})
    m**2/n
    """
    given = {}
    for trace, value in replacements.items():
        if len(trace.terms) != 1 or list(trace.terms.values()) != [1] or len(next(iter(trace.terms))) != 1:
            raise SymbolError(f"only a single trace can be replaced, got {trace}")
        given[str(trace)] = value
    total = sympy.Integer(0)
    for monomial, value in expression.terms.items():
        term = _coefficient(value)
        for word in monomial:
            name = print_monomial((word,), expression.table, UNICODE)
            term = term * given.get(name, sympy.Symbol(name))
        total = total + term
    return total


def matrix_as_sympy(matrix: "MatrixPolynomial") -> sympy.MatrixExpr:
    """Convert a matrix polynomial to a matrix expression of SymPy."""
    terms = []
    for (monomial, word), value in matrix.terms.items():
        traces = (sympy.Trace(_spelled(matrix.table.spell(each), 1)) for each in monomial)
        terms.append(sympy.Mul(_coefficient(value), *traces) * _spelled(matrix.table.spell(word), matrix.rows))
    return sympy.MatAdd(*terms) if terms else sympy.ZeroMatrix(_size(matrix.rows), _size(matrix.cols))


def _coefficient(value: Coefficient) -> sympy.Expr:
    if isinstance(value, RationalFunction):
        return value.as_sympy()
    return sympy.Rational(value.numerator, value.denominator)


def _spelled(word: Spelled, size: Dimension) -> sympy.MatrixExpr:
    factors = [_symbol(symbol).T if transposed else _symbol(symbol) for symbol, transposed in word]
    return sympy.MatMul(*factors) if factors else sympy.Identity(_size(size))


def _symbol(symbol: Symbol) -> sympy.MatrixExpr:
    rows, cols = _size(symbol.rows), _size(symbol.cols)
    if symbol.kind == "inverse":
        return sympy.Inverse(_symbol(symbol.parts[0][0][0]))
    if symbol.kind == "ones":
        return sympy.OneMatrix(rows, cols)
    if symbol.kind == "hadamard":
        return sympy.HadamardProduct(*(_spelled(part, symbol.rows) for part in symbol.parts))
    if symbol.kind == "diagonal":
        return sympy.DiagMatrix(_spelled(symbol.parts[0], symbol.rows))
    return sympy.MatrixSymbol(symbol.name, rows, cols)


def _size(size: Dimension) -> sympy.Expr:
    return sympy.Symbol(size, integer=True, positive=True) if isinstance(size, str) else sympy.Integer(size)
