"""Every derivation: obligations are zero, a closed form with one thing changed breaks one, and all can be written."""

import pytest
from latex import badly_nested

from derivations.mutation.coefficients import CHANGES
from derivations.mutation.mutants import coefficient_mutants, structural_mutants
from derivations.registry import all_derivations, get_derivation
from derivations.rendering import render_latex, render_text
from derivations.rendering.describe import describe

NAMES = tuple(all_derivations())
REWRITTEN = {"early.one_batch": 8}
"""Mutants of an elementwise product that are equal to it, by an identity that is no part of the canonical form."""
QUICK = (
    "data.noisy_mixture",
    "early.crossover",
    "data.feature_quality",
    "wide.lazy_course",
    "quadratic.finite_sample_moments",
    "early.slo_rise",
    "early.one_batch",
)
"""Claims with cheap obligations: words, traces, elementwise products, series, ratios and SymPy."""
SAMPLE = 8
KINDS = tuple(each for each in CHANGES if each[0] in ("scaled by 1.02", "negated", "dropped"))
"""Residuals are exact polynomials of each coefficient: few wrong values, other than its negative, can go unseen."""


@pytest.fixture(scope="module", params=NAMES)
def derivation(request):
    """Give one claim to all tests before the next: what its instances have computed is still at hand."""
    return get_derivation(request.param)


@pytest.fixture(scope="module")
def document(derivation):
    return describe(derivation)


def survivors(derivation, wrong):
    return [mutant.description for mutant in wrong if not derivation.broken_obligations(mutant.closed_form)]


def test_every_obligation_of_a_derivation_vanishes(document):
    assert document["obligations"]
    assert [name for name, holds in document["obligations"].items() if not holds] == []


def test_latex_is_well_formed(document):
    latex = render_latex([document])
    assert badly_nested(latex) == ""
    assert latex.startswith(r"\documentclass")
    assert latex.rstrip().endswith(r"\end{document}")


def test_names_and_formulas_have_no_line_breaks_of_their_own(document):
    equations = [*document["closed_form"].values(), *(each for step in document["steps"] for each in step["equations"])]
    for equation in equations:
        assert "\\\\" not in equation["left_latex"] + equation["right_latex"], equation["left"]


def test_text_says_everything_and_no_latex_is_left_in_it(document):
    text = render_text(document)
    for heading in ("Claim.", "Derivation", "Closed form", "Checked: ", "Source. "):
        assert heading in text
    assert f"\n{len(document['steps'])}. " in text
    assert "\\" not in text
    assert "$" not in text
    assert "BROKEN" not in text


def test_every_changed_coefficient_and_every_dropped_term_breaks_an_obligation(derivation):
    wrong = list(coefficient_mutants(derivation.closed_form, KINDS))
    assert wrong
    assert survivors(derivation, wrong) == []


@pytest.mark.slow
def test_every_other_change_of_a_coefficient_breaks_an_obligation(derivation):
    rest = tuple(each for each in CHANGES if each not in KINDS)
    assert survivors(derivation, coefficient_mutants(derivation.closed_form, rest)) == []


@pytest.mark.parametrize("name", QUICK)
def test_some_swapped_matrices_shifted_powers_and_lost_transposes_break_an_obligation(name):
    derivation = get_derivation(name)
    wrong = list(structural_mutants(derivation.closed_form))
    assert survivors(derivation, wrong[:: len(wrong) // SAMPLE]) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_swapped_matrix_shifted_power_and_lost_transpose_breaks_an_obligation(name):
    derivation = get_derivation(name)
    assert len(survivors(derivation, structural_mutants(derivation.closed_form))) == REWRITTEN.get(name, 0)
