"""The court holds true claims and refuses wrong ones with the same checks."""

from types import SimpleNamespace

import pytest

from derivations.mutation.mutants import mutants
from derivations.registry import all_derivations, get_derivation
from nfa_theory.verify import PROFILES, court, verify
from nfa_theory.verify.court import all_checks, checks_of
from nfa_theory.verify.rules import default_function, evaluated
from nfa_theory.verify.rules.check import KINDS, Finding

CHECKED = tuple(name for name in all_derivations() if checks_of(name))


@pytest.mark.parametrize("name", CHECKED)
def test_a_claim_is_held_with_a_seed_that_was_not_used_to_write_its_checks(name):
    """Its function is called too. Obligations, in which there is no chance, are in `tests/derivations`."""
    verdict = verify(name, seed=20261125, profile=PROFILES["quick"], broken=())
    assert verdict.status == "held"
    assert any(each.quantity.partition(" [")[0].endswith("by the function") for each in verdict.findings)


def wrong_functions(monkeypatch, change):
    """Let the functions of claims be wrong; their closed forms stay."""

    def wrong(claim):
        true = get_derivation(claim)
        return SimpleNamespace(
            closed_form=true.closed_form,
            proof=true.proof,
            function=lambda *args, **values: change(true.function(*args, **values)),
        )

    for module in (evaluated, default_function):
        monkeypatch.setattr(module, "get_derivation", wrong)


def refused(claim):
    """List the quantities that are refused; the derivation itself keeps its function."""
    return [each.quantity for each in verify(claim, profile=PROFILES["quick"], broken=()).findings if not each.held]


@pytest.mark.parametrize(
    ("claim", "quantities"),
    [
        ("data.feature_quality", {"overlap"}),
        ("identities.factorization", {"J", "G"}),
        ("quadratic.population_flow", {"A", "loss", "W_dot", "G", "K"}),
        ("wide.random_function_traces", {"numerator", "first", "second", "ratio_of_averages"}),
    ],
)
def test_a_wrong_function_of_a_claim_is_refuted(monkeypatch, claim, quantities):
    """What users call is judged too, not the closed form alone, whether it evaluates the closed form or does more."""
    wrong_functions(monkeypatch, lambda found: {name: 1.02 * value for name, value in found.items()})
    assert {each.removesuffix(" by the function") for each in refused(claim)} == quantities


@pytest.mark.parametrize(
    "claim",
    [
        "quadratic.finite_width_mean",
        "wide.width_correction",
        "wide.width_correction_quadratic",
        "wide.width_correction_cubic",
        "wide.width_correction_hermite_3",
    ],
)
def test_a_variance_relative_to_the_limit_is_refuted(monkeypatch, claim):
    """The limit times the spread, for its square times the spread."""
    wrong_functions(monkeypatch, lambda found: {**found, "variance": found["variance"] / found["limit"]})
    assert "variance by the function" in refused(claim)


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
