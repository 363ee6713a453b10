"""The UC-NFA at initialization, and how it passes to the C-NFA as the change outgrows the initial weights.

Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271) relate the UC-NFA to the scale of the initial weights; the
averages over Gaussian weights here are exact in the widths.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, MatrixPolynomial, Scalar, TracePolynomial, identity, tr
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.expectation import GaussianMatrix, expect
from derivations.forms.alignment_ratio import AlignmentRatio, alignment_of, without_common_factor
from derivations.identities.decomposition import PARTS, parts_of
from derivations.identities.layer import K, k, m
from derivations.judging.instances import cosine_traces, drawn, integer_matrix
from derivations.judging.pairings import GaussianAverage
from derivations.judging.termwise import TermwiseValue

SOURCE: Final = (
    "Beaglehole, Mitliagkas and Agarwala, Feature learning as alignment, TMLR 2024, arXiv 2402.05271: the UC-NFA and "
    "the scale of the initial weights; the averages are derived here"
)
s: Final = Scalar("s")
t: Final = Scalar("t")
G0: Final = GaussianMatrix("G0", k, m, latex="G_0")
V: Final = Matrix("V", k, m)
UC: Final = {
    "defect": r"1 - \rho^2",
    "UC-NFA": r"\frac{E\operatorname{tr}(F G)}{\sqrt{E\operatorname{tr}(F^2)\, E\operatorname{tr}(G^2)}}",
}
INDEPENDENT: Final = (
    "The initial weights of the layer are independent Gaussians of one variance, independent of $K$: exact where "
    "the tangent features do not depend on the layer (a linear network), else the limit of wide layers."
)


def mean_alignment(weights: MatrixPolynomial) -> AlignmentRatio:
    """Average numerator and squared norms of the UC-NFA over the initial weights."""
    uc_nfa = alignment_of(weights.T * weights, weights.T * K * weights)
    return uc_nfa.map(lambda part: expect(part, over=[G0]))


def initial_value() -> Proof:
    """Derive the UC-NFA before training."""
    averages = mean_alignment(G0 * s)
    uc_nfa = without_common_factor(averages, s**2, s**2)
    top, first, second = (_in_symbols(part) for part in uc_nfa.parts)
    value = sympy.simplify(sympy.factor(top) / sympy.sqrt(sympy.factor(first) * sympy.factor(second)))
    defect = sympy.factor(1 - value**2)
    parts = zip(("F G", "F^2", "G^2"), averages.parts, strict=True)
    steps = (
        Step(
            "Insert $W = s\\,G_0$ with independent standard Gaussian entries into the three traces of the cosine, and "
            "average.",
            tuple(Equation(f"E tr({name})", part, rf"E\operatorname{{tr}}({name})") for name, part in parts),
            ("identities.factorization", "Gaussian integration by parts"),
        ),
        Step("The scale cancels.", (Equation("UC-NFA", uc_nfa, UC["UC-NFA"]),)),
        Step("So do common factors.", (Equation("value", value, UC["UC-NFA"]),)),
        Step(
            "By the Cauchy-Schwarz inequality $(\\operatorname{tr} K)^2 \\le k \\operatorname{tr} K^2$, with equality "
            "for isotropic $K$ only. That is what keeps the value below 1.",
            (Equation("defect", defect, UC["defect"]),),
        ),
    )
    return Proof(steps, {"UC-NFA": uc_nfa, "value": value, "defect": defect}, _obligations_of_initial_value, UC)


def _in_symbols(part: Any) -> sympy.Expr:
    """Write a scalar in positive SymPy symbols, with ``tr_K`` and ``tr_K2`` for the traces."""
    names = {tr(K): sympy.Symbol("tr_K"), tr(K * K): sympy.Symbol("tr_K2")}
    return positive_symbols(part.as_sympy(names))


def positive_symbols(expression: sympy.Expr) -> sympy.Expr:
    """Take all symbols to be positive."""
    return expression.xreplace({each: sympy.Symbol(each.name, positive=True) for each in expression.free_symbols})


SIZES: Final = ((5, 4), (4, 6), (6, 5), (7, 8), (8, 7))
"""Fan-out and fan-in: five values of each, more than any power of theirs, and none below four."""
DRAWN: Final = {"s": drawn(1), "t": drawn(2)}


@cache
def _averages(rows: int, cols: int) -> tuple[GaussianAverage, TermwiseValue]:
    """Return what averages over pairings of the initial weights, and what inserts values, at integer matrices."""
    matrices = {"V": integer_matrix(rows, cols, 1), "K": integer_matrix(rows, rows, 2, symmetric=True)}
    values = {**matrices, "k": rows, "m": cols, **DRAWN}
    return GaussianAverage(values, {"G0": None}), TermwiseValue(values)


@cache
def _means(rows: int, cols: int, grown: bool) -> tuple[Any, ...]:
    """Average the definitions of the three traces."""
    weights = G0 * s + V * t if grown else G0 * 1
    traces = alignment_of(weights.T * weights, weights.T * K * weights)
    return traces.map(_averages(rows, cols)[0]).parts


def _obligations_of_initial_value(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Average over pairings of the weights, at several sizes."""
    ratio, value = closed_form["UC-NFA"], closed_form["value"]
    residuals: dict[str, Residual] = {"defect": closed_form["defect"] - (1 - value**2)}
    for rows, cols in SIZES:
        at, means = _averages(rows, cols)[1], _means(rows, cols, grown=False)
        residuals |= ratio.residuals(at, means, f"UC-NFA at {rows} x {cols}")
        traces = {"tr_K": at(tr(K)), "tr_K2": at(tr(K * K)), "k": rows, "m": cols}
        here = value.subs({each: traces[each.name] for each in value.free_symbols})
        residuals[f"square of the value at {rows} x {cols}"] = here**2 * means[1] * means[2] - means[0] ** 2
        residuals[f"sign of the value at {rows} x {cols}"] = sympy.sign(here) - sympy.sign(means[0])
    return residuals


