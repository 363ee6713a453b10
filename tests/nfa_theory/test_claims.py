"""The claims by name, and their disk cache: what is kept is what would be derived, and damage does no harm."""

import json

import numpy as np
import pytest

import nfa_theory as nfa
from nfa_theory import derivation_cache
from nfa_theory.derivation_cache import cached_document, source_digest

NAME = "identities.factorization"


def test_a_claim_has_what_a_reader_wants():
    claim = nfa.claims[NAME]
    assert claim.name == NAME
    assert "K" in claim.statement
    assert claim.steps
    assert claim.assumptions
    assert claim.limits
    assert "2402.05271" in claim.source
    assert claim.latex().startswith(r"\documentclass")
    assert claim.text().startswith(NAME)
    assert set(claim.closed_form) == {"J", "G"}


def test_a_claim_is_a_function_of_arrays():
    rng = np.random.default_rng(0)
    W, K = rng.standard_normal((4, 3)), np.eye(4)
    found = nfa.claims[NAME].function(W=W, K=K, gamma=0.5)
    np.testing.assert_allclose(found["G"], 0.25 * W.T @ W, rtol=1e-12)


def test_claims_are_a_mapping():
    assert len(nfa.claims) == len(list(nfa.claims))
    assert NAME in nfa.claims
    assert "nothing" not in nfa.claims


def test_an_unknown_claim_offers_the_nearest():
    with pytest.raises(nfa.InputError, match=r"unknown claim 'identities\.fakt'; did you mean 'identities\.fact'\?"):
        nfa.claims["identities.fakt"]


@pytest.fixture
def derived(monkeypatch):
    """Count how often a document is written out anew."""
    from derivations.rendering import describe as module

    calls, describe = [], module.describe

    def counted(derivation):
        calls.append(derivation.name)
        return describe(derivation)

    monkeypatch.setattr(module, "describe", counted)
    return calls


def test_the_second_time_nothing_is_derived(tmp_path, derived):
    first = cached_document(NAME, tmp_path)
    assert cached_document(NAME, tmp_path) == first
    assert derived == [NAME]


def test_everything_can_be_derived_anew(tmp_path, derived):
    assert cached_document(NAME, tmp_path) == cached_document(NAME, tmp_path, anew=True)
    assert derived == [NAME, NAME]


def test_a_change_of_the_sources_makes_a_new_entry(tmp_path, derived, monkeypatch):
    cached_document(NAME, tmp_path)
    monkeypatch.setattr(derivation_cache, "source_digest", lambda: "another")
    cached_document(NAME, tmp_path)
    assert derived == [NAME, NAME]


@pytest.mark.parametrize(
    "damage",
    [
        lambda entry: "",
        lambda entry: entry[:-1],
        lambda entry: "[]",
        lambda entry: entry.replace(NAME, "identities.fact"),
        lambda entry: json.dumps({"document": json.loads(entry)["document"]}),
        lambda entry: entry.replace(": true", ": false", 1),  # an obligation
    ],
    ids=["empty", "cut", "no mapping", "another claim", "no digest", "changed"],
)
def test_a_damaged_entry_is_made_again(tmp_path, derived, damage):
    first = cached_document(NAME, tmp_path)
    place = tmp_path / source_digest() / f"{NAME}.json"
    changed = damage(place.read_text())
    assert changed != place.read_text()
    place.write_text(changed)
    assert cached_document(NAME, tmp_path) == first
    assert derived == [NAME, NAME]


def test_a_cache_that_cannot_be_written_does_no_harm(tmp_path):
    (tmp_path / "file").write_text("")
    assert cached_document(NAME, tmp_path / "file")["name"] == NAME


def test_a_name_is_never_a_path(tmp_path):
    (tmp_path / "secret.json").write_text(json.dumps({"name": "../secret"}))
    with pytest.raises(nfa.InputError, match="unknown claim"):
        cached_document("../secret", tmp_path)
