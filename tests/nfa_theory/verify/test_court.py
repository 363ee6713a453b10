"""The court holds true claims and refuses wrong ones with the same checks."""

from types import SimpleNamespace

import pytest

from derivations.mutation.mutants import mutants
from derivations.registry import all_derivations, get_derivation
from nfa_theory.verify import PROFILES, court, verify
from nfa_theory.verify.court import all_checks, checks_of
from nfa_theory.verify.rules import evaluated
from nfa_theory.verify.rules.check import KINDS, Finding

CHECKED = tuple(name for name in all_derivations() if checks_of(name))


@pytest.mark.parametrize("name", CHECKED)
def test_a_claim_is_held_with_a_seed_that_was_not_used_to_write_its_checks(name):
    """Obligations, in which there is no chance, are in `tests/derivations`."""
    assert verify(name, seed=20261125, profile=PROFILES["quick"], broken=()).status == "held"


def test_a_wrong_function_of_a_claim_is_refuted(monkeypatch):
    """What users call is judged too, not the closed form alone."""

    def slightly_wrong(**values):
        return {name: 1.02 * value for name, value in true.function(**values).items()}

    true = get_derivation("data.feature_quality")
    wrong = SimpleNamespace(function=slightly_wrong)
    monkeypatch.setattr(evaluated, "get_derivation", lambda claim: wrong)
    verdict = verify("data.feature_quality")
    assert [each.quantity for each in verdict.findings if not each.held] == ["overlap by the function"]


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKED)
def test_a_function_that_is_more_than_its_closed_form_is_judged(name):
    judged = [each.quantity for each in verify(name, profile=PROFILES["quick"]).findings]
    own = get_derivation(name).proof.function is not None
    assert any(each.endswith("by the function") for each in judged) == own


def test_every_check_is_of_a_known_claim_and_kind():
    assert {check.claim for check in all_checks()} <= set(all_derivations())
    assert {check.kind for check in all_checks()} <= set(KINDS)


def test_a_wrong_closed_form_is_refuted():
    name = "identities.factorization"
    wrong = next(each for each in mutants({"G": get_derivation(name).closed_form["G"]}))
    form = {**get_derivation(name).closed_form, **wrong.closed_form}
    assert verify(name, closed_form=form).status == "refuted"


def test_a_claim_without_measurement_is_unchecked_and_never_held(monkeypatch):
    monkeypatch.setattr(court, "checks_of", lambda claim: ())
    assert verify("identities.fact").status == "unchecked"


def test_nan_is_not_held():
    assert not Finding("check", "identity", "x", float("nan"), 1.0, None, 0.0).held
