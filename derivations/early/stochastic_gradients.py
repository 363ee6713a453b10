"""Stochastic gradients: the centered features after one batch, and their averages over batches."""

from collections.abc import Mapping
from functools import lru_cache
from itertools import combinations
from typing import Any, Final

import sympy

from derivations.algebra import (
    Matrix,
    MatrixPolynomial,
    Scalar,
    TracePolynomial,
    diagonal,
    gradient,
    hadamard,
    identity,
    ones,
    tr,
    zeros,
)
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.early.batch_moments import chance_of_distinct_samples, expect_over_batches
from derivations.early.leading_order import SOURCE, P, Q
from derivations.forms.alignment_ratio import AlignmentRatio, alignment_of, without_common_factor
from derivations.forms.rewriting import rewrite
from derivations.identities.layer import D, K, S, T, X, Z, first_order_change, gamma, k, kappa, m, n, r
from derivations.judging.instances import evaluate_exactly, integer_matrix, squared_norm

b: Final = Scalar("b")
rate: Final = Scalar("eta")
xi: Final = Matrix("xi", n, 1, latex=r"\xi")
RATIO: Final = r"\frac{E[\operatorname{tr}(F_c G_c)]}{\sqrt{E[\operatorname{tr}(F_c^2)]\, E[\operatorname{tr}(G_c^2)]}}"
Xi: Final = Matrix("Xi", n, diagonal=True, latex=r"\Xi")
V: Final = Matrix("V", k, m)
chances: Final = tuple(Scalar(f"p{j}") for j in range(1, 5))


def batch_change() -> MatrixPolynomial:
    """Return the change of the weights by one step on a batch, from the gradient of the loss of the batch."""
    misses = r - first_order_change(V, X)
    batch_loss = tr(misses.T * diagonal(T * xi) * misses) / (2 * b)
    step = -gradient(batch_loss, V).subs({V: zeros(k, m)}).subs({X: T * Z}) * rate
    return rewrite(step, [(diagonal(T * xi) * diagonal(r) * T, diagonal(r) * T * Xi)])


def batch_features() -> Proof:
    """Derive ``F_c`` and ``G_c`` after one batch, their averages, and the averages of the traces of the C-NFA."""
    dW = batch_change()
    F_c, G_c = _features(dW)
    mean_F, mean_G = (_mean(matrix, letter) for matrix, letter in ((F_c, P), (G_c, Q)))
    cosine = alignment_of(F_c, G_c).map(lambda part: rewrite(part, [(Z * Z.T, S)]))
    single = without_common_factor(cosine, (rate * gamma / b) ** 2, (rate * gamma / b) ** 2 / n)
    averages = single.map(lambda part: expect_over_batches(part, Xi))
    closed_form: dict[str, Any] = {
        **{f"p{j}": _as_scalar(chance_of_distinct_samples(j)) for j in range(1, 5)},
        "E F_c": mean_F,
        "E G_c": mean_G,
        "ratio of averages": averages,
    }
    steps = (
        Step(
            "The loss of the batch sums over its samples, marked by the indicators $\\xi$, and divides by $b$; one "
            "step of size $\\eta$ follows its gradient. All rows of a sample are drawn together: "
            "$\\operatorname{diag}(T\\xi)\\, T = T \\Xi$ with $\\Xi = \\operatorname{diag}(\\xi)$.",
            (Equation("dW", dW),),
            ("early.weight_change, with weights on the rows",),
        ),
        Step(
            "Insert it into $F_c = \\Delta W^\\top \\Delta W$ and $G_c = \\Delta W^\\top K \\Delta W$, $K$ being the "
            "average over all samples.",
            (Equation("F_c", F_c), Equation("G_c", G_c)),
            ("early.centered_features",),
        ),
        Step(
            "The chance that $j$ given samples are all drawn counts the batches that contain them.",
            tuple(Equation(f"p{j}", closed_form[f"p{j}"]) for j in range(1, 5)),
            ("sampling without replacement",),
        ),
        Step(
            "Two indicators: $E[\\xi \\xi^\\top] = p_2 \\mathbf{1}\\mathbf{1}^\\top + (p_1 - p_2) I$.",
            (Equation("E F_c", mean_F, "E[F_c]"), Equation("E G_c", mean_G, "E[G_c]")),
        ),
        Step(
            "Four indicators: tuples of samples are sorted by which of them agree, and Möbius inversion gives "
            "unrestricted sums. The alignment of one batch has these traces, here as averages over batches.",
            (Equation("ratio of averages", averages, RATIO),),
            ("Möbius inversion over set partitions",),
        ),
    )
    names = {"E F_c": "E[F_c]", "E G_c": "E[G_c]", "ratio of averages": RATIO}
    return Proof(steps, closed_form, _obligations_of_batch_features, names)


def _features(dW: MatrixPolynomial) -> tuple[MatrixPolynomial, MatrixPolynomial]:
    sandwich = T.T * diagonal(r)
    letters = [(sandwich * kappa * sandwich.T, P), (sandwich * kappa * kappa * sandwich.T, Q)]
    centered = (dW.T * dW, (dW.T * K * dW).subs({K: D.T * D / n}))
    F_c, G_c = (rewrite(rewrite(each, [(D * D.T, kappa)]), letters) for each in centered)
    return F_c, G_c


