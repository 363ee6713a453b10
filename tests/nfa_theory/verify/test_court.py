"""The court holds true claims and refuses wrong ones with the same checks."""

import pytest

from derivations.mutation import mutants
from derivations.registry import all_derivations, get_derivation
from nfa_theory.verify import PROFILES, court, refute, verify
from nfa_theory.verify.check import KINDS, Finding
from nfa_theory.verify.court import all_checks, checks_of

CHECKED = tuple(name for name in all_derivations() if checks_of(name))


@pytest.mark.parametrize("name", CHECKED)
def test_a_claim_is_held_with_a_seed_that_was_not_used_to_write_its_checks(name):
    assert verify(name, seed=20261125, profile=PROFILES["quick"]).status == "held"


def test_every_check_is_of_a_known_claim_and_kind():
    assert {check.claim for check in all_checks()} <= set(all_derivations())
    assert {check.kind for check in all_checks()} <= set(KINDS)


@pytest.mark.parametrize(
    "name", ["stochastic_gradients.one_batch", "decomposition.terms", "leading_order.weight_change"]
)
def test_measurements_alone_refuse_every_mutant(name):
    found = refute(name)
    assert found.total >= 3
    assert found.survivors == ()


def test_mutants_that_no_measurement_sees_are_reported_as_survivors(monkeypatch):
    blind = tuple(check for check in checks_of("stationarity.fact"))[:0]
    monkeypatch.setattr(court, "checks_of", lambda claim: blind)
    found = refute("stationarity.fact")
    assert len(found.survivors) == found.total > 0


def test_a_wrong_closed_form_is_refuted():
    name = "alignment_identity.factorization"
    wrong = next(each for each in mutants({"G": get_derivation(name).closed_form["G"]}))
    form = {**get_derivation(name).closed_form, **wrong.closed_form}
    assert verify(name, closed_form=form).status == "refuted"


def test_a_claim_without_measurement_is_unchecked_and_never_held(monkeypatch):
    monkeypatch.setattr(court, "checks_of", lambda claim: ())
    assert verify("stationarity.fact").status == "unchecked"


def test_nan_is_not_held():
    assert not Finding("check", "identity", "x", float("nan"), 1.0, None, 0.0).held
