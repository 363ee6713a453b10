"""A quadratic network on finitely many Gaussian samples: what the fluctuations of the data do to early alignment.

``A_n = (1/n) sum y x x^T`` and ``B_n = (1/n) sum x x^T`` are means of independent terms. So the average of any trace
polynomial of them is its population value plus, to order ``1/n``, its second-order response to a single sample.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import sympy

from derivations.algebra import Matrix, MatrixPolynomial, Scalar, TracePolynomial, identity, series, tr
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.expectation import GaussianMatrix, expect
from derivations.forms.alignment_ratio import alignment_of
from derivations.forms.evaluation import evaluate_formula
from derivations.forms.ratio_response import leading_values, relative_response
from derivations.judging.instances import squared_norm
from derivations.quadratic.leading_order import NETWORK, SOURCE, A, B, d, n
from derivations.quadratic.population import Q, Sigma, x
from derivations.quadratic.sample_instance import SAMPLES, bias, trace_responses, value_at

v: Final = Scalar("v")
Y: Final = Matrix("Y", d, symmetric=True)
Delta: Final = Matrix("Delta", d, symmetric=True, latex=r"\Delta")
H: Final = Matrix("H", d, symmetric=True)
noise: Final = GaussianMatrix("e", 1, 1, row_covariance=identity(1) * v)
LABEL: Final = tr(x.T * Q * x) + tr(noise)
WIDE: Final = alignment_of(A * A, A * B * A)
PARTS: Final = dict(zip(("tr(A^4 B)", "tr(A^4)", "tr(A^2 B A^2 B)"), WIDE.parts, strict=True))
LATEX: Final = {
    "mean": r"E\,A_n",
    "second moment": r"E\,A_n Y A_n",
    "bias": r"E\,\rho/\rho_\infty - 1",
    "limit": r"\rho_\infty",
    **{name: rf"E\operatorname{{{name.replace('(', '}(', 1)}" for name in PARTS},
}
Polynomial = TypeVar("Polynomial", MatrixPolynomial, TracePolynomial)


def over_a_sample(expression: Polynomial) -> Polynomial:
    """Average over one Gaussian input and the noise of its label."""
    return expect(expression, over=[x, noise])


def over_deviations(response: TracePolynomial) -> TracePolynomial:
    """Average a form that is quadratic in the deviations of ``A_n`` and ``B_n``."""
    one = {Delta: LABEL * x * x.T - A, H: x * x.T - Sigma}
    return over_a_sample(response.subs(one).subs({B: Sigma})) / n


def sample_moments() -> Proof:
    """Derive the moments of ``A_n`` and the averages of the three traces of a wide network."""
    term = LABEL * x * x.T
    mean = over_a_sample(term)
    square = A * Y * A
    second = square + (over_a_sample(term * Y * term) - square) / n
    responses = {name: series(part, {A: Delta, B: H}, 2)[2] for name, part in PARTS.items()}
    averages = {name: PARTS[name].subs({B: Sigma}) + over_deviations(each) for name, each in responses.items()}
    steps = (
        Step(
            "Labels are $y = x^\\top Q x$ plus noise of variance $v$. Average one term of $A_n$.",
            (Equation("mean", mean, LATEX["mean"]),),
            ("Gaussian integration by parts",),
        ),
        Step(
            "In $A_n Y A_n$ two samples are the same with a share $1/n$, and independent otherwise.",
            (Equation("second moment", second, LATEX["second moment"]),),
        ),
        Step(
            "Expand the traces of an infinitely wide network to second order in $\\Delta = A_n - A$ and "
            "$H = B_n - \\Sigma$, and average the second order over a single sample.",
            tuple(Equation(name, each, LATEX[name]) for name, each in averages.items()),
            ("quadratic.infinite_width", "independent samples"),
        ),
    )
    return Proof(steps, {"mean": mean, "second moment": second, **averages}, _obligations_of_moments, LATEX)


def _obligations_of_moments(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Average over pairings of one sample: the moments, and the second order of the traces in what it adds."""
    residuals: dict[str, Residual] = {}
    for count in SAMPLES:
        at = value_at(count)
        same, apart = at.values["same"], at.values["A"] * at.values["Y"] * at.values["A"]
        second = (count * same + count * (count - 1) * apart) / sympy.Integer(count) ** 2
        residuals |= {
            f"mean, {count} samples": squared_norm(at(closed_form["mean"]) - at.values["A"]),
            f"second moment, {count} samples": squared_norm(at(closed_form["second moment"]) - second),
        }
        for name, (zeroth, response) in zip(PARTS, trace_responses(), strict=True):
            residuals[f"{name}, {count} samples"] = at(closed_form[name]) - zeroth - response / count
    return residuals


