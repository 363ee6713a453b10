"""Every obligation of every derivation is zero, and no closed form with one coefficient changed meets them all."""

import pytest

from derivations.mutation import mutants
from derivations.registry import all_derivations, get_derivation

NAMES = tuple(all_derivations())


@pytest.mark.parametrize("name", NAMES)
def test_every_obligation_of_a_derivation_vanishes(name):
    assert get_derivation(name).broken_obligations() == ()


@pytest.mark.parametrize("name", NAMES)
def test_every_changed_coefficient_and_every_dropped_term_breaks_an_obligation(name):
    derivation = get_derivation(name)
    wrong = list(mutants(derivation.closed_form))
    assert wrong
    survivors = [mutant.description for mutant in wrong if not derivation.broken_obligations(mutant.closed_form)]
    assert survivors == []
