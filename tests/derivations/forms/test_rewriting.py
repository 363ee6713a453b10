"""Folding products into letters: what is folded equals what it came from, and rules that prove nothing are refused."""

import pytest

from derivations.algebra import Matrix, Scalar, diagonal, identity, ones, tr
from derivations.errors import DerivationError
from derivations.forms.rewriting import rewrite

n, p = Scalar("n"), Scalar("p")
D, Z = Matrix("D", "n", "k"), Matrix("Z", "n", "m")
K, S = Matrix("K", "k", symmetric=True), Matrix("S", "n", symmetric=True)
U = Matrix("U", "k", "p")


def test_a_rule_with_a_factor_is_undone_by_substitution():
    expression = Z.T * D * D.T * D * D.T * Z
    folded = rewrite(expression, [(D.T * D, K * n)])
    assert folded == Z.T * D * K * D.T * Z * n
    assert folded.subs({K: D.T * D / n}) == expression


def test_a_product_across_the_end_of_a_trace_is_found():
    assert rewrite(tr(Z.T * D * D.T * Z), [(Z * Z.T, S)]) == tr(D.T * S * D)


def test_a_trace_that_vanishes_into_the_identity_keeps_its_dimension():
    assert rewrite(tr(U * U.T), [(U.T * U, identity("p"))]) == p


def test_traces_in_front_of_a_matrix_are_folded_too():
    folded = rewrite(Z * tr(Z * Z.T * D * D.T), [(Z * Z.T, S)])
    assert folded == Z * tr(S * D * D.T)


def test_a_diagonal_times_ones_is_its_vector():
    v = Matrix("v", "n", 1)
    assert rewrite(diagonal(v) * ones("n"), [(diagonal(v) * ones("n"), v)]) == v


@pytest.mark.parametrize(
    ("left", "right", "message"),
    [
        (D * D.T, K, "a rule must keep the shape"),
        (S * S, S * S * S, "a rule must make a product without a factor shorter"),
        (2 * S * S, S, "a rule must make a product without a factor shorter"),
        (D * D.T + S, S, "a side of a rule must be a single product"),
    ],
)
def test_bad_rules_are_refused(left, right, message):
    with pytest.raises(DerivationError, match=message):
        rewrite(S, [(left, right)])
