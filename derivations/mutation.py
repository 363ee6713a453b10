"""Wrong claims made from true ones: each coefficient scaled by 1.02 and by -1, each term dropped.

The obligations of a derivation must refuse every one of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import sympy

from derivations.algebra import MatrixPolynomial, TracePolynomial
from derivations.algebra.coefficients import Coefficient, RationalFunction, lowest_terms
from derivations.alignment_ratio import AlignmentRatio

Changes: TypeAlias = tuple[tuple[str, Fraction], ...]

CHANGES: Changes = (
    ("scaled by 1.02", Fraction(51, 50)),
    ("negated", Fraction(-1)),
    ("dropped", Fraction(0)),
)
"""What is done to each coefficient."""


@dataclass(frozen=True)
class Mutant:
    """A closed form with one thing changed.

    Parameters
    ----------
    description : str
        What was changed.
    closed_form : mapping
        The wrong closed form.
    """

    description: str
    closed_form: Mapping[str, Any]


def mutants(closed_form: Mapping[str, Any], changes: Changes = CHANGES) -> Iterator[Mutant]:
    """Make every mutant of a closed form.

    Parameters
    ----------
    closed_form : mapping
        Formulas by quantity.
    changes : tuple of (str, Fraction)
        What is done to each coefficient: its description, and the factor.

    Yields
    ------
    Mutant
        Each differs from the true form in one coefficient.
    """
    for quantity, formula in closed_form.items():
        for description, wrong in mutants_of_formula(formula, changes):
            yield Mutant(f"{quantity}: {description}", {**closed_form, quantity: wrong})


def mutants_of_formula(formula: Any, changes: Changes = CHANGES) -> Iterator[tuple[str, Any]]:
    """Change one coefficient of a formula after the other.

    Parameters
    ----------
    formula : Formula
        An expression of the engine or SymPy, an alignment, or a tuple of these.
    changes : tuple of (str, Fraction)
        As for `mutants`.

    Yields
    ------
    description : str
        What was changed.
    wrong : Formula
        The changed formula, never equal to the given one.
    """
    if isinstance(formula, tuple):
        for i, each in enumerate(formula):
            for description, wrong in mutants_of_formula(each, changes):
                yield f"[{i}] {description}", (*formula[:i], wrong, *formula[i + 1 :])
    elif isinstance(formula, AlignmentRatio):
        for part in ("numerator", "first", "second"):
            for description, wrong in mutants_of_formula(getattr(formula, part), changes):
                parts = {"numerator": formula.numerator, "first": formula.first, "second": formula.second, part: wrong}
                yield f"{part}: {description}", AlignmentRatio(**parts)
    elif isinstance(formula, MatrixPolynomial | TracePolynomial):
        yield from _engine_mutants(formula, changes)
    else:
        yield from _sympy_mutants(sympy.S.Zero + formula, changes)  # a plain number becomes SymPy's, a text is refused


def _engine_mutants(formula: Any, changes: Changes) -> Iterator[tuple[str, Any]]:
    for key, value in formula.terms.items():
        for description, wrong in _coefficient_mutants(value, changes):
            terms = {other: coefficient for other, coefficient in formula.terms.items() if other != key}
            if wrong != 0:
                terms[key] = wrong
            yield f"{_with_terms(formula, {key: value})}: {description}", _with_terms(formula, terms)


def _with_terms(formula: Any, terms: dict[Any, Coefficient]) -> Any:
    if isinstance(formula, MatrixPolynomial):
        return MatrixPolynomial(formula.table, terms, *formula.shape)
    return TracePolynomial(formula.table, terms)


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


def _sympy_mutants(formula: sympy.Expr, changes: Changes) -> Iterator[tuple[str, sympy.Expr]]:
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
