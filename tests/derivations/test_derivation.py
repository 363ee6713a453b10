"""The frame of a derivation: lazy, strict about what proves something, and mutated in every coefficient."""

from fractions import Fraction

import pytest
import sympy

from derivations.algebra import Matrix, Scalar, tr
from derivations.derivation import Derivation, Proof, vanishes
from derivations.errors import DerivationError, MissingValueError
from derivations.forms.alignment_ratio import AlignmentRatio, alignment_of, without_common_factor
from derivations.mutation.coefficients import coefficient_changes
from derivations.mutation.mutants import changed_formulas, mutants
from derivations.registry import UnknownDerivationError, all_derivations, get_derivation

A, n = Matrix("A", "d"), Scalar("n")
x = sympy.Symbol("x")


def derivation(**changes):
    proof = Proof((), {"a": tr(A)}, lambda closed: {"is the trace": closed["a"] - tr(A)})
    fields = {"name": "some.result", "title": "", "wording": "", "assumptions": (), "source": "here"}
    return Derivation(**{**fields, "derive": lambda: proof, **changes})


def test_nothing_is_derived_before_it_is_asked_for():
    calls = []

    def derive():
        calls.append(1)
        return derivation().proof

    lazy = derivation(derive=derive)
    assert calls == []
    assert lazy.closed_form == {"a": tr(A)}
    assert lazy.broken_obligations() == ()
    assert calls == [1]


def test_a_wrong_closed_form_breaks_its_obligation():
    assert derivation().broken_obligations({"a": 2 * tr(A)}) == ("is the trace",)


def test_a_derivation_without_obligations_proves_nothing():
    empty = Proof((), {}, lambda closed: {})
    with pytest.raises(DerivationError, match=r"some\.result must have obligations, got none"):
        derivation(derive=lambda: empty).broken_obligations()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "Some result"}, "must read module.result, got 'Some result'"),
        ({"source": " "}, "must name its source"),
    ],
)
def test_a_derivation_needs_a_name_and_a_source(change, message):
    with pytest.raises(DerivationError, match=message):
        derivation(**change)


@pytest.mark.parametrize(
    "zero", [0, Fraction(0), tr(A) - tr(A.T), A - A, sympy.Integer(0), (x + 1) ** 2 - x**2 - 2 * x - 1]
)
def test_zero_vanishes(zero):
    assert vanishes(zero)


@pytest.mark.parametrize("other", [1, Fraction(1, 10**30), tr(A), A, x, sympy.Rational(1, 10**30)])
def test_what_is_not_zero_does_not_vanish(other):
    assert not vanishes(other)


@pytest.mark.parametrize("number", [0.0, sympy.Float(0.0), sympy.Float(1e-300) * x, "0"])
def test_a_floating_point_number_proves_nothing(number):
    with pytest.raises(DerivationError, match="a residual must be an exact expression"):
        vanishes(number)


def test_mutants_differ_from_the_true_form_and_from_each_other():
    forms = [
        2 * tr(A) + (n + 1) * tr(A * A),
        A * A - n * A,
        1 + 2 * x + sympy.sqrt(1 + x),
        AlignmentRatio(tr(A), tr(A * A), x),
        (tr(A), x),
    ]
    for form in forms:
        wrong = [each for _, each in changed_formulas(form, coefficient_changes)]
        assert len(wrong) >= 6
        assert all(each != form for each in wrong)


def test_each_term_of_a_coefficient_is_mutated():
    descriptions = {description for description, _ in changed_formulas((n + 1) * tr(A), coefficient_changes)}
    assert any("n negated" in each for each in descriptions)
    assert any("1 dropped" in each for each in descriptions)


def test_a_mutant_changes_one_quantity():
    form = {"a": tr(A), "b": x}
    for mutant in mutants(form):
        assert sum(mutant.closed_form[name] != form[name] for name in form) == 1


def test_an_alignment_prints_evaluates_and_cancels():
    rho = alignment_of(A * n, A.T)
    assert without_common_factor(rho, n, n / n) == alignment_of(A, A.T)
    assert str(alignment_of(A, A)) == "tr(A Aᵀ) / √(tr(A Aᵀ) tr(A Aᵀ))"
    assert rho.latex().startswith(r"\frac{")


def test_a_function_says_what_it_lacks():
    with pytest.raises(MissingValueError, match="the matrix A needs a value"):
        derivation().function(B=1)


def test_the_registry_finds_results_and_offers_the_nearest_name():
    assert "early.centered_features" in all_derivations()
    with pytest.raises(UnknownDerivationError, match=r"did you mean 'identities\.fact'"):
        get_derivation("identities.facts")


def test_uses_name_derivations_that_exist():
    names = set(all_derivations())
    modules = {name.split(".")[0] for name in names}
    for each in all_derivations().values():
        for use in (use for step in each.steps for use in step.uses):
            first = use.split()[0].rstrip(",;:")
            if first.split(".")[0] in modules and "." in first:
                assert first in names, f"{each.name} uses {first}"
