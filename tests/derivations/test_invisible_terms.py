"""Terms that vanish at small sizes: obligations at sizes of four and more, and at several counts, refuse them."""

import pytest

from derivations.algebra import Matrix, Scalar, tr
from derivations.forms.alignment_ratio import AlignmentRatio
from derivations.registry import get_derivation

d, k, n, c, m, gamma, s, t = (Scalar(name) for name in ("d", "k", "n", "c", "m", "gamma", "s", "t"))
A, B, Sigma = (Matrix(name, "d", symmetric=True) for name in ("A", "B", "Sigma"))


def three_traces(X, Y, Z):
    """Return an identity between traces: zero for matrices of size two, and for no other size."""
    products = tr(X) * tr(Y) * tr(Z) - tr(X * Y) * tr(Z) - tr(X * Z) * tr(Y) - tr(Y * Z) * tr(X)
    return tr(X * Y * Z) + tr(X * Z * Y) + products


def with_term(name, quantity, term, part=None, place=None):
    """Return a wrong closed form of a claim: one formula, or one part of it, with a term added."""
    true = get_derivation(name).closed_form
    formula = true[quantity]
    if part is not None:
        parts = dict(zip(("numerator", "first", "second"), formula.parts, strict=True))
        wrong = AlignmentRatio(**{**parts, part: parts[part] + term})
    elif place is not None:
        wrong = tuple(each + term if i == place else each for i, each in enumerate(formula))
    else:
        wrong = formula + term
    return {**true, quantity: wrong}


def test_the_identity_holds_for_matrices_of_size_two_only():
    for size, vanishes in ((2, True), (3, False), (4, False)):
        entries = [[(i * j + i + j) % 7 - 3 for i in range(size)] for j in range(size)]
        other = [[(2 * i * j + i + j) % 5 - 1 for i in range(size)] for j in range(size)]
        third = [[(i * i + j * j) % 6 - 2 for i in range(size)] for j in range(size)]
        value = three_traces(A, B, Sigma).evaluate({"A": entries, "B": other, "Sigma": third, "d": size})
        assert (value == 0) is vanishes


WRONG = {
    "three traces over samples": lambda: with_term(
        "quadratic.finite_sample_moments", "tr(A^4 B)", 5 * three_traces(A * A, A * A, Sigma) / n
    ),
    "three traces over the width": lambda: with_term(
        "quadratic.finite_width_mean", "mean", 4 * three_traces(A * A, A * A, B) / (Scalar("N") * k), place=0
    ),
    "four widths": lambda: with_term(
        "quadratic.finite_width_averages",
        "averages",
        (k - 1) * (k - 2) * (k - 3) * (k - 5) * tr(A**4 * B),
        part="numerator",
    ),
    "widths and outputs": lambda: with_term(
        "linear.random_function",
        "ratio of averages",
        k**3 * (k - 1) * (k - 2) * c * (c - 1) * gamma**4 * tr(Matrix("Sigma_xx", "d", symmetric=True) ** 4),
        part="numerator",
    ),
    "two outputs": lambda: with_term(
        "linear.zero_function",
        "ratio of averages",
        (c - 2) * (c - 3) * tr(Matrix("M", "c", symmetric=True)) ** 3,
        "first",
    ),
    "a fan-out of two": lambda: with_term(
        "identities.growth", "UC-NFA", (k - 2) * s**4 * tr(Matrix("K", "k", symmetric=True)), part="numerator"
    ),
    "the number of samples": lambda: {
        "dW": get_derivation("early.weight_change").closed_form["dW"] * n / 9,
    },
    "the number of samples, stationary": lambda: {
        **get_derivation("identities.fact").closed_form,
        "decay F": get_derivation("identities.fact").closed_form["decay F"] * n / 9,
    },
    "the number of samples over an epoch": lambda: {
        **get_derivation("early.epoch").closed_form,
        "full steps": get_derivation("early.epoch").closed_form["full steps"] * n / 4,
    },
    "the size of a batch": lambda: {
        **get_derivation("early.one_batch").closed_form,
        "E F_c": get_derivation("early.one_batch").closed_form["E F_c"] * Scalar("b") / 5,
    },
}
CLAIM_OF = {
    "three traces over samples": "quadratic.finite_sample_moments",
    "three traces over the width": "quadratic.finite_width_mean",
    "four widths": "quadratic.finite_width_averages",
    "widths and outputs": "linear.random_function",
    "two outputs": "linear.zero_function",
    "a fan-out of two": "identities.growth",
    "the number of samples": "early.weight_change",
    "the number of samples, stationary": "identities.fact",
    "the number of samples over an epoch": "early.epoch",
    "the size of a batch": "early.one_batch",
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_term_that_small_instances_do_not_see_is_refused(kind):
    assert get_derivation(CLAIM_OF[kind]).broken_obligations(WRONG[kind]())
