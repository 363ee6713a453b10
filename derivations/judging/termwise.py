"""Exact values of long polynomials at one instance, with every trace and every product remembered.

A mean or a variance has hundreds of terms, and each of its mutants changes one.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Final, overload

import sympy
from sympy.polys.rings import PolyElement

from derivations.algebra import MatrixPolynomial, TracePolynomial
from derivations.algebra.coefficients import Coefficient, RationalFunction
from derivations.algebra.reduction import Monomial
from derivations.algebra.symbols import SymbolTable
from derivations.algebra.words import Word
from derivations.judging.instances import evaluate_exactly

FEW: Final = 4
"""A polynomial that differs from another one in no more terms is evaluated by the difference."""
KEPT: Final = 16
"""Polynomials that are kept for this."""


class TermwiseValue:
    """Evaluates polynomials of the engine at an instance.

    Parameters
    ----------
    values : mapping from str
        SymPy matrices, and exact numbers for scalars and dimensions.

    Examples
    --------
    >>> from derivations.algebra import Matrix, Scalar, tr
    >>> A, n = Matrix("A", "d", symmetric=True), Scalar("n")
    >>> at = TermwiseValue({"A": sympy.Matrix([[1, 2], [2, 0]]), "n": 7})
    >>> at(tr(A * A) / n), at.with_scalars(n=3)(tr(A * A) / n)
    (9/7, 3)
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)
        scalars = {name: sympy.Rational(v) for name, v in values.items() if not isinstance(v, sympy.MatrixBase)}
        self._numbers = {name: Fraction(int(value.p), int(value.q)) for name, value in scalars.items()}
        self._traces: dict[tuple[SymbolTable, Monomial], Fraction] = {}
        self._products: dict[tuple[SymbolTable, Monomial, Word], sympy.Matrix] = {}
        self._coefficients: dict[tuple[PolyElement, PolyElement], Fraction] = {}
        self._sums: dict[SymbolTable, list[tuple[Mapping[Monomial, Coefficient], Fraction]]] = {}

    def with_scalars(self, **scalars: Any) -> "TermwiseValue":
        """Return the same matrices with other scalars, which none of the matrices is made of; traces stay known."""
        other = TermwiseValue({**self.values, **scalars})
        other._traces, other._products = self._traces, self._products
        return other

    @overload
    def __call__(self, expression: TracePolynomial) -> sympy.Rational: ...

    @overload
    def __call__(self, expression: MatrixPolynomial) -> sympy.Matrix: ...

    def __call__(self, expression: TracePolynomial | MatrixPolynomial) -> Any:
        """Insert the values."""
        if isinstance(expression, MatrixPolynomial):
            return self._matrix(expression)
        return _rational(self._scalar(expression))

    def _scalar(self, expression: TracePolynomial) -> Fraction:
        """Sum the terms, or only those that differ from a polynomial seen before: a mutant differs in one or two."""
        table, terms = expression.table, expression.terms
        known = self._sums.setdefault(table, [])
        for before, value in known:
            added = [key for key, each in terms.items() if before.get(key) is not each]
            dropped = [key for key in before if terms.get(key) is not before[key]]
            if len(added) + len(dropped) <= FEW:
                return value + self._sum(table, terms, added) - self._sum(table, before, dropped)
        total = self._sum(table, terms, terms)
        if len(known) < KEPT:
            known.append((terms, total))
        return total

    def _sum(self, table: SymbolTable, terms: Mapping[Monomial, Coefficient], keys: Iterable[Monomial]) -> Fraction:
        return sum((self._coefficient(terms[key]) * self._trace(table, key) for key in keys), Fraction(0))

    def _matrix(self, expression: MatrixPolynomial) -> sympy.Matrix:
        rows, cols = (int(self._numbers[size]) if isinstance(size, str) else size for size in expression.shape)
        total = sympy.zeros(rows, cols)
        for (monomial, word), value in expression.terms.items():
            total += _rational(self._coefficient(value)) * self._product(expression, monomial, word)
        return total

    def _product(self, expression: MatrixPolynomial, monomial: Monomial, word: Word) -> sympy.Matrix:
        key = (expression.table, monomial, word)
        if key not in self._products:
            single = MatrixPolynomial(expression.table, {(monomial, word): 1}, *expression.shape)
            self._products[key] = evaluate_exactly(single, self.values)
        return self._products[key]

    def _coefficient(self, value: Coefficient) -> Fraction:
        if not isinstance(value, RationalFunction):
            return Fraction(value)
        key = (value.numerator, value.denominator)  # their hashes are remembered, that of a quotient is not
        if key not in self._coefficients:
            self._coefficients[key] = Fraction(value.evaluate(self._numbers))
        return self._coefficients[key]

    def _trace(self, table: SymbolTable, monomial: Monomial) -> Fraction:
        key = (table, monomial)
        if key not in self._traces:
            value = evaluate_exactly(TracePolynomial(table, {monomial: 1}), self.values)
            self._traces[key] = Fraction(int(value.p), int(value.q))
        return self._traces[key]


def _rational(value: Fraction) -> sympy.Rational:
    return sympy.Rational(value.numerator, value.denominator)
