"""What a check must see: the closed form with one coefficient slightly wrong."""

from collections.abc import Iterator
from fractions import Fraction

from derivations.mutation import Mutant, mutants
from nfa_theory.verify.check import Trial


def slight_errors(trial: Trial) -> Iterator[Mutant]:
    """Change one coefficient after the other by the relative error that is to be seen.

    Parameters
    ----------
    trial : Trial
        Has the closed form and the size of the error.

    Yields
    ------
    Mutant
        One for each coefficient.
    """
    factor = 1 + Fraction(trial.detectable).limit_denominator(1000)
    yield from mutants(trial.closed_form, ((f"scaled by {float(factor):g}", factor),))
