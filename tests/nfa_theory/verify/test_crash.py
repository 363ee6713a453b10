"""A check that crashes counts against its claim, never for it, and leaves the other claims alone."""

import json

import pytest

from derivations.mutation.mutants import mutants
from derivations.registry import get_derivation
from nfa_theory.cli.entry import main
from nfa_theory.verify import court, verify, verify_claims
from nfa_theory.verify.court import checks_of
from nfa_theory.verify.rules.check import Check

BROKEN, SOUND = "identities.fact", "identities.factorization"


def crash(trial):
    raise ZeroDivisionError("no such network\nand more lines")


@pytest.fixture
def broken(monkeypatch):
    """Give one claim a check that crashes, beside its own."""
    extra = Check(BROKEN, "that crashes", "identity", crash)
    monkeypatch.setattr(court, "checks_of", lambda claim: checks_of(claim) + (extra,) * (claim == BROKEN))


@pytest.mark.usefixtures("broken")
def test_a_crash_is_an_error_and_the_other_checks_still_count():
    verdict = verify(BROKEN)
    assert verdict.status == "error"
    assert verdict.errors == ("that crashes: ZeroDivisionError: no such network",)
    assert {finding.quantity for finding in verdict.findings} >= set(get_derivation(BROKEN).closed_form)
    wrong = next(mutants(get_derivation(BROKEN).closed_form)).closed_form
    assert verify(BROKEN, closed_form=wrong).status == "refuted"


@pytest.mark.usefixtures("broken")
def test_the_other_claims_are_judged():
    assert [each.status for each in verify_claims([BROKEN, SOUND], processes=1)] == ["error", "held"]


@pytest.mark.usefixtures("broken")
def test_the_command_ends_with_status_1_and_says_how_to_see_it_again(capsys, tmp_path):
    out = tmp_path / "results.json"
    arguments = ["verify", BROKEN, "--seed", "3"]
    assert main([*arguments, "--out", str(out)]) == 1
    told = capsys.readouterr().out
    assert f"{BROKEN} could not be judged:\n  crashed: that crashes: ZeroDivisionError: no such network" in told
    assert f"to see it again: nfa verify {BROKEN} --seed 3" in told
    content = json.loads(out.read_text(encoding="utf-8"))
    assert content["claims"][0]["errors"] == ["that crashes: ZeroDivisionError: no such network"]


def test_a_derivation_that_crashes_is_an_error(monkeypatch):
    class Underivable:
        @property
        def closed_form(self):
            raise RecursionError("too deep")

    monkeypatch.setattr(court, "get_derivation", lambda claim: Underivable())
    assert verify(BROKEN).errors == ("derivation: RecursionError: too deep",)
