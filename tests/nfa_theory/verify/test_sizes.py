"""Wrong forms that vanish at small sizes, or at the values once tried, are refused by measurements alone."""

import pytest

from derivations.algebra import Matrix, Scalar, tr
from derivations.forms.alignment_ratio import AlignmentRatio
from derivations.judging.visibility import unseen
from derivations.registry import get_derivation
from nfa_theory.verify import PROFILES
from nfa_theory.verify.court import checks_of, trial_of, verify

A, B, S = (Matrix(name, "d", symmetric=True) for name in ("A", "B", "Sigma"))
n, k, c, d, N, gamma = (Scalar(name) for name in ("n", "k", "c", "d", "N", "gamma"))


def identity_of_two(X, Y, Z):
    """Zero for all 2 x 2 matrices."""
    return (
        tr(X * Y * Z)
        + tr(X * Z * Y)
        - tr(X * Y) * tr(Z)
        - tr(X * Z) * tr(Y)
        - tr(Y * Z) * tr(X)
        + tr(X) * tr(Y) * tr(Z)
    )


def in_numerator(ratio, wrong):
    return AlignmentRatio(ratio.numerator + wrong, ratio.first, ratio.second)


WRONG = {
    "quadratic.finite_sample_moments": {"tr(A^4 B)": lambda x: x + 5 * identity_of_two(A * A, A * A, S) / n},
    "quadratic.finite_width_mean": {"mean": lambda x: (x[0] + 4 * identity_of_two(A * A, A * A, B) / (N * k), *x[1:])},
    "quadratic.finite_width_averages": {
        "averages": lambda x: in_numerator(x, (k - 1) * (k - 2) * (k - 3) * (k - 5) * tr(A**4 * B))
    },
    "identities.growth": {"initial": lambda x: x + (k - 2) * x},
    "early.weight_change": {"dW": lambda x: x * n / 9},
    "identities.fact": {"decay W": lambda x: x * n / 9},
    "early.epoch": {"dW": lambda x: x * n / 9},
    "early.one_batch": {"E F_c": lambda x: x * Scalar("b") / 5},
}


@pytest.mark.parametrize("claim", WRONG)
def test_what_was_held_at_small_sizes_is_refused_by_measurements_alone(claim):
    true = get_derivation(claim).closed_form
    wrong = {**true, **{name: change(true[name]) for name, change in WRONG[claim].items()}}
    judges = [check.measure(trial_of(check, true, 0, PROFILES["quick"])) for check in checks_of(claim)]
    assert all(finding.held for judge in judges for finding in judge(true))
    assert not all(finding.held for judge in judges for finding in judge(wrong))


def test_a_form_of_a_degree_that_the_instances_cannot_see_is_never_held():
    """A factor that is 1 at every size at which the claim is measured: undecided, with the reason."""
    true = get_derivation("identities.fact").closed_form
    wrong = {**true, "decay W": true["decay W"] * (1 + (n - 8) * (n - 9))}
    verdict = verify("identities.fact", closed_form=wrong)
    assert all(finding.held for finding in verdict.findings)
    assert verdict.unseen == ("decay W: n must take 3 values, got 2",)


def test_terms_that_look_alike_at_a_size_are_not_seen():
    at = [frozenset({("A", (size, size)), ("B", (size, size)), ("Sigma", (size, size))}) for size in (2, 3)]
    assert "are not independent for sizes d = 2" in unseen(identity_of_two(A, B, S), at[:1])
    assert unseen(identity_of_two(A, B, S), at) is None
    assert unseen(tr(A * B * S), at[:1]) is None
