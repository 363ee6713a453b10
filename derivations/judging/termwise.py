"""Exact values of long polynomials at one instance, with every trace and every product remembered.

A mean or a variance has hundreds of terms, and each of its mutants changes one.
"""

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy
from sympy.polys.rings import PolyElement

from derivations.algebra import MatrixPolynomial, TracePolynomial
from derivations.algebra.coefficients import Coefficient, RationalFunction
from derivations.algebra.reduction import Monomial
from derivations.algebra.symbols import SymbolTable
from derivations.algebra.words import Word
from derivations.judging.instances import evaluate_exactly


class TermwiseValue:
    """Evaluates trace polynomials at an instance.

    Parameters
    ----------
    matrices : mapping from str to sympy.Matrix
        Values of the matrix symbols.
    scalars : mapping from str
        Values of the scalars and dimensions: exact numbers.

    Examples
    --------
    >>> from derivations.algebra import Matrix, Scalar, tr
    >>> A, n = Matrix("A", "d", symmetric=True), Scalar("n")
    >>> at = TermwiseValue({"A": sympy.Matrix([[1, 2], [2, 0]])}, {"n": 7})
    >>> at(tr(A * A) / n)
    9/7
    """

    def __init__(self, matrices: Mapping[str, sympy.Matrix], scalars: Mapping[str, Any]) -> None:
        self._matrices = matrices
        self._scalars = {name: sympy.Rational(value) for name, value in scalars.items()}
        self._numbers = {name: Fraction(int(value.p), int(value.q)) for name, value in self._scalars.items()}
        self._traces: dict[tuple[SymbolTable, Monomial], Fraction] = {}
        self._products: dict[tuple[SymbolTable, Monomial, Word], dict[tuple[int, int], Fraction]] = {}
        self._coefficients: dict[tuple[PolyElement, PolyElement], Fraction] = {}

    def __call__(self, expression: TracePolynomial) -> sympy.Expr:
        """Insert the values."""
        terms = (
            self._coefficient(value) * self._trace(expression.table, monomial)
            for monomial, value in expression.terms.items()
        )
        total = sum(terms, Fraction(0))
        return _rational(total)

    def matrix(self, expression: MatrixPolynomial) -> sympy.Matrix:
        """Insert the values into a matrix polynomial."""
        total: dict[tuple[int, int], Fraction] = defaultdict(Fraction)
        for (monomial, word), value in expression.terms.items():
            factor = self._coefficient(value)
            for place, entry in self._product(expression, monomial, word).items():
                total[place] += factor * entry
        rows, cols = (1 + max(place[axis] for place in total) for axis in (0, 1))
        return sympy.Matrix(rows, cols, lambda i, j: _rational(total[i, j]))

    def _product(self, expression: MatrixPolynomial, monomial: Monomial, word: Word) -> dict[tuple[int, int], Fraction]:
        key = (expression.table, monomial, word)
        if key not in self._products:
            single = MatrixPolynomial(expression.table, {(monomial, word): 1}, *expression.shape)
            value = evaluate_exactly(single, {**self._matrices, **self._scalars})
            places = ((i, j) for i in range(value.rows) for j in range(value.cols))
            self._products[key] = {place: Fraction(int(value[place].p), int(value[place].q)) for place in places}
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
            value = evaluate_exactly(TracePolynomial(table, {monomial: 1}), {**self._matrices, **self._scalars})
            self._traces[key] = Fraction(int(value.p), int(value.q))
        return self._traces[key]


def _rational(value: Fraction) -> sympy.Rational:
    return sympy.Rational(value.numerator, value.denominator)
