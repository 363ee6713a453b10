"""Series of products, powers and alignments, against SymPy's Taylor series."""

from fractions import Fraction

import pytest
import sympy

from derivations.errors import DerivationError
from derivations.forms.power_series import multiply, power, relative, relative_ratio

t = sympy.Symbol("t")
FIRST = [Fraction(1), Fraction(3), Fraction(-2), Fraction(5), Fraction(1, 2)]
SECOND = [Fraction(1), Fraction(-1, 3), Fraction(4), Fraction(0), Fraction(7)]
THIRD = [Fraction(1), Fraction(2), Fraction(1), Fraction(-6), Fraction(3)]


def function(series):
    return sum(sympy.Rational(each.numerator, each.denominator) * t**j for j, each in enumerate(series))


def taylor(expression):
    expanded = sympy.series(expression, t, 0, len(FIRST)).removeO()
    return [Fraction(str(sympy.expand(expanded).coeff(t, j))) for j in range(len(FIRST))]


def test_products():
    assert multiply(FIRST, SECOND) == taylor(function(FIRST) * function(SECOND))


@pytest.mark.parametrize("exponent", [Fraction(1, 2), Fraction(-1, 2), Fraction(-1), Fraction(2), Fraction(3, 4)])
def test_powers(exponent):
    assert power(FIRST, exponent) == taylor(function(FIRST) ** sympy.Rational(exponent.numerator, exponent.denominator))
    assert power(FIRST, exponent) != power(SECOND, exponent)


def test_alignments():
    expected = function(FIRST) / sympy.sqrt(function(SECOND) * function(THIRD))
    assert relative_ratio([FIRST, SECOND, THIRD]) == taylor(expected)


def test_a_series_that_starts_with_zero_has_no_relative_form():
    with pytest.raises(DerivationError, match=r"must not start with zero .* got 0"):
        relative([0, 1])
