"""The random function of a wide network at initialization: averages of ``R R^T`` and of the traces of the early C-NFA.

The function is a Gaussian process, independent over outputs, and the residuals are ``R = Y - f``. The traces are of
fourth degree in ``R``, inside elementwise products; written through the columns of the layer's inputs they become
products of two traces, of which the engine takes the average.
"""

import math
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import numpy as np
import sympy

from derivations.algebra import Matrix, Scalar, TracePolynomial, diagonal, tr
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.expectation import GaussianMatrix, expect
from derivations.forms.alignment_ratio import AlignmentRatio
from derivations.forms.evaluation import evaluate_formula
from derivations.identities.layer import n
from derivations.judging.gaussian import normal_mean
from derivations.judging.instances import evaluate_exactly, integer_matrix, squared_norm
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


def _instance(samples: int, outputs: int) -> tuple[dict[str, Any], sympy.Matrix, list[sympy.Symbol]]:
    """Draw labels, a factor of the covariance and the residuals as functions of independent letters."""
    L, labels = integer_matrix(samples, samples, seed=51), integer_matrix(samples, outputs, seed=52)
    G = sympy.Matrix(samples, outputs, lambda i, j: sympy.Symbol(f"g_{i}_{j}"))
    values = {"Y": labels, "Sigma": L * L.T, "n": samples, "c": outputs}
    return values, labels - L * G, list(G)


def _obligations_of_mean(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Average entry by entry."""
    values, R, letters = _instance(2, 3)
    mean = (R * R.T).applyfunc(lambda entry: normal_mean(sympy.expand(entry), letters))
    return {"entry by entry": squared_norm(evaluate_exactly(closed_form["mean"], values) - mean)}


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


INSTANCES: Final = ((2, 2, 2), (3, 1, 1))
"""Samples, columns of the inputs, outputs."""


@cache
def _truth(samples: int, columns: int, outputs: int) -> tuple[sympy.Expr, ...]:
    """Average the traces of ``P S Q S`` and so on, from the elementwise products."""
    _, R, letters = _instance(samples, outputs)
    kernel, Z = _kernel_and_inputs(samples, columns)
    S, product = Z * Z.T, R * R.T
    P, Q = (sympy.matrix_multiply_elementwise(each, product) * S for each in (kernel, kernel * kernel))
    return tuple(normal_mean(sympy.expand((M * N).trace()), letters) for M, N in ((P, Q), (P, P), (Q, Q)))


def _kernel_and_inputs(samples: int, columns: int) -> tuple[sympy.Matrix, sympy.Matrix]:
    return integer_matrix(samples, samples, 53, symmetric=True), integer_matrix(samples, columns, 54)


@cache
def _value_for_columns(samples: int, columns: int, outputs: int, i: int, j: int) -> TermwiseValue:
    values, _, _ = _instance(samples, outputs)
    kernel, Z = _kernel_and_inputs(samples, columns)
    matrices = {"Y": values["Y"], "Sigma": values["Sigma"], "kappa0": kernel, "u": Z[:, i], "v": Z[:, j]}
    return TermwiseValue(matrices, {"n": samples, "c": outputs})


def _obligations_of_traces(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Sum over pairs of columns, and compare with averages over all letters of the function."""
    residuals: dict[str, Residual] = {}
    for sizes in INSTANCES:
        pairs = [(i, j) for i in range(sizes[1]) for j in range(sizes[1])]
        for part, mean in zip(PARTS, _truth(*sizes), strict=True):
            formula = getattr(closed_form["term"], part)
            total = sum(_value_for_columns(*sizes, i, j)(formula) for i, j in pairs)
            residuals[f"{part} for {sizes[0]} samples"] = total - mean
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
        statement="$E[R R^\\top] = Y Y^\\top + c\\, \\Sigma$.",
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
        statement="The averages of $\\operatorname{tr}(P S Q S)$, $\\operatorname{tr}(P S P S)$ and "
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
