"""A quadratic network of finite width: averages over Gaussian weights, and mean and variance of the alignment.

The ratio of the averages is not the average of the ratio. The former is exact in the width ``k``; the latter is a
series in ``1/k``, from the response of the alignment to the fluctuations of ``M`` around the identity.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, TracePolynomial, identity
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.expectation import Wishart, expect, large_dimension
from derivations.forms.alignment_ratio import alignment_of
from derivations.forms.evaluation import evaluate_formula
from derivations.forms.ratio_response import leading_values, relative_response
from derivations.judging.instances import integer_matrix
from derivations.judging.pairings import GaussianAverage
from derivations.judging.termwise import TermwiseValue
from derivations.quadratic.fluctuations import SOME_WIDTHS, expected_response, joint_moment_route, value_at_width
from derivations.quadratic.infinite_width import INDEPENDENT, RANDOM_WEIGHTS
from derivations.quadratic.leading_order import NETWORK, SOURCE, A, B, M, W, d, k

E: Final = Matrix("E", d, symmetric=True)
SUM_OF_NEURONS: Final = Wishart("M", dof=k, covariance=identity(d))
MEAN_OF_NEURONS: Final = Wishart("M", dof=k, covariance=identity(d) / k)
FINITE: Final = alignment_of(A * M * A, A * M * B * M * A)
LIMIT: Final = FINITE.map(lambda part: part.subs({M: identity(d)}))
LATEX: Final = {
    "averages": r"\frac{E\operatorname{tr}(F_c G_c)}{\sqrt{E\operatorname{tr}(F_c^2)\,E\operatorname{tr}(G_c^2)}}",
    "mean": r"E\,\rho/\rho_\infty - 1",
    "variance": r"\operatorname{Var}\rho/\rho_\infty^2",
    "limit": r"\rho_\infty",
}
ORDER: Final = 2
"""Highest power of ``1/k`` in the mean; the variance is given to its first."""


def averages() -> Proof:
    """Average the three traces of the C-NFA over Gaussian weights."""
    ratio = FINITE.map(lambda part: expect(part.subs({M: SUM_OF_NEURONS}), over=[SUM_OF_NEURONS]))
    steps = (
        Step(
            "With $a_j = \\pm 1$ and standard Gaussian rows, $M = W^\\top W$ is a Wishart matrix with $k$ degrees of "
            "freedom. The traces are moments of degree 3, 2 and 4.",
            (Equation("C-NFA", FINITE, r"\rho(F_c, G_c)"),),
            ("quadratic.leading_order",),
        ),
        Step(
            "Their averages are exact at every width. The ratio is that of the averages.",
            (Equation("averages", ratio, LATEX["averages"]),),
            ("Wishart moments",),
        ),
    )
    return Proof(steps, {"averages": ratio}, _obligations_of_averages, LATEX, stated=_degrees)


def _degrees(closed_form: Mapping[str, Any]) -> dict[str, Any]:
    """Read the degree in the width off each average."""
    width = sympy.Symbol("k")
    return {
        f"degree of the {name}": max(sympy.degree(each.numerator.as_expr(), width) for each in part.terms.values())
        for name, part in zip(("numerator", "first", "second"), closed_form["averages"].parts, strict=True)
    }


WIDTHS: Final = range(1, 8)
"""More widths than the degree of the averages in the width, four, plus one."""


def _obligations_of_averages(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Average over pairings of the weights."""
    residuals: dict[str, Residual] = {}
    for fan_in in (5, 6):
        at, means = _paired(fan_in)
        for width in WIDTHS:
            here = [each.subs(sympy.Symbol("k"), width) for each in means]
            name = f"the averages at k = {width}, d = {fan_in}"
            residuals |= closed_form["averages"].residuals(at.with_scalars(k=width), here, name)
    return residuals


@cache
def _paired(fan_in: int) -> tuple[TermwiseValue, tuple[Any, ...]]:
    values: dict[str, Any] = {
        name: integer_matrix(fan_in, fan_in, seed, symmetric=True) for seed, name in enumerate("AB", start=1)
    }
    change = W * A
    traces = alignment_of(change.T * change, change.T * W * B * W.T * change)
    means = traces.map(GaussianAverage({**values, "d": fan_in}, {"W": None})).parts
    return TermwiseValue({**values, "d": fan_in, "k": 1}), means


