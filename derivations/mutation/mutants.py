"""Wrong claims made from true ones, each with one thing changed: a coefficient, a power, a matrix, a transpose.

The obligations of a derivation must refuse every one of them, and so must the measurements of the court.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from derivations.forms.alignment_ratio import AlignmentRatio
from derivations.mutation.coefficients import CHANGES, Changes, coefficient_changes
from derivations.mutation.structure import structural_changes
from derivations.mutation.vanishing import vanishing_factors, vanishing_terms

Change: TypeAlias = Callable[[Any], Iterator[tuple[str, Any]]]
"""From an expression to what was changed, and the changed expression."""


@dataclass(frozen=True)
class Mutant:
    """A closed form with one thing changed.

    Parameters
    ----------
    description : str
        What was changed.
    closed_form : mapping
        The wrong closed form.
    quantity : str
        Whose formula is wrong.
    """

    description: str
    closed_form: Mapping[str, Any]
    quantity: str


def mutants(closed_form: Mapping[str, Any]) -> Iterator[Mutant]:
    """Make every mutant of a closed form: in its coefficients, its structure, and terms that vanish at small sizes."""
    yield from coefficient_mutants(closed_form)
    yield from structural_mutants(closed_form)
    yield from _mutants(closed_form, vanishing_terms)


def factor_mutants(
    closed_form: Mapping[str, Any], tried: Mapping[str, Mapping[str, Sequence[Any]]]
) -> Iterator[Mutant]:
    """Multiply a term by factors that are 1 at the values, by quantity and scalar, at which a closed form was tried."""
    for quantity, values in tried.items():
        formula = closed_form[quantity]
        for description, wrong in changed_formulas(formula, partial(vanishing_factors, tried=values)):
            yield Mutant(f"{quantity}: {description}", {**closed_form, quantity: wrong}, quantity)


def coefficient_mutants(closed_form: Mapping[str, Any], changes: Changes = CHANGES) -> Iterator[Mutant]:
    """Change one coefficient after the other."""
    yield from _mutants(closed_form, lambda formula: coefficient_changes(formula, changes))


def structural_mutants(closed_form: Mapping[str, Any]) -> Iterator[Mutant]:
    """Swap matrices, shift powers by one and lose transposes, one after the other."""
    yield from _mutants(closed_form, structural_changes)


def _mutants(closed_form: Mapping[str, Any], change: Change) -> Iterator[Mutant]:
    for quantity, formula in closed_form.items():
        for description, wrong in changed_formulas(formula, change):
            yield Mutant(f"{quantity}: {description}", {**closed_form, quantity: wrong}, quantity)


def changed_formulas(formula: Any, change: Change) -> Iterator[tuple[str, Any]]:
    """Change each expression of a formula in every way."""
    if isinstance(formula, tuple):
        for i, each in enumerate(formula):
            for description, wrong in changed_formulas(each, change):
                yield f"[{i}] {description}", (*formula[:i], wrong, *formula[i + 1 :])
    elif isinstance(formula, AlignmentRatio):
        parts = {part: getattr(formula, part) for part in ("numerator", "first", "second")}
        for part, expression in parts.items():
            for description, wrong in changed_formulas(expression, change):
                yield f"{part}: {description}", AlignmentRatio(**{**parts, part: wrong})
    else:
        yield from change(formula)
