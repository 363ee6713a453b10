"""Wrong structure: every kind of change is made, shapes conform, and nothing that is equal passes for wrong."""

import numpy as np
import pytest
import sympy

from derivations.algebra import Matrix, Scalar, diagonal, tr
from derivations.forms.evaluation import evaluate_formula
from derivations.mutation.changed_expression import remembering
from derivations.mutation.mutants import mutants, structural_mutants
from derivations.mutation.structure import structural_changes

A, B = Matrix("A", "d"), Matrix("B", "d")
S, P = Matrix("S", "d", symmetric=True), Matrix("P", "d", symmetric=True)
W, r = Matrix("W", "k", "d"), Matrix("r", "d", 1)
n, d = Scalar("n"), Scalar("d")
x, y = sympy.symbols("x y")


def wrong(formula):
    return [each for _, each in structural_changes(formula)]


def test_matrices_are_swapped_repeated_left_out_and_exchanged():
    found = wrong(tr(S * S * P * P))
    assert tr(S * P * S * P) in found
    assert tr(S**3 * P * P) in found
    assert tr(S * P * P) in found
    assert tr(S * A * A.T) not in found
    assert tr(S * S * P) in wrong(tr(P * P * S))


def test_transposes_are_lost_where_shapes_allow():
    assert A * B in wrong(A.T * B)
    assert A.T * B.T in wrong(A.T * B)
    assert all(each.shape == (A.T * B).shape for each in wrong(A.T * B))
    assert wrong(tr(A)) == [tr(A) ** 2, tr(A) * 0 + 1, tr(A * A), d * 1]


def test_products_of_rectangular_matrices_move_as_a_whole():
    found = wrong(S * W.T * W)
    assert W.T * W * S in found
    assert S in found
    assert S * W.T * W * W.T * W in found


def test_what_a_trace_does_not_see_is_no_mutant():
    assert tr(P * S) not in wrong(tr(S * P))
    assert all(each != tr(A * S) for each in wrong(tr(A.T * S)))


def test_powers_of_scalars_are_shifted_in_numerator_and_denominator():
    found = wrong((n + 1) ** 2 / n * tr(A))
    for power in ((n + 1) / n, (n + 1) ** 3 / n, (n + 1) ** 2, (n + 1) ** 2 / n**2):
        assert power * tr(A) in found
    assert (n**2 + 1) ** 2 / n * tr(A) in found


def test_factors_of_elementwise_products_and_diagonals_are_changed():
    product = S.hadamard(A * B)
    found = wrong(product)
    assert S.hadamard(B * A) in found
    assert S.hadamard(S).hadamard(A * B) in found
    assert A * B in found
    assert diagonal(S * S * r) * P in wrong(diagonal(S * r) * P)


def test_powers_and_symbols_of_sympy_are_changed():
    found = wrong(x / (1 + y) ** 2 + sympy.sqrt(x))
    for each in ((1 + y) ** -1, (1 + y) ** -3):
        assert x * each + sympy.sqrt(x) in found
    assert x / (1 + y) ** 2 + x ** sympy.Rational(3, 2) in found
    assert x / (1 + y**2) ** 2 + sympy.sqrt(x) in found
    assert y / (1 + x) ** 2 + sympy.sqrt(x) in found


def test_exchanging_symbols_that_stand_alike_is_no_mutant():
    alike = (x + y) ** 2 - x**2 - y**2
    assert not any("exchanged" in description for description, _ in structural_changes(alike))


def test_mutants_of_both_kinds_are_different_from_the_truth_and_name_their_quantity():
    form = {"a": n * tr(A * S), "b": (x, x**2)}
    found = list(mutants(form))
    assert {each.quantity for each in found} == {"a", "b"}
    assert all(each.closed_form[each.quantity] != form[each.quantity] for each in found)
    assert len(list(structural_mutants(form))) < len(found)


@pytest.mark.parametrize(
    "formula",
    [(n + 1) * tr(A * S * A) + tr(S) * d + 3, n * A * S + A.T * tr(A * P), n * W.T * W + S],
)
def test_a_mutant_has_the_value_of_its_terms_however_it_is_evaluated(formula):
    rng = np.random.default_rng(0)
    drawn = {name: rng.standard_normal((4, 4)) for name in "ASP"}
    values = {name: each if name == "A" else each + each.T for name, each in drawn.items()} | {
        "W": rng.standard_normal((3, 4)),
        "n": 2.5,
        "d": 4,
    }
    for mutant in mutants({"": remembering(formula)}):
        changed = mutant.closed_form[""]
        plain = changed.replaced(changed.table, changed.terms)
        for _ in range(2):
            np.testing.assert_allclose(evaluate_formula(changed, values), evaluate_formula(plain, values), atol=1e-12)


def test_a_mutant_is_evaluated_exactly_where_values_are_exact():
    changed = next(each.closed_form["a"] for each in mutants({"a": remembering(tr(A) + n)}))
    assert evaluate_formula(changed, {"A": [[1, 2], [3, 4]], "n": 3}) == evaluate_formula(
        changed.replaced(changed.table, changed.terms), {"A": [[1, 2], [3, 4]], "n": 3}
    )