def sample_bias() -> Proof:
    """Derive the mean of the C-NFA of an infinitely wide network to order ``1/n``."""
    response = relative_response(WIDE, {A: Delta, B: H}, 2)
    bias = over_deviations(response[2])
    limit = WIDE.map(lambda part: part.subs({B: Sigma}))
    steps = (
        Step(
            "Expand the C-NFA, relative to its population value, in $\\Delta = A_n - A$ and $H = B_n - \\Sigma$; $N$, "
            "$D_1$ and $D_2$ are the three traces at the population moments.",
            (Equation("limit", limit, LATEX["limit"]), Equation("second order", response[2])),
            ("quadratic.infinite_width", "Taylor series of the traces"),
        ),
        Step(
            "Average the second order over a single sample.",
            (Equation("bias", bias, LATEX["bias"]),),
            ("independent samples", "Gaussian integration by parts"),
        ),
    )
    closed_form = {"limit": limit, "bias": bias}

    def function(**values: Any) -> dict[str, Any]:
        known = {**values, **leading_values(limit, values)}
        value = evaluate_formula(limit, known)
        return {"limit": value, "mean": value * (1 + evaluate_formula(bias, known))}

    return Proof(steps, closed_form, _obligations_of_bias, LATEX, function)


def _obligations_of_bias(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Expand the logarithm of the alignment in what one sample adds, and average over its pairings."""
    at = value_at(SAMPLES[0])
    traces = [at.values[name] for name in ("N", "D_1", "D_2")]
    residuals: dict[str, Residual] = dict(closed_form["limit"].residuals(at, traces, "the limit"))
    for count in SAMPLES:
        residuals[f"bias, {count} samples"] = value_at(count)(closed_form["bias"]) - bias() / count
    return residuals


GAUSSIAN_SAMPLES: Final = (
    "Independent inputs $x \\sim N(0, \\Sigma)$; labels $y = x^\\top Q x$ plus independent Gaussian noise of "
    "variance $v$."
)
WIDE_FROM_ZERO: Final = "Infinite width; the residuals are the labels (a network that starts at 0)."

DERIVATIONS: Final = (
    Derivation(
        name="quadratic.finite_sample_moments",
        title="Label-weighted moments of finitely many Gaussian samples",
        wording="$A_n$ has the mean $A = <<mean>>$ and an exact second moment; the averages of the three "
        "traces of a wide network are their population values plus $1/n$ times a trace polynomial.",
        assumptions=(NETWORK, GAUSSIAN_SAMPLES, WIDE_FROM_ZERO),
        source=SOURCE,
        derive=sample_moments,
        limits=("Mean and second moment are exact; the traces are exact to order $1/n$.",),
    ),
    Derivation(
        name="quadratic.finite_sample_bias",
        title="The C-NFA of a wide quadratic network on finitely many Gaussian samples",
        wording="The mean of the C-NFA, relative to its limit $\\rho_\\infty = <<limit>>$, differs from 1 "
        "by $1/n$ times a trace polynomial of $A$, $Q$ and $\\Sigma$ over powers of the three traces of "
        "the population, up to $O(1/n^2)$.",
        assumptions=(NETWORK, GAUSSIAN_SAMPLES, WIDE_FROM_ZERO),
        source=SOURCE,
        derive=sample_bias,
        limits=(
            "To order $1/n$ at fixed dimension.",
            "For isotropic inputs $\\rho_\\infty = 1$: see data.isotropic_inputs.",
        ),
    ),
)