def _mean(features: MatrixPolynomial, middle: MatrixPolynomial) -> MatrixPolynomial:
    """Average ``Z^T Xi A Xi Z``: ``Xi A Xi`` is ``A`` times the products of two indicators, entry by entry."""
    p1, p2 = chances[:2]
    between = Matrix("between", n, symmetric=True)
    folded = rewrite(features, [(Xi * middle * Xi, between)])
    return folded.subs({between: hadamard(middle, ones(n, n) * p2 + identity(n) * (p1 - p2))})


def _as_scalar(expression: sympy.Expr) -> TracePolynomial:
    """Turn a rational function of ``n`` and ``b`` into a scalar of the engine."""
    parts = []
    for part in sympy.fraction(sympy.together(expression)):
        terms = sympy.Poly(part, sympy.Symbol("n"), sympy.Symbol("b")).terms()
        parts.append(sum((n**i * b**j * sympy.Rational(value) for (i, j), value in terms), n * 0))
    return parts[0] / parts[1]


@lru_cache(maxsize=1)
def _enumerated() -> tuple[dict[str, Any], dict[str, Any]]:
    """Average over every batch of 5 out of 7 samples, one after the other: no factor of a chance is 1."""
    size, drawn = 7, 5
    middle = {"P": integer_matrix(size, size, 1, symmetric=True), "Q": integer_matrix(size, size, 2, symmetric=True)}
    inputs = integer_matrix(size, 2, 3)
    gram = inputs * inputs.T
    batches = list(combinations(range(size), drawn))
    totals: dict[str, Any] = {"F": sympy.zeros(2), "G": sympy.zeros(2), "FG": 0, "FF": 0, "GG": 0}
    for batch in batches:
        mask = sympy.diag(*(int(mu in batch) for mu in range(size)))
        F, G = (inputs.T * mask * middle[each] * mask * inputs for each in "PQ")
        found = {"F": F, "G": G, "FG": (F * G).trace(), "FF": (F * F).trace(), "GG": (G * G).trace()}
        totals = {name: total + found[name] for name, total in totals.items()}
    means = {name: total / len(batches) for name, total in totals.items()}
    for j in range(1, 5):
        means[f"p{j}"] = sympy.Rational(sum(set(range(j)) <= set(batch) for batch in batches), len(batches))
    return {**middle, "Z": inputs, "S": gram, "n": size, "b": drawn, "m": 2, "gamma": 1, "eta": drawn}, means


@lru_cache(maxsize=4096)
def _at_instance(formula: MatrixPolynomial | TracePolynomial) -> Any:
    values, means = _enumerated()
    return evaluate_exactly(formula, {**values, **{name: means[name] for name in ("p1", "p2", "p3", "p4")}})


@lru_cache(maxsize=4096)
def _with_certainty(formula: TracePolynomial) -> TracePolynomial:
    """Let every sample be drawn."""
    return formula.subs(dict.fromkeys(chances, 1))


def _obligations_of_batch_features(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with the enumeration of all batches; there ``eta gamma / b`` is 1."""
    values, means = _enumerated()
    averages: AlignmentRatio = closed_form["ratio of averages"]
    certain = averages.map(_with_certainty)
    full = AlignmentRatio(tr(P * S * Q * S), tr(P * S * P * S), tr(Q * S * Q * S))
    return {
        "the full batch, numerator": certain.numerator - full.numerator,
        "the full batch, norms": certain.first * certain.second - full.first * full.second,
        **{f"p{j}": _at_instance(closed_form[f"p{j}"]) - means[f"p{j}"] for j in range(1, 5)},
        "E F_c": squared_norm(_at_instance(closed_form["E F_c"]) - means["F"]),
        "E G_c": squared_norm(_at_instance(closed_form["E G_c"]) * values["n"] - means["G"]),
        "E tr(F_c G_c)": _at_instance(averages.numerator) - means["FG"],
        "E tr(F_c^2)": _at_instance(averages.first) - means["FF"],
        "E tr(G_c^2)": _at_instance(averages.second) - means["GG"],
    }


DERIVATIONS: Final = (
    Derivation(
        name="early.one_batch",
        title="Centered features after one batch, on average over batches",
        statement="One step on a batch $B$ of $b$ samples, drawn without replacement, gives $F_c$ proportional to "
        "$Z_B^\\top P_{BB} Z_B$. Averaged over batches, the diagonal of $P$ is weighted by $p_1 = b/n$ and the rest by "
        "$p_2 = b(b-1)/(n(n-1))$. The averages of $\\operatorname{tr}(F_c G_c)$, $\\operatorname{tr}(F_c^2)$ and "
        "$\\operatorname{tr}(G_c^2)$ are sums over the ways in which four samples can agree.",
        assumptions=(
            "One step of gradient descent from the initial weights, on the mean loss of the batch.",
            "The PTF covariance $K$ is the average over all $n$ samples, and $n \\ge 4$.",
        ),
        source="Derived here, in the setting of " + SOURCE,
        derive=batch_features,
        limits=(
            "First order in the step size.",
            "The quotient is the ratio of averages, not the average of the ratio: with $b = 1$ every single step has "
            "alignment 1.",
            "With $b = n$ it is the alignment of the full gradient.",
        ),
    ),
)
