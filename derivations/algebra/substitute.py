"""Replace matrix symbols by matrix polynomials, scalars by scalars, and dimensions by numbers, all at once."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from typing import Any

from derivations.algebra.coefficients import Coefficient, RationalFunction
from derivations.algebra.construct import Matrix, Scalar, inverse_symbol, matrix_of
from derivations.algebra.elementwise import diagonal, hadamard
from derivations.algebra.expression import add_up, require_number
from derivations.algebra.matrix_polynomial import MatrixPolynomial, describe, tr
from derivations.algebra.spelled import unit
from derivations.algebra.symbols import Dimension, Spelled, Symbol, table_of
from derivations.algebra.trace_polynomial import TracePolynomial, as_scalar, constant
from derivations.algebra.words import Word
from derivations.errors import ShapeError, SymbolError


class Replacement:
    """Sorted and checked replacements, with the new value of each symbol remembered.

    Parameters
    ----------
    replacements : mapping
        ``{Matrix: MatrixPolynomial, Scalar: scalar}``.

    Raises
    ------
    SymbolError
        If something other than a symbol is to be replaced.
    """

    def __init__(self, replacements: Mapping[Any, Any]) -> None:
        self.matrices: dict[Symbol, MatrixPolynomial] = {}
        self.scalars: dict[str, TracePolynomial] = {}
        for old, new in replacements.items():
            if isinstance(old, Matrix):
                if not isinstance(new, MatrixPolynomial):
                    raise ShapeError(f"{describe(old)} must be replaced by a matrix, got {type(new).__name__}")
                self.matrices[old.symbol] = new
            elif isinstance(old, Scalar):
                scalar = as_scalar(new)
                self.scalars[old.name] = constant(require_number(new, old.name)) if scalar is None else scalar
            else:
                raise SymbolError(f"only a Matrix or a Scalar can be replaced, got {old}")
        self.values: dict[Symbol, MatrixPolynomial] = {}

    def dimension(self, size: Dimension) -> Dimension:
        """Return the new dimension, which must again be a number or a single scalar."""
        if isinstance(size, int) or size not in self.scalars:
            return size
        new = self.scalars[size]
        if isinstance(new, Scalar):
            return new.name
        number = new.as_coefficient()
        if not isinstance(number, int) or number < 1:
            raise ShapeError(f"the dimension {size} must become a positive integer or a Scalar, got {new}")
        return number

    def coefficient(self, value: Coefficient) -> TracePolynomial:
        """Return the new value of a coefficient."""
        if not isinstance(value, RationalFunction) or not value.names() & self.scalars.keys():
            return constant(value)
        names: dict[str, TracePolynomial] = {name: Scalar(name) for name in value.names()}
        result = value.evaluate({**names, **self.scalars}, number=lambda number: constant(Fraction(number)))
        return result if isinstance(result, TracePolynomial) else constant(result)

    def symbol(self, symbol: Symbol) -> MatrixPolynomial:
        """Return the new value of a symbol."""
        if symbol not in self.values:
            self.values[symbol] = self._symbol(symbol)
        return self.values[symbol]

    def _symbol(self, symbol: Symbol) -> MatrixPolynomial:
        shape = self.dimension(symbol.rows), self.dimension(symbol.cols)
        if symbol.kind == "inverse":
            return self._inverse(symbol.parts[0][0][0])
        if symbol.kind == "hadamard":
            return reduce(hadamard, (self.word(part, shape[0]) for part in symbol.parts))
        if symbol.kind == "diagonal":
            return diagonal(self.word(symbol.parts[0], shape[0]))
        if symbol.kind == "ones" and shape != (symbol.rows, symbol.cols):
            from derivations.algebra.construct import ones

            return ones(shape[0])
        new = self.matrices.get(symbol, matrix_of(replace(symbol, rows=shape[0], cols=shape[1])))
        if new.shape != shape:
            raise ShapeError(f"{symbol.name} ({shape[0]} x {shape[1]}) cannot be replaced by {describe(new)}")
        return new

    def _inverse(self, base: Symbol) -> MatrixPolynomial:
        new = self.symbol(base)
        if new == unit(new.rows):
            return new
        if not isinstance(new, Matrix):
            raise SymbolError(f"the inverse of {base.name} exists only if it is replaced by a symbol, got {new}")
        if not new.symbol.invertible:
            raise SymbolError(f"only an invertible symbol has an inverse, got {new.symbol.name}")
        return matrix_of(inverse_symbol(new.symbol))

    def word(self, word: Spelled, size: Dimension) -> MatrixPolynomial:
        """Return the new value of a product."""
        result: MatrixPolynomial | None = None
        for symbol, transposed in word:
            factor = self.symbol(symbol)
            factor = factor.T if transposed else factor
            result = factor if result is None else result * factor
        return unit(size) if result is None else result


def substitute_scalar(expression: TracePolynomial, replacements: "Mapping[Any, Any] | Replacement") -> TracePolynomial:
    """Replace symbols in a trace polynomial."""
    rule = replacements if isinstance(replacements, Replacement) else Replacement(replacements)
    pieces: list[TracePolynomial] = []
    traces: dict[Word, TracePolynomial] = {}
    for monomial, value in expression.terms.items():
        term = rule.coefficient(value)
        for word in monomial:
            if word not in traces:
                traces[word] = tr(rule.word(expression.table.spell(word), 1))
            term = term * traces[word]
        pieces.append(term)
    return add_up(constant(0), pieces)


def substitute_matrix(
    expression: MatrixPolynomial, replacements: "Mapping[Any, Any] | Replacement"
) -> MatrixPolynomial:
    """Replace symbols in a matrix polynomial."""
    rule = replacements if isinstance(replacements, Replacement) else Replacement(replacements)
    rows, cols = rule.dimension(expression.rows), rule.dimension(expression.cols)
    pieces: list[MatrixPolynomial] = []
    for (monomial, word), value in expression.terms.items():
        factor = substitute_scalar(TracePolynomial(expression.table, {monomial: value}), rule)
        pieces.append(factor * rule.word(expression.table.spell(word), rows))
    return add_up(MatrixPolynomial(table_of(), {}, rows, cols), pieces)
