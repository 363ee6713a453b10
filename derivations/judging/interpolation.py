"""Coefficients and derivatives of polynomials, exactly, from their values at integers: no symbol is ever expanded.

A loss is a polynomial of each weight, and weights along a flow are polynomials of time. So a network in rational
numbers is differentiated by being evaluated.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import sympy


@cache
def _rules(degree: int) -> tuple[tuple[int, ...], sympy.Matrix]:
    """Return the points 0, 1, -1, 2, ... and the matrix from values there to coefficients."""
    points = tuple((1 - 2 * (i % 2 == 0)) * ((i + 1) // 2) for i in range(degree + 1))
    return points, sympy.Matrix(degree + 1, degree + 1, lambda i, j: sympy.Integer(points[i]) ** j).inv()


def coefficients(function: Callable[[int], Any], degree: int) -> list[Any]:
    """Return the coefficients of a polynomial of a number, whose values may be matrices.

    Examples
    --------
    >>> coefficients(lambda x: 3 - x**2, 2)
    [3, 0, -1]
    """
    points, rules = _rules(degree)
    values = [function(point) for point in points]
    return [_combined(rules.row(j), values) for j in range(degree + 1)]


def slope(function: Callable[[int], Any], degree: int) -> Any:
    """Return the derivative at 0 of a polynomial of a number."""
    points, rules = _rules(degree)
    used = [i for i in range(degree + 1) if rules[1, i]]
    return _combined([rules[1, i] for i in used], [function(points[i]) for i in used])


def gradient(function: Callable[[sympy.Matrix], Any], at: sympy.Matrix, degree: int) -> sympy.Matrix:
    """Differentiate a polynomial of a matrix, of a given degree in each entry, by every entry.

    Examples
    --------
    >>> gradient(lambda A: A.det(), sympy.Matrix([[1, 2], [3, 4]]), 1)
    Matrix([
    [ 4, -3],
    [-2,  1]])
    """

    def moved(i: int, j: int, by: int) -> sympy.Matrix:
        other = at.as_mutable()
        other[i, j] += by
        return other

    def by_entry(i: int, j: int) -> Any:
        return slope(lambda by: function(moved(i, j, by)), degree)

    return sympy.Matrix(*at.shape, by_entry)


def jacobian(function: Callable[[sympy.Matrix], sympy.Matrix], at: sympy.Matrix, degree: int) -> sympy.Matrix:
    """Differentiate a column (r, 1) of polynomials of a column (s, 1): (r, s)."""

    def column(j: int) -> sympy.Matrix:
        unit = sympy.eye(at.rows)[:, j]
        return slope(lambda by: function(at + by * unit), degree)

    return sympy.Matrix.hstack(*map(column, range(at.rows)))


def _combined(weights: Any, values: list[Any]) -> Any:
    summands = [value * weight for weight, value in zip(weights, values, strict=True)]
    return sum(summands[1:], start=summands[0])
