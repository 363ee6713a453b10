"""Tests from properties: theory agrees with simulation on all that is drawn, and the same comparison can refuse.

A property takes a problem. One of a claim returns the values of the symbols of its closed form and, by quantity, what
is measured and how far the closed form may be from it. One of a prediction returns, by quantity, what is claimed, what
is measured, and how far they may differ. Both return nothing where nothing is claimed, such as an alignment of zeros.
"""

from itertools import chain

import numpy as np
from hypothesis import Phase, assume, example, find, given, settings
from hypothesis.errors import NoSuchExample

from derivations.mutation.mutants import coefficient_mutants
from nfa_theory import claims
from nfa_theory.verify.rules.quantities import evaluate
from properties.counterexample import program
from properties.kept_examples import KEPT

SLIGHT = 1.02


def agreement(compare, cases, claim=None, share=1.0, **more):
    """Make the test that a property holds on every drawn configuration and on every one that is kept.

    One that takes long is tried on a share of the profile's examples; other settings may be given too.
    """

    def test(case):
        found = compared(compare, case, claim)
        assume(found)
        assert all(map(agrees, found.values())), message(compare, case, claim, found)

    test.__name__ = compare.__name__  # by which the database of examples knows it
    test.__doc__ = compare.__doc__
    for case in KEPT.get(compare.__name__, ()):
        test = example(case)(test)
    return settings(max_examples=round(share * settings().max_examples), **more)(given(cases)(test))


def refusal(compare, cases, claim=None, term_by_term=True):
    """Make the twin: a configuration is found for every wrong claim, at which the comparison refuses it.

    Wrong is each quantity that is off by 2 %, and, term by term, its closed form with any coefficient off by 2 % or any
    term dropped.
    """

    def test():
        seen, refused = set(), set()

        def refuse(case):
            for name, verdict in wrong_claims(compare, case, claim, term_by_term, refused):
                seen.add(name)
                refused.update([name] if verdict else [])
            return bool(seen) and seen == refused

        quick = settings(derandomize=True, database=None, phases=[Phase.generate], max_examples=50, deadline=None)
        try:
            find(cases, refuse, settings=quick)
        except NoSuchExample:
            raise AssertionError(f"never refused: {sorted(seen - refused)}") from None

    return test


def compared(compare, case, claim):
    """Compare on a configuration: what is claimed, what is measured, and what is allowed, by quantity."""
    with np.errstate(all="ignore"):
        found = compare(case.problem(), **case.options)
    return against(claims[claim].closed_form, *found) if claim else found


def against(form, values, measured):
    """Put a closed form beside measurements; a quantity that it does not give is None."""
    claimed = evaluate(form, values) if measured else {}
    return {name: (claimed.get(name), *numbers) for name, numbers in measured.items()}


def agrees(numbers):
    """Tell whether claimed and measured are as near as allowed; a claim that is no number agrees with nothing."""
    claimed, measured, allowed = numbers
    if claimed is None or np.shape(claimed) != np.shape(measured):
        return False
    return bool(np.all(np.abs(np.subtract(claimed, measured)) <= allowed))


def wrong_claims(compare, case, claim, term_by_term, refused):
    """Yield the description of each wrong claim that was not refused before, and whether it is refused now."""
    with np.errstate(all="ignore"):
        found = compare(case.problem(), **case.options)
    values, measured = found if claim else ({}, found)
    claimed = evaluate(claims[claim].closed_form, values) if claim else {name: each[0] for name, each in found.items()}
    for name, numbers in measured.items():
        yield f"{name} scaled", not agrees((SLIGHT * np.asarray(claimed[name]), *numbers[-2:]))
    for mutant in coefficient_mutants(claims[claim].closed_form) if claim and term_by_term else ():
        name = mutant.description.partition(":")[0]
        if name in measured and "negated" not in mutant.description and mutant.description not in refused:
            wrong = evaluate({name: mutant.closed_form[name]}, {**claimed, **values}).get(name)
            yield mutant.description, not agrees((wrong, *measured[name]))


def message(compare, case, claim, found):
    """Say what differs, how to see it again, and how to keep it."""
    differing = {name: numbers for name, numbers in found.items() if not agrees(numbers)}
    numbers = chain.from_iterable(
        (f"{name}: claimed {claimed}, measured {measured}", f"{name}: allowed difference {np.min(allowed)}")
        for name, (claimed, measured, allowed) in differing.items()
    )
    return "\n".join(
        [
            f"{compare.__name__}: theory and simulation disagree",
            *numbers,
            f"To keep it, add to '{compare.__name__}' in tests/support/properties/kept_examples.py: {case!r}",
            "The program that shows it:",
            "",
            program(compare, case, claim),
        ]
    )
