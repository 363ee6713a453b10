"""Exact instances: small integer matrices to insert into a closed form, so that an obligation is a rational number.

They let an obligation compute the definition entry by entry in SymPy, without the engine that made the closed form.
"""

import random
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy

from derivations.algebra import MatrixPolynomial, TracePolynomial
from derivations.algebra.values import needed_names


def integer_matrix(rows: int, cols: int, seed: int, *, symmetric: bool = False) -> sympy.Matrix:
    """Return a matrix of integers from 1 to 9 with random signs."""
    source = random.Random(seed)
    entries = sympy.Matrix(rows, cols, lambda i, j: source.choice((-1, 1)) * source.randint(1, 9))
    return sympy.Matrix(rows, cols, lambda i, j: entries[min(i, j), max(i, j)]) if symmetric else entries


def drawn(seed: int) -> sympy.Rational:
    """Return a rational number with so many digits that no polynomial of small coefficients vanishes there by chance.

    Scalars such as a time or a step size may have any value, so that one such value decides. Counts of samples or
    neurons may not: they need as many values as the degree plus one.
    """
    source = random.Random(seed)
    return sympy.Rational(source.randint(10**7, 3 * 10**7), source.randint(10**7, 2 * 10**7))


def orthogonal_matrix(size: int, seed: int) -> sympy.Matrix:
    """Return a rational orthogonal matrix, a reflection."""
    v = integer_matrix(size, 1, seed)
    return sympy.eye(size) - 2 * v * v.T / (v.T * v)[0]


def evaluate_exactly(expression: TracePolynomial | MatrixPolynomial, values: Mapping[str, Any]) -> Any:
    """Insert SymPy matrices and rationals into an expression of the engine."""
    names = needed_names(expression)
    value = expression.evaluate({name: _plain(each) for name, each in values.items() if name in names})
    if isinstance(expression, TracePolynomial):
        return sympy.Rational(value.numerator, value.denominator)
    return sympy.Matrix([[sympy.Rational(entry.numerator, entry.denominator) for entry in row] for row in value])


def cosine_traces(F: sympy.Matrix, G: sympy.Matrix) -> tuple[sympy.Expr, sympy.Expr, sympy.Expr]:
    """Return ``tr(F^T G)`` and the squared norms of two matrices, by the definition of the alignment."""
    products = ((F, G), (F, F), (G, G))
    numerator, first, second = (sympy.Add(*(x * y for x, y in zip(*pair, strict=True))) for pair in products)
    return numerator, first, second


def squared_norm(matrix: sympy.Matrix) -> sympy.Expr:
    """Return the sum of the squares of the entries: zero exactly if the matrix is."""
    return sum((entry**2 for entry in matrix), sympy.Integer(0))


def _plain(value: Any) -> Any:
    if isinstance(value, sympy.MatrixBase):
        return tuple(tuple(_plain(value[i, j]) for j in range(value.cols)) for i in range(value.rows))
    number = sympy.Rational(value)
    return Fraction(int(number.p), int(number.q))
