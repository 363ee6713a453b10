"""Wrong coefficients: each 2 % and 5 % too large and too small, each negated, each term dropped."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, TypeAlias

import sympy

from derivations.algebra import MatrixPolynomial, TracePolynomial
from derivations.algebra.coefficients import Coefficient, RationalFunction, lowest_terms
from derivations.mutation.changed_expression import Original

Changes: TypeAlias = tuple[tuple[str, Fraction], ...]

CHANGES: Changes = (
    *((f"scaled by {percent / 100:g}", Fraction(percent, 100)) for percent in (102, 98, 105, 95)),
    ("negated", Fraction(-1)),
    ("dropped", Fraction(0)),
)
"""What is done to each coefficient."""


def coefficient_changes(formula: Any, changes: Changes = CHANGES) -> Iterator[tuple[str, Any]]:
    """Change one coefficient of an expression after the other."""
    if isinstance(formula, MatrixPolynomial | TracePolynomial):
        yield from _engine_changes(formula, changes)
    else:
        yield from _sympy_changes(sympy.S.Zero + formula, changes)  # a plain number becomes SymPy's, a text is refused


def _engine_changes(formula: Any, changes: Changes) -> Iterator[tuple[str, Any]]:
    original = Original.of(formula)
    for key, value in formula.terms.items():
        text = str(formula.replaced(formula.table, {key: value}))
        for description, wrong in _coefficient_mutants(value, changes):
            term = formula.replaced(formula.table, {key: wrong} if wrong != 0 else {})
            yield f"{text}: {description}", original.with_term(key, term)


def _coefficient_mutants(value: Coefficient, changes: Changes) -> Iterator[tuple[str, Coefficient]]:
    """Change the whole coefficient, and each term of its numerator where there are several."""
    for description, factor in changes:
        yield description, value * factor
    if isinstance(value, RationalFunction) and len(value.numerator) > 1:
        ring = value.numerator.ring
        for powers, coefficient in value.numerator.terms():
            term = ring.from_dict({powers: coefficient})
            for description, factor in changes:
                changed = value.numerator + term * ring.domain(factor.numerator, factor.denominator) - term
                yield f"{term} {description}", lowest_terms(changed, value.denominator)


def _sympy_changes(formula: sympy.Expr, changes: Changes) -> Iterator[tuple[str, sympy.Expr]]:
    """Change the whole expression, and each term of each sum inside it."""
    for description, factor in changes:
        yield f"{formula}: {description}", formula * sympy.Rational(factor.numerator, factor.denominator)
    sums = sorted(formula.atoms(sympy.Add), key=sympy.default_sort_key)
    for total in sums:
        for term in total.args:
            for description, factor in changes:
                wrong = total - term + term * sympy.Rational(factor.numerator, factor.denominator)
                changed = formula.xreplace({total: wrong})
                if changed != formula:
                    yield f"{term} in {total}: {description}", changed
