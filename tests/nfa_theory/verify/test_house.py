"""The check of a claim stands at the same path as its derivation."""

from derivations.registry import derivations_by_module
from nfa_theory.verify.court import checks_by_module


def test_every_module_checks_exactly_the_claims_of_the_derivations_of_the_same_path():
    derived = {module: {each.name for each in listed} for module, listed in derivations_by_module().items()}
    checked = {module: {each.claim for each in listed} for module, listed in checks_by_module().items()}
    assert checked == derived
