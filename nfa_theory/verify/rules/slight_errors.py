"""What a check must see: the closed form with one coefficient slightly wrong."""

from collections.abc import Iterator
from fractions import Fraction

from derivations.mutation.mutants import Mutant, coefficient_mutants
from nfa_theory.verify.rules.check import ClosedForm


def slight_errors(closed_form: ClosedForm, size: float) -> Iterator[Mutant]:
    """Change one coefficient after the other by the relative error that is to be seen."""
    factor = 1 + Fraction(size).limit_denominator(1000)
    yield from coefficient_mutants(closed_form, ((f"scaled by {float(factor):g}", factor),))