def mean_and_variance() -> Proof:
    """Expand mean and variance of the C-NFA in ``1/k``."""
    first = relative_response(FINITE, {M: E}, 2 * ORDER, initial={M: identity(d)})
    mean = _in_inverse_width(sum(first[2:], first[1]), ORDER)
    variance = _in_inverse_width(first[1] * first[1], 1)
    steps = (
        Step(
            "Write $M = k(I + E)$, and $N$, $D_1$, $D_2$ for the three traces at $E = 0$: the limit of infinite width.",
            (Equation("limit", LIMIT, LATEX["limit"]),),
            ("quadratic.infinite_width",),
        ),
        Step(
            "Expand the alignment, relative to the limit, in powers of $E$. The terms of second order are shown.",
            (Equation("first order", first[1]), Equation("second order", first[2])),
            ("Taylor series of the traces", "binomial series"),
        ),
        Step(
            "Average over the Wishart fluctuations. In the mean, terms of third and fourth order contribute to "
            "$1/k^2$, which is part of the closed form too.",
            (Equation("mean", mean[0], LATEX["mean"]), Equation("variance", variance[0], LATEX["variance"])),
            ("Wishart moments",),
        ),
    )
    closed_form = {"limit": LIMIT, "mean": mean, "variance": variance}
    return Proof(steps, closed_form, _obligations_of_mean, LATEX, _moments_function(closed_form), _orders)


def _orders(closed_form: Mapping[str, Any]) -> dict[str, Any]:
    """Count the orders of ``1/k`` in the mean."""
    return {"orders": sympy.Integer(len(closed_form["mean"]))}


def _in_inverse_width(response: TracePolynomial, order: int) -> tuple[TracePolynomial, ...]:
    """Average over the fluctuations, and keep the powers of ``1/k`` from the first up to an order."""
    average = expect(response.subs({E: MEAN_OF_NEURONS - identity(d)}), over=[MEAN_OF_NEURONS])
    return large_dimension(average, [k], order=order - 1).terms


def _obligations_of_mean(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Expand the alignment in the entries of M, and compare with joint moments of the traces too."""
    at, expected = expected_response()
    other_route = joint_moment_route()
    traces = [at.values[name] for name in ("N", "D_1", "D_2")]
    residuals: dict[str, Residual] = dict(closed_form["limit"].residuals(at, traces, "the limit"))
    for width in SOME_WIDTHS:
        here = value_at_width(width)
        for name in ("mean", "variance"):
            for j, (term, value) in enumerate(zip(closed_form[name], expected[name], strict=False), start=1):
                residuals[f"{name} at order {j}, width {width}"] = here(term) - value / width**j
            other = other_route[name].subs(sympy.Symbol("k"), width)
            residuals[f"{name} from joint moments, width {width}"] = here(closed_form[name][0]) - other
    return residuals


def _moments_function(closed_form: Mapping[str, Any]) -> Any:
    def function(**values: Any) -> dict[str, Any]:
        known = {**values, **leading_values(closed_form["limit"], values)}
        limit = evaluate_formula(closed_form["limit"], known)
        bias, spread = (sum(evaluate_formula(closed_form[name], known)) for name in ("mean", "variance"))
        return {"limit": limit, "mean": limit * (1 + bias), "variance": limit**2 * spread}

    return function


DERIVATIONS: Final = (
    Derivation(
        name="quadratic.finite_width_averages",
        title="Averages over the weights of a quadratic network, exact in the width",
        wording="For Gaussian rows and $a_j = \\pm 1$, the averages of $\\operatorname{tr}(F_c G_c)$, "
        "$\\operatorname{tr}(F_c^2)$ and $\\operatorname{tr}(G_c^2)$ are polynomials in $k$ of degree "
        "$<<degree of the numerator>>$, $<<degree of the first>>$ and $<<degree of the second>>$.",
        assumptions=(NETWORK, RANDOM_WEIGHTS, INDEPENDENT),
        source=SOURCE,
        derive=averages,
        limits=(
            "The ratio of the averages, not the average of the ratio: at small width they differ by several percent.",
        ),
    ),
    Derivation(
        name="quadratic.finite_width_mean",
        title="Mean and variance of the C-NFA of a quadratic network of finite width",
        wording="The mean of the C-NFA, relative to its limit $\\rho_\\infty = <<limit>>$, differs from 1 "
        "by a series in $1/k$ of which $<<orders>>$ terms are derived; so is its variance to order $1/k$. "
        "The terms are trace polynomials of $A$ and $B$ over powers of the three traces at infinite width.",
        assumptions=(NETWORK, RANDOM_WEIGHTS, INDEPENDENT),
        source=SOURCE,
        derive=mean_and_variance,
        limits=(
            "An expansion for a width that is large compared with the number of directions in which $A^2$ is large.",
        ),
    ),
)