def growth() -> Proof:
    """Derive the parts of the UC-NFA in time, at leading order."""
    averages = mean_alignment(G0 * s + V * t)
    parts = _parts_of_the_numerator()
    steps = (
        Step(
            "At leading order the weights are $W = s\\,G_0 + t\\,V$. The numerator of the UC-NFA, averaged over $G_0$, "
            "has an initial, a mixed and a centered part.",
            tuple(Equation(f"E {part}", parts[part], rf"E_{{\mathrm{{{part}}}}}") for part in PARTS),
            ("identities.decomposition", "Gaussian integration by parts"),
        ),
        Step(
            "So have the norms. The UC-NFA goes from its value at initialization to the C-NFA as $t/s$ grows; the "
            "share of the centered part is its part of the numerator over the same root.",
            (Equation("UC-NFA", averages, UC["UC-NFA"]),),
        ),
    )
    return Proof(steps, {**parts, "UC-NFA": averages}, _obligations_of_growth, UC)


def _parts_of_the_numerator() -> dict[str, TracePolynomial]:
    """Group the nine products by the number of changes: none, some, four."""
    F, G = parts_of(identity(k), G0 * s, V * t), parts_of(K, G0 * s, V * t)
    products = {(i, j): expect(tr(F[i] * G[j]), over=[G0]) for i in PARTS for j in PARTS}
    pure = {"initial": products["initial", "initial"], "centered": products["centered", "centered"]}
    return {**pure, "cross": sum(products.values(), tr(K) * 0) - pure["initial"] - pure["centered"]}


def _obligations_of_growth(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Average over pairings of the initial weights, at several sizes; without them, the centered part is left."""
    ratio = closed_form["UC-NFA"]
    total = closed_form["initial"] + closed_form["cross"] + closed_form["centered"]
    residuals: dict[str, Residual] = {"the parts sum to the numerator": total - ratio.numerator}
    for rows, cols in SIZES:
        at = _averages(rows, cols)[1]
        residuals |= ratio.residuals(at, _means(rows, cols, grown=True), f"UC-NFA at {rows} x {cols}")
        initial = DRAWN["s"] ** 4 * _means(rows, cols, grown=False)[0]
        residuals[f"initial at {rows} x {cols}"] = at(closed_form["initial"]) - initial
        change = DRAWN["t"] * at(V)
        centered = cosine_traces(change.T * change, change.T * at(K) * change)[0]
        residuals[f"centered at {rows} x {cols}"] = at(closed_form["centered"]) - centered
    return residuals


DERIVATIONS: Final = (
    Derivation(
        name="identities.initial_uc_nfa",
        title="The UC-NFA before training",
        wording="For Gaussian weights (k x m) the ratio of averages is $<<value>>$: it depends on the "
        "width, the fan-in and how isotropic the PTF covariance is, not on the scale. It is 1 if and only "
        "if $K$ is a multiple of the identity (or $k = 1$).",
        assumptions=(INDEPENDENT,),
        source=SOURCE,
        derive=initial_value,
        limits=("The ratio of averages; the alignment of one wide layer fluctuates around it.",),
    ),
    Derivation(
        name="identities.growth",
        title="From the initial UC-NFA to the C-NFA",
        wording="With $W := s\\,G_0 + t\\,V$ the averaged numerator is $<<initial>>$, plus mixed terms "
        "$<<cross>>$, plus $<<centered>>$; likewise the norms. The UC-NFA is a function of $t/s$ alone.",
        assumptions=(
            INDEPENDENT,
            "Leading order in time, with a velocity $V$ that does not depend on the layer's weights.",
        ),
        source=SOURCE,
        derive=growth,
        limits=("First order in time for the weights, zeroth for $K$; the ratio of averages.",),
    ),
)
