"""The random function of a wide network at initialization: averages of ``R R^T`` and of the traces of the early C-NFA.

The function is a Gaussian process, independent over outputs, and the residuals are ``R = Y - f``. The traces are of
fourth degree in ``R``, inside elementwise products; written through the columns of the layer's inputs they become
products of two traces, of which the engine takes the average.
"""

import math
from collections.abc import Mapping
from functools import cache
from itertools import product
from typing import Any, Final

import numpy as np
import sympy

from derivations.algebra import Matrix, Scalar, TracePolynomial, diagonal, tr
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.expectation import GaussianMatrix, expect
from derivations.forms.alignment_ratio import AlignmentRatio
from derivations.forms.evaluation import evaluate_formula
from derivations.identities.layer import n
from derivations.judging.instances import integer_matrix, squared_norm
from derivations.judging.termwise import TermwiseValue

c: Final = Scalar("c")
Y: Final = Matrix("Y", n, c)
Sigma: Final = Matrix("Sigma", n, symmetric=True, latex=r"\Sigma")
f: Final = GaussianMatrix("f", n, c, row_covariance=Sigma)
H: Final = Matrix("H", n, symmetric=True)
kappa0: Final = Matrix("kappa0", n, symmetric=True, latex=r"\kappa_0")
u: Final = Matrix("u", n, 1)
v: Final = Matrix("v", n, 1)
ROUNDING: Final = 1e-13
"""Directions in which ``S`` is smaller, relative to its largest, count as absent."""
PARTS: Final = ("numerator", "first", "second")
LATEX: Final = {"mean": r"E[R R^\top]", "term": "E[N_{uv}] / \\sqrt{E[D_{1,uv}]\\, E[D_{2,uv}]}"}
SOURCE: Final = (
    "Derived here; the process: Neal 1996, Lee et al. 2018, arXiv 1711.00165; the alignment: Beaglehole, Mitliagkas "
    "and Agarwala, arXiv 2402.05271"
)


def mean_product() -> Proof:
    """Average ``R R^T`` over the random function."""
    R = Y - f
    mean = expect(R * R.T, over=[f])
    steps = (
        Step(
            "The residuals are $R = Y - f$ with independent columns of $f$, each with covariance $\\Sigma$.",
            (Equation("R R^T", R * R.T, r"R R^\top"),),
            ("wide.forward_kernel: the covariance of the outputs",),
        ),
        Step("Average.", (Equation("mean", mean, LATEX["mean"]),), ("Gaussian moments",)),
    )
    return Proof(steps, {"mean": mean}, _obligations_of_mean, LATEX)


@cache
def _instance(samples: int, outputs: int) -> TermwiseValue:
    """Draw labels and a covariance, a kernel and inputs."""
    root, labels = integer_matrix(samples, samples, seed=51), integer_matrix(samples, outputs, seed=52)
    kernel, Z = integer_matrix(samples, samples, 53, symmetric=True), integer_matrix(samples, samples, 54)
    values = {"Y": labels, "Sigma": root * root.T, "kappa0": kernel, "Z": Z, "n": samples, "c": outputs}
    return TermwiseValue(values)


SAMPLES: Final = 5
OUTPUTS: Final = (1, 2, 3, 4)
"""Numbers of outputs: they occur in the second power at most. Traces have up to five factors of one matrix."""


