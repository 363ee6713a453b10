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
from derivations.judging.instances import evaluate_exactly, integer_matrix, normal_mean

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
    top, first, second = (_in_symbols(part) for part in (uc_nfa.numerator, uc_nfa.first, uc_nfa.second))
    value = sympy.simplify(sympy.factor(top) / sympy.sqrt(sympy.factor(first) * sympy.factor(second)))
    defect = sympy.factor(1 - value**2)
    parts = ((r"F G", averages.numerator), ("F^2", averages.first), ("G^2", averages.second))
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
    return _positive(part.as_sympy(names))


def _positive(expression: sympy.Expr) -> sympy.Expr:
    return expression.xreplace({each: sympy.Symbol(each.name, positive=True) for each in expression.free_symbols})


def _obligations_of_initial_value(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Average over the entries of small matrices."""
    ratio, value = closed_form["UC-NFA"], closed_form["value"]
    residuals = {**_against_entries(ratio, 2, 3, 1, 0), **_against_entries(ratio, 3, 1, 1, 0)}
    values, (numerator, first, second) = _entrywise(2, 3, 1, 0)
    traces = {"tr_K": values["K"].trace(), "tr_K2": (values["K"] ** 2).trace(), "k": 2, "m": 3}
    at_instance = value.subs({each: traces[each.name] for each in value.free_symbols})
    residuals |= {"defect": closed_form["defect"] - (1 - value**2)}
    return {**residuals, "value at 2 x 3": at_instance - numerator / sympy.sqrt(first * second)}


Averages = tuple[sympy.Expr, sympy.Expr, sympy.Expr]


@cache
def _entrywise(rows: int, cols: int, scale: int, time: int) -> tuple[dict[str, Any], Averages]:
    """Average the definitions over independent normal entries of integer instances."""
    change, covariance = integer_matrix(rows, cols, 1), integer_matrix(rows, rows, 2, symmetric=True)
    entries = sympy.Matrix(rows, cols, lambda i, j: sympy.Symbol(f"g_{i}_{j}"))
    weights = scale * entries + time * change
    F, G = weights.T * weights, weights.T * covariance * weights
    products = ((F * G).trace(), (F * F).trace(), (G * G).trace())
    means = tuple(normal_mean(sympy.expand(each), list(entries)) for each in products)
    return {"V": change, "K": covariance, "s": scale, "t": time, "k": rows, "m": cols}, (means[0], means[1], means[2])


def _against_entries(ratio: AlignmentRatio, rows: int, cols: int, scale: int, time: int) -> dict[str, Residual]:
    values, means = _entrywise(rows, cols, scale, time)
    parts = {"tr(F G)": ratio.numerator, "tr(F^2)": ratio.first, "tr(G^2)": ratio.second}
    pairs = zip(parts.items(), means, strict=True)
    return {f"{name} at {rows} x {cols}": evaluate_exactly(part, values) - mean for (name, part), mean in pairs}


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
    """Average over the entries of small matrices, with and without a change."""
    ratio = closed_form["UC-NFA"]
    total = closed_form["initial"] + closed_form["cross"] + closed_form["centered"]
    starts, ends = ((_entrywise(2, 2, scale, time)) for scale, time in ((2, 0), (0, 3)))
    return {
        **_against_entries(ratio, 2, 2, 2, 3),
        **_against_entries(ratio, 2, 1, 2, 3),
        "the parts sum to the numerator": total - ratio.numerator,
        "initial": evaluate_exactly(closed_form["initial"], starts[0]) - starts[1][0],
        "centered": evaluate_exactly(closed_form["centered"], ends[0]) - ends[1][0],
    }


DERIVATIONS: Final = (
    Derivation(
        name="identities.initial_uc_nfa",
        title="The UC-NFA before training",
        statement="For Gaussian weights (k x m) the ratio of averages is "
        "$\\sqrt{m + k + 1}\\, \\operatorname{tr} K / \\sqrt{k ((m + 1) \\operatorname{tr} K^2 + "
        "(\\operatorname{tr} K)^2)}$: it depends on the width, the fan-in and how isotropic the PTF covariance is, not "
        "on the scale. It is 1 if and only if $K$ is a multiple of the identity (or $k = 1$).",
        assumptions=(INDEPENDENT,),
        source=SOURCE,
        derive=initial_value,
        limits=("The ratio of averages; the alignment of one wide layer fluctuates around it.",),
    ),
    Derivation(
        name="identities.growth",
        title="From the initial UC-NFA to the C-NFA",
        statement="With $W = s\\,G_0 + t\\,V$ the averaged numerator is $s^4 m(m + k + 1) \\operatorname{tr} K$, plus "
        "mixed terms in $s^2 t^2$, plus $t^4 \\operatorname{tr}(V^\\top V V^\\top K V)$; likewise the norms. The "
        "UC-NFA is a function of $t/s$ alone.",
        assumptions=(
            INDEPENDENT,
            "Leading order in time, with a velocity $V$ that does not depend on the layer's weights.",
        ),
        source=SOURCE,
        derive=growth,
        limits=("First order in time for the weights, zeroth for $K$; the ratio of averages.",),
    ),
)
