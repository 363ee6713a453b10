"""Statements take their formulas from closed forms: a wrong closed form makes a wrong statement, and none is typed."""

import re

import pytest
import sympy

from derivations.algebra import Scalar
from derivations.derivation import GAP, Derivation, Proof
from derivations.errors import DerivationError
from derivations.mutation.coefficients import CHANGES
from derivations.mutation.mutants import coefficient_mutants
from derivations.registry import all_derivations, get_derivation

WITH_FORMULAS = tuple(name for name, each in all_derivations().items() if GAP.search(each.wording))
GIVEN = re.compile(r":=|<<.+?>>|O\(")
"""What introduces a letter, comes from the closed form, or says an order of magnitude."""
A_NUMBER = re.compile(r"^[^=]*=\s*(\\pm\s*)?\d+$")
OPERATION = re.compile(r"[+/=]|\\frac|\\sqrt|\\sum|\\propto|\^\{?\d|(?<=\S) - ")
x, y = sympy.symbols("x y")


def typed(wording):
    """List mathematics with more than one operation, or an equation, that no closed form stands behind."""
    found = []
    for formula in wording.split("$")[1::2]:
        operations = OPERATION.findall(formula)
        if not (GIVEN.search(formula) or A_NUMBER.match(formula)) and (len(operations) > 2 or "=" in operations):
            found.append(formula)
    return found


@pytest.mark.parametrize("name", all_derivations())
def test_no_formula_is_typed(name):
    assert typed(get_derivation(name).wording) == []


@pytest.mark.parametrize(
    "wrong",
    [
        r"$A = \operatorname{tr}(Q \Sigma) \Sigma + \Sigma Q \Sigma$",
        r"gives $(2 + 3\psi) / \sqrt{(1 + \psi)(2 + 4\psi)}$",
        r"$F \propto A^2 + B$",
    ],
)
def test_a_typed_formula_is_found(wrong):
    assert len(typed(f"It has {wrong} at $k = 1$.")) == 1


def numbers(name):
    """Whole numbers in a statement, such as a degree, which no coefficient changes."""
    derivation = get_derivation(name)
    stated = derivation.proof.stated
    return {
        key for key, each in (stated(derivation.closed_form) if stated else {}).items() if each == int_or_none(each)
    }


def int_or_none(formula):
    return formula if isinstance(formula, sympy.Integer) else None


@pytest.mark.parametrize("name", WITH_FORMULAS)
def test_a_changed_closed_form_changes_every_formula_of_the_statement(name):
    derivation = get_derivation(name)
    true = filled_gaps(derivation, derivation.closed_form)
    assert derivation.statement == derivation.statement_of(derivation.closed_form)
    unchanged = set(true) - numbers(name)
    for mutant in coefficient_mutants(derivation.closed_form, CHANGES[:1]):
        found = filled_gaps(derivation, mutant.closed_form)
        unchanged -= {gap for gap in unchanged if found[gap] != true[gap]}
        if not unchanged:
            break
    assert unchanged == set()


def filled_gaps(derivation, closed_form):
    """Write out each gap by itself."""
    words = [f"<<{gap}>>" for gap in GAP.findall(derivation.wording)]
    alone = [
        Derivation(derivation.name, "", word, (), "here", lambda: derivation.proof).statement_of(closed_form)
        for word in words
    ]
    return dict(zip(GAP.findall(derivation.wording), alone, strict=True))


def test_numbers_follow_the_closed_form():
    averages = get_derivation("quadratic.finite_width_averages")
    assert "of degree $3$, $2$ and $4$" in averages.statement
    wrong = averages.closed_form["averages"].map(lambda part: part * Scalar("k"))
    assert "of degree $4$, $3$ and $5$" in averages.statement_of({"averages": wrong})
    mean = get_derivation("quadratic.finite_width_mean")
    assert "$2$ terms" in mean.statement
    assert "$1$ terms" in mean.statement_of({**mean.closed_form, "mean": mean.closed_form["mean"][:1]})
    rise = get_derivation("early.slo_rise")
    assert "of degree $3$" in rise.statement_of({**rise.closed_form, "tr(F G)": rise.closed_form["tr(F G)"][:4]})


def test_a_gap_without_a_formula_is_refused():
    proof = Proof((), {"a": x + y}, lambda form: {}, stated=lambda form: {"b": 2 * form["a"]})
    words = Derivation("some.result", "", "It is $<<a>>$, twice $<<b>>$.", (), "here", lambda: proof)
    assert words.statement == "It is $x + y$, twice $2 x + 2 y$."
    missing = Derivation("some.result", "", "It is $<<c>>$.", (), "here", lambda: proof)
    with pytest.raises(DerivationError, match=r"some\.result needs a formula, got none named 'c'"):
        _ = missing.statement
