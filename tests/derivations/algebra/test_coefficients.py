"""Rational functions against arithmetic with their values."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import assume, given
from hypothesis import strategies as st

from derivations.algebra.coefficients import RationalFunction, exact_number, reciprocal
from derivations.errors import DerivationError, MissingValueError

VALUES = {"n": Fraction(7, 3), "d": Fraction(-2, 5)}
NAMES = {name: RationalFunction.variable(name) for name in VALUES}
LEAVES = st.sampled_from(["n", "d"]) | st.fractions(-3, 3, max_denominator=4)
TREES = st.recursive(LEAVES, lambda inner: st.tuples(st.sampled_from("+-*/"), inner, inner), max_leaves=6)


def build(tree, names):
    """Compute a tree of operations; None where it divides by zero."""
    if not isinstance(tree, tuple):
        return names.get(tree, tree) if isinstance(tree, str) else tree
    operation, left, right = tree[0], build(tree[1], names), build(tree[2], names)
    if left is None or right is None or (operation == "/" and right == 0):
        return None
    if operation == "/":
        return left * reciprocal(right)
    return left + right if operation == "+" else left - right if operation == "-" else left * right


def value(coefficient):
    return coefficient.evaluate(VALUES) if isinstance(coefficient, RationalFunction) else coefficient


@given(TREES)
def test_arithmetic_agrees_with_values(tree):
    symbolic, numeric = build(tree, NAMES), build(tree, VALUES)
    assume(symbolic is not None and numeric is not None)
    assert value(symbolic) == numeric


@given(TREES, TREES)
def test_equal_functions_have_one_form(left, right):
    a, b = build(left, NAMES), build(right, NAMES)
    assume(a is not None and b is not None)
    assert (a + b) * (a - b) == a * a - b * b
    assert hash((a + b) * (a - b)) == hash(a * a - b * b)
    assert a - a == 0
    assert (a == b) == ((a - b) == 0)


def test_a_function_without_names_is_a_number():
    n = NAMES["n"]
    assert isinstance(n / n, int)
    assert isinstance((n + 1) - n, int)
    assert (n * 2) / (n * 4) == Fraction(1, 2)


def test_exact_numbers():
    assert exact_number(sympy.Rational(1, 2)) == Fraction(1, 2)
    assert exact_number(np.int64(3)) == 3
    assert exact_number("3") is None
    with pytest.raises(DerivationError, match=r"a coefficient must be exact, got 0\.1: use Fraction"):
        exact_number(0.1)


def test_bad_values():
    with pytest.raises(MissingValueError, match="the scalar n needs a value, got none"):
        NAMES["n"].evaluate({})
    with pytest.raises(DerivationError, match="a divisor must not be zero, got 0"):
        reciprocal(0)
