"""Insert values into an expression: exact for rational entries, by a compiled plan for arrays."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy
from array_api_compat import is_array_api_obj

from derivations.algebra.coefficients import Coefficient, RationalFunction, exact_number
from derivations.algebra.expression import Expression
from derivations.algebra.matrix_polynomial import MatrixPolynomial
from derivations.algebra.symbols import Spelled, Symbol
from derivations.algebra.values import by_name, check_exact_properties, dimensions
from derivations.errors import DerivationError, MissingValueError

Rows = tuple[tuple[Any, ...], ...]


def evaluate(expression: Expression[Any], values: Mapping[Any, Any]) -> Any:
    """Insert values for all symbols and scalars."""
    named = by_name(expression, values)
    if any(_is_floating(value) for value in named.values()):
        return expression.compile()(values)
    matrices = {name: exact_rows(name, value) for name, value in named.items() if not _is_number(value)}
    scalars = {name: exact_number(value) for name, value in named.items() if _is_number(value)}
    scalars = dimensions(expression, {name: shape_of(rows) for name, rows in matrices.items()}, scalars)
    check_exact_properties(expression, matrices)
    if isinstance(expression, MatrixPolynomial):
        return _matrix(expression, matrices, scalars)
    return _Exact(matrices, scalars).terms(expression, lambda key: (key, ()))[()]


def _is_floating(value: Any) -> bool:
    """Tell arrays that need floating point from lists, and from arrays of integers or of exact objects."""
    if not is_array_api_obj(value) or getattr(value.dtype, "kind", "f") in "iuO":
        return False
    return bool(value.ndim)


def _is_number(value: Any) -> bool:
    return not isinstance(value, Sequence | sympy.MatrixBase) and getattr(value, "ndim", 0) == 0


def exact_rows(name: str, value: Any) -> Rows:
    """Read a matrix of rationals."""
    nested = value.tolist() if hasattr(value, "tolist") else value
    try:
        rows = tuple(tuple(exact_number(entry) for entry in row) for row in nested)
    except (TypeError, DerivationError):
        raise MissingValueError(f"the value of {name} must be rows of exact numbers, or an array") from None
    if not rows or len({len(row) for row in rows}) != 1 or any(entry is None for row in rows for entry in row):
        raise MissingValueError(f"the value of {name} must be rows of exact numbers of equal length, or an array")
    return rows


def shape_of(rows: Rows) -> tuple[int, int]:
    """Return the shape of a matrix of rows."""
    return len(rows), len(rows[0])


class _Exact:
    """Exact values of letters and words.

    Parameters
    ----------
    matrices : mapping from str
        Rows of each plain symbol.
    scalars : mapping from str
        Values of scalars.
    """

    def __init__(self, matrices: Mapping[str, Rows], scalars: Mapping[str, Any]) -> None:
        self.matrices = matrices
        self.scalars = scalars
        self.words: dict[Spelled, Rows] = {}

    def size(self, size: int | str) -> int:
        return int(self.scalars[size]) if isinstance(size, str) else size

    def symbol(self, symbol: Symbol) -> Rows:
        rows, cols = self.size(symbol.rows), self.size(symbol.cols)
        if symbol.kind == "plain":
            return self.matrices[symbol.name]
        if symbol.kind == "ones":
            return ((1,),) * rows
        if symbol.kind == "inverse":
            base = sympy.Matrix(self.matrices[symbol.parts[0][0][0].name])
            return exact_rows(symbol.name, base.inv())
        first = self.word(symbol.parts[0], rows)
        if symbol.kind == "diagonal":
            return tuple(tuple(first[i][0] if i == j else 0 for j in range(cols)) for i in range(rows))
        for part in symbol.parts[1:]:
            pairs = zip(first, self.word(part, rows), strict=True)
            first = tuple(tuple(a * b for a, b in zip(*pair, strict=True)) for pair in pairs)
        return first

    def word(self, word: Spelled, size: int) -> Rows:
        if not word:
            return tuple(tuple(int(i == j) for j in range(size)) for i in range(size))
        if word not in self.words:
            symbol, transposed = word[-1]
            last = self.symbol(symbol)
            last = tuple(zip(*last, strict=True)) if transposed else last
            self.words[word] = multiply(self.word(word[:-1], size), last) if len(word) > 1 else last
        return self.words[word]

    def coefficient(self, value: Coefficient) -> Any:
        return value.evaluate(self.scalars) if isinstance(value, RationalFunction) else value

    def terms(self, expression: Expression[Any], split: Callable[[Any], Any]) -> dict[Any, Fraction]:
        """Sum the values of coefficients and traces for each open word."""
        totals: dict[Any, Fraction] = {(): Fraction(0)}
        for key, value in expression.terms.items():
            monomial, word = split(key)
            term = Fraction(self.coefficient(value))
            for trace in monomial:
                rows = self.word(expression.table.spell(trace), 0)
                term *= sum(rows[i][i] for i in range(len(rows)))
            totals[word] = totals.get(word, Fraction(0)) + term
        return totals


def multiply(left: Rows, right: Rows) -> Rows:
    """Multiply two matrices of rows."""
    columns = tuple(zip(*right, strict=True))
    return tuple(tuple(sum(a * b for a, b in zip(row, col, strict=True)) for col in columns) for row in left)


def _matrix(expression: MatrixPolynomial, matrices: Mapping[str, Rows], scalars: Mapping[str, Any]) -> Rows:
    exact = _Exact(matrices, scalars)
    rows, cols = exact.size(expression.rows), exact.size(expression.cols)
    total = [[Fraction(0)] * cols for _ in range(rows)]
    for word, factor in exact.terms(expression, lambda key: key).items():
        if factor:
            for i, row in enumerate(exact.word(expression.table.spell(word), rows)):
                for j, entry in enumerate(row):
                    total[i][j] += factor * entry
    return tuple(tuple(row) for row in total)