def _obligations_of_mean(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Average entry by entry."""
    residuals: dict[str, Residual] = {}
    for outputs in OUTPUTS:
        at = _instance(SAMPLES, outputs)

        def entry(mu: int, nu: int, at: TermwiseValue = at, outputs: int = outputs) -> sympy.Expr:
            return sum(_moment(at.values, ((mu, i), (nu, i))) for i in range(outputs))

        mean = sympy.Matrix(SAMPLES, SAMPLES, entry)
        residuals[f"entry by entry, {outputs} outputs"] = squared_norm(at(closed_form["mean"]) - mean)
    return residuals


def _moment(values: Mapping[str, Any], factors: tuple[tuple[int, int], ...]) -> sympy.Expr:
    """Average a product of entries ``R_mu,i = Y_mu,i - f_mu,i`` by Isserlis' theorem, the first split off."""
    if not factors:
        return sympy.Integer(1)
    (mu, i), *rest = factors
    total = values["Y"][mu, i] * _moment(values, tuple(rest))
    for place, (nu, j) in enumerate(rest):
        if i == j:
            total += values["Sigma"][mu, nu] * _moment(values, (*rest[:place], *rest[place + 1 :]))
    return total


def traces() -> Proof:
    """Average the three traces of the early C-NFA over the random function."""
    B, C = Matrix("B", n, n), Matrix("C", n, n)
    R = Y - f
    pair = expect(tr(B * R * R.T) * tr(C * R * R.T), over=[f])
    P, Q = (diagonal(u) * kernel * diagonal(v) for kernel in (kappa0, kappa0 * kappa0))

    def average(left: Any, right: Any) -> TracePolynomial:
        return pair.subs({B: left, C: right.T})

    term = AlignmentRatio(average(P, Q), average(P, P), average(Q, Q))
    before = AlignmentRatio(*(tr(left * H) * tr(right.T * H) for left, right in ((P, Q), (P, P), (Q, Q))))
    steps = (
        Step(
            "With $H = R R^\\top$ and $S = \\sum_u u u^\\top$ over the columns of the inputs, $P = \\kappa_0 \\circ H$ "
            "has $u^\\top P v = \\operatorname{tr}(\\operatorname{diag}(u)\\, \\kappa_0 \\operatorname{diag}(v) H)$. "
            "So $\\operatorname{tr}(P S Q S)$ is the sum over all pairs $u, v$ of a product of two traces, and so are "
            "the norms.",
            (Equation("N_uv / sqrt(D_1,uv D_2,uv)", before, r"N_{uv} / \sqrt{D_{1,uv}\, D_{2,uv}}"),),
            ("early.separate_outputs", "linearity of the elementwise product"),
        ),
        Step(
            "The average of such a product, for any two matrices $B$ and $C$, by Gaussian moments of fourth degree.",
            (Equation("E[tr(B H) tr(C H)]", pair, r"E[\operatorname{tr}(B H) \operatorname{tr}(C H)]"),),
            ("wide.random_function_products", "Gaussian moments"),
        ),
        Step(
            "Insert the matrices. Numerator and squared norms are the sums of these over the pairs of columns.",
            (Equation("term", term, LATEX["term"]),),
        ),
    )
    closed_form = {"term": term}
    return Proof(steps, closed_form, _obligations_of_traces, LATEX, lambda **values: _summed(closed_form, **values))


@cache
def _truth(samples: int, outputs: int) -> tuple[sympy.Expr, ...]:
    """Average ``tr(P S Q S)`` and so on from the definition ``P = kappa_0 o R R^T``, entry by entry."""
    values = _instance(samples, outputs).values
    S, kernel = values["Z"] * values["Z"].T, values["kappa0"]
    kernels, totals = (kernel, kernel * kernel), [sympy.Integer(0)] * 3
    for a, b, c_, e in product(range(samples), repeat=4):
        pairs = product(range(outputs), repeat=2)
        joint = sum(_moment(values, ((a, i), (b, i), (c_, j), (e, j))) for i, j in pairs) * S[b, c_] * S[e, a]
        for place, (left, right) in enumerate(((0, 1), (0, 0), (1, 1))):
            totals[place] += kernels[left][a, b] * kernels[right][c_, e] * joint
    return tuple(totals)


@cache
def _value_for_columns(outputs: int, i: int, j: int) -> TermwiseValue:
    values = _instance(SAMPLES, outputs).values
    return TermwiseValue({**values, "u": values["Z"][:, i], "v": values["Z"][:, j]})


def _obligations_of_traces(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Sum over pairs of columns, and compare with averages over all entries of the function."""
    residuals: dict[str, Residual] = {}
    places = list(product(range(SAMPLES), repeat=2))
    for outputs in OUTPUTS:

        def summed(formula: TracePolynomial, outputs: int = outputs) -> sympy.Expr:
            return sympy.Add(*(_value_for_columns(outputs, i, j)(formula) for i, j in places))

        residuals |= closed_form["term"].residuals(summed, _truth(SAMPLES, outputs), f"the averages, {outputs} outputs")
    return residuals


def _summed(closed_form: Mapping[str, Any], *, kappa0: Any, S: Any, Sigma: Any, Y: Any) -> dict[str, float]:
    """Sum over the pairs of principal directions of ``S``."""
    sizes, axes = np.linalg.eigh(S)
    kept = sizes > ROUNDING * sizes.max()
    columns = (axes[:, kept] * np.sqrt(sizes[kept])).T[:, :, None]
    given = {"kappa0": kappa0, "Sigma": Sigma, "Y": Y, "n": Y.shape[0], "c": Y.shape[1]}
    found = dict.fromkeys(PARTS, 0.0)
    for first in columns:
        for second in columns:
            for part in PARTS:
                formula = getattr(closed_form["term"], part)
                found[part] += float(evaluate_formula(formula, {**given, "u": first, "v": second}))
    return found | {"ratio_of_averages": found["numerator"] / math.sqrt(found["first"] * found["second"])}


PROCESS: Final = (
    "In the limit of infinite width the function at initialization is Gaussian, independent over the $c$ outputs, with "
    "the covariance $\\Sigma = \\Sigma^{(L+1)}$ over the samples, and independent of the kernels."
)

DERIVATIONS: Final = (
    Derivation(
        name="wide.random_function_products",
        title="The average of the products of residuals over the random function",
        wording="$E[R R^\\top] = <<mean>>$.",
        assumptions=(PROCESS, "Squared error: $R = Y - f$."),
        source="Neal 1996; Lee et al. 2018, arXiv 1711.00165: wide networks as Gaussian processes",
        derive=mean_product,
        limits=(
            "$P$ and $Q$ are linear in $R R^\\top$, so that their averages follow; the C-NFA is not, and its value at "
            "the average is not its average.",
        ),
    ),
    Derivation(
        name="wide.random_function_traces",
        title="The traces of the early C-NFA averaged over the random function",
        wording="The averages of $\\operatorname{tr}(P S Q S)$, $\\operatorname{tr}(P S P S)$ and "
        "$\\operatorname{tr}(Q S Q S)$ over the random function are sums over pairs of columns of the layer's inputs "
        "of trace polynomials in $\\kappa_0$, $\\Sigma$ and $Y Y^\\top$, exact for any number of samples and outputs.",
        assumptions=(
            PROCESS,
            "Squared error: $R = Y - f$.",
            "$P = \\kappa_0 \\circ R R^\\top$, $Q = \\kappa_0^2 \\circ R R^\\top$.",
        ),
        source=SOURCE,
        derive=traces,
        limits=(
            "The ratio of these averages is not the average of the ratio, which has no closed form here.",
            "The numeric function sums over pairs of directions of $S$: for tens of samples.",
        ),
    ),
)
