"""Stochastic gradients: the centered features after one batch, and their averages over batches."""

from collections.abc import Mapping
from functools import cache, lru_cache
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
from derivations.judging.instances import cosine_traces, drawn, integer_matrix, squared_norm
from derivations.judging.termwise import TermwiseValue

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


INSTANCES: Final = ((7, 5), (6, 4), (5, 3))
"""Samples and batch: no factor of a chance is 1; three values, because ``b`` occurs in the second power."""
SIZES: Final = range(4, 10)
"""Numbers of samples for which chances are counted, at every batch size: both occur in the fourth power at most."""


@cache
def _counted(j: int) -> Mapping[tuple[int, int], sympy.Rational]:
    """Count the batches that contain ``j`` given samples."""
    wanted = set(range(j))
    batches = {
        (size, number): list(combinations(range(size), number)) for size in SIZES for number in range(1, size + 1)
    }
    return {at: sympy.Rational(sum(wanted <= set(each) for each in all_), len(all_)) for at, all_ in batches.items()}


@cache
def _enumerated(size: int, number: int) -> tuple[TermwiseValue, dict[str, Any]]:
    """Average over every batch of a number of samples, one after the other."""
    middle = {"P": integer_matrix(size, size, 1, symmetric=True), "Q": integer_matrix(size, size, 2, symmetric=True)}
    inputs = integer_matrix(size, 5, 3)
    batches = list(combinations(range(size), number))
    totals: dict[str, Any] = {"F": sympy.zeros(5), "G": sympy.zeros(5), "traces": sympy.zeros(3, 1)}
    for batch in batches:
        mask = sympy.diag(*(int(mu in batch) for mu in range(size)))
        F, G = (inputs.T * mask * middle[each] * mask * inputs for each in "PQ")
        found = {"F": F, "G": G, "traces": sympy.Matrix(cosine_traces(F, G))}
        totals = {name: total + found[name] for name, total in totals.items()}
    means = {name: total / len(batches) for name, total in totals.items()}
    chance = {f"p{j}": _counted(j)[size, number] for j in range(1, 5)}
    scalars = {"n": size, "b": number, "m": 5, "gamma": drawn(size), "eta": drawn(2 * size), **chance}
    return TermwiseValue({**middle, "Z": inputs, "S": inputs * inputs.T, **scalars}), means


@lru_cache(maxsize=4096)
def _with_certainty(formula: TracePolynomial) -> TracePolynomial:
    """Let every sample be drawn."""
    return formula.subs(dict.fromkeys(chances, 1))


@lru_cache(maxsize=64)
def _missed(j: int, chance: TracePolynomial) -> sympy.Expr:
    """Sum the squares by which a claimed chance misses those that are counted."""
    misses = (chance.evaluate({"n": size, "b": number}) - true for (size, number), true in _counted(j).items())
    return sum((miss**2 for miss in misses), sympy.Integer(0))


def _obligations_of_batch_features(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with the enumeration of all batches."""
    averages: AlignmentRatio = closed_form["ratio of averages"]
    certain = averages.map(_with_certainty)
    full = AlignmentRatio(tr(P * S * Q * S), tr(P * S * P * S), tr(Q * S * Q * S))
    residuals: dict[str, Residual] = {
        "the full batch, numerator": certain.numerator - full.numerator,
        "the full batch, norms": certain.first * certain.second - full.first * full.second,
    }
    residuals |= {f"p{j}": _missed(j, closed_form[f"p{j}"]) for j in range(1, 5)}
    for size, number in INSTANCES:
        at, means = _enumerated(size, number)
        front, name = (at.values["eta"] * at.values["gamma"] / number) ** 2, f"{number} of {size}"
        residuals[f"E F_c, {name}"] = squared_norm(at(closed_form["E F_c"]) - means["F"] * front)
        residuals[f"E G_c, {name}"] = squared_norm(at(closed_form["E G_c"]) - means["G"] * front / size)
        residuals |= averages.residuals(at, means["traces"], f"averages, {name}")
    return residuals


DERIVATIONS: Final = (
    Derivation(
        name="early.one_batch",
        title="Centered features after one batch, on average over batches",
        wording="One step on a batch of $b$ samples, drawn without replacement, gives on average over "
        "batches $E F_c = <<E F_c>>$: the diagonal of $P$ is weighted by $p_1 = <<p1>>$ and the rest by "
        "$p_2 = <<p2>>$. The averages of $\\operatorname{tr}(F_c G_c)$, $\\operatorname{tr}(F_c^2)$ and "
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
