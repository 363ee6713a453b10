"""The court holds true claims and refuses wrong ones with the same checks."""

import pytest

from derivations.mutation import mutants
from derivations.registry import get_derivation
from nfa_theory.verify import refute, verify
from nfa_theory.verify.check import Finding

CHECKED = ("alignment_identity.factorization", "stochastic_gradients.one_batch")


@pytest.mark.parametrize("name", CHECKED)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_true_claim_is_held(name, seed):
    assert verify(name, seed).status == "held"


def test_measurements_alone_refuse_every_mutant_of_the_batch_averages():
    found = refute("stochastic_gradients.one_batch")
    assert found.total > 100
    assert found.survivors == ()


def test_mutants_of_a_quantity_that_is_not_measured_are_reported_as_survivors():
    found = refute("alignment_identity.factorization")
    assert all(each.startswith("J") for each in found.survivors)
    assert len(found.survivors) < found.total


def test_a_wrong_closed_form_is_refuted():
    name = "alignment_identity.factorization"
    wrong = next(each for each in mutants({"G": get_derivation(name).closed_form["G"]}))
    form = {**get_derivation(name).closed_form, **wrong.closed_form}
    assert verify(name, closed_form=form).status == "refuted"


def test_a_claim_without_measurement_is_unchecked_and_never_held():
    assert verify("alignment_identity.left_singular_form").status == "unchecked"


def test_nan_is_not_held():
    assert not Finding("check", "identity", "x", float("nan"), 1.0, None, 0.0).held
