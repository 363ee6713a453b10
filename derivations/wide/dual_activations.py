"""The duals of the activations as claims: ``E[phi(u) phi(v)]`` and ``E[phi'(u) phi'(v)]`` at correlated Gaussians.

In an infinitely wide layer the first is the covariance of what the next layer takes in, the second the tangent kernel.
Each is derived by the method that suits the activation, and judged by a plain integral of the definition, in symbols.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

import sympy as sp

from derivations.activation_integrals import dual
from derivations.activation_integrals.definitions import Parameter, c, define, h, q1, q2
from derivations.activation_integrals.error_function import tilted_dual
from derivations.activation_integrals.exponentials import completed_square
from derivations.activation_integrals.polynomials import moment
from derivations.activation_integrals.price import heat_obligation
from derivations.activation_integrals.rectifiers import delta_dual
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.wide.dual_obligations import (
    SLOPE,
    VALUE,
    judge_erf,
    judge_exponential,
    judge_polynomial,
    judge_rectifier,
)

LATEX: Final = {VALUE: r"\mathbb{E}[\phi(u)\,\phi(v)]", SLOPE: r"\mathbb{E}[\phi'(u)\,\phi'(v)]"}
a: Final = sp.Symbol("a", real=True)
"""Slope of the leaky ReLU below zero."""
GAUSSIAN: Final = (
    "$u$ and $v$ are centered Gaussians with variances $q_1, q_2 > 0$ and covariance $c$, $c^2 \\le q_1 q_2$."
)


class Case(NamedTuple):
    """An activation whose duals are a claim.

    Parameters
    ----------
    name : str
        As in `derivations.activation_integrals.ACTIVATION_NAMES`.
    parameter : int, SymPy expression or None
        Its parameter.
    title : str
        The activation in words.
    family : Family
        How its duals are derived and judged.
    """

    name: str
    parameter: Parameter
    title: str
    family: "Family"


class Family(NamedTuple):
    """A method.

    Parameters
    ----------
    steps : callable
        From a case to the steps between definition and result.
    residuals : callable
        From the name, the parameter and a closed form to what must vanish.
    source : str
        Where the method or the result is from.
    """

    steps: Callable[[Case], tuple[Step, ...]]
    residuals: Callable[[str, Parameter, Mapping[str, Any]], Mapping[str, Residual]]
    source: str


def prove(case: Case) -> Proof:
    """Derive the duals of an activation and of its derivative."""
    found = dual(case.name, case.parameter)
    closed_form = {VALUE: _collected(found.expression), SLOPE: _collected(found.derivative.expression)}
    definition = Step(
        "The activation and its derivative, where it has one.",
        (Equation("phi", found.definition, r"\phi(h)"), Equation("phi'", found.derivative.definition, r"\phi'(h)")),
        ("definition of the activation",),
    )
    result = Step(
        "This gives both duals in the variances and the covariance.",
        tuple(Equation(each, formula, LATEX[each]) for each, formula in closed_form.items()),
    )
    steps = (definition, *case.family.steps(case), result)
    return Proof(steps, closed_form, partial(case.family.residuals, case.name, case.parameter), LATEX, _function(case))


def _collected(expression: sp.Expr) -> sp.Expr:
    """Write the duals of a rectifier by what depends on the covariance; leave the others as they came."""
    angles = expression.atoms(sp.asin)
    if not expression.has(a) and not (angles and expression.has(sp.Add)):
        return expression
    expanded = sp.expand(expression)
    roots = [each for each in expanded.atoms(sp.Pow) if each.exp == sp.S.Half and each.has(c)]
    return sp.collect(expanded, [*angles, *roots], sp.factor)


def _function(case: Case) -> Callable[..., dict[str, Any]]:
    """Evaluate by the stable numerics of the duals; a symbolic slope is an argument."""

    def function(*, q_1: Any, q_2: Any, c: Any, **slope: float) -> dict[str, Any]:
        parameter = slope[a.name] if case.parameter == a else case.parameter
        found = dual(case.name, parameter)
        return {VALUE: found.function(q_1, q_2, c), SLOPE: found.derivative.function(q_1, q_2, c)}

    return function


def _by_parts(case: Case) -> tuple[Step, ...]:
    powers = sorted({degree for (degree,), _ in sp.Poly(define(case.name, case.parameter), h).terms() if degree})
    moments = tuple(Equation(f"E[u^{m} v^{m}]", moment(m, m, q1, q2, c)) for m in powers)
    return (
        Step(
            "Integration by parts, $E[u\\,g] = q_1 E[g_u] + c\\,E[g_v]$, takes every moment down to $E[1] = 1$.",
            moments,
            ("Isserlis 1918",),
        ),
    )


def _by_generating_function(case: Case) -> tuple[Step, ...]:
    first, second = sp.symbols("s t")
    exponent = (q1 - 1) * first**2 / 2 + c * first * second + (q2 - 1) * second**2 / 2
    return (
        Step(
            "$\\exp(s u - s^2/2)$ generates the Hermite polynomials $\\mathrm{He}_n(u)\\, s^n / n!$. The average of "
            "the product of two of these is one exponential.",
            (Equation("E[generating functions]", sp.exp(exponent)),),
            ("completing the square",),
        ),
        Step(
            f"The coefficient of $s^n t^n$, $n = {case.parameter}$, times $n!$, is the dual; for the derivative the "
            "generating function is multiplied by $s$ first.",
        ),
    )


def _by_completing_the_square(case: Case) -> tuple[Step, ...]:
    return (
        Step(
            "Write the activation as a sum of exponentials.",
            (Equation("phi", define(case.name).rewrite(sp.exp), r"\phi(h)"),),
        ),
        Step(
            "Complete the square under the Gaussian: for rates $a, b$, real or imaginary, the average of "
            "$e^{a u + b v}$ is $\\exp((a^2 q_1 + 2 a b c + b^2 q_2)/2)$. The two sides of the completed square "
            "differ by:",
            (Equation("difference", sp.simplify(completed_square())),),
        ),
    )


PRICE: Final = (
    "Price's theorem: $\\partial_c E[f(u) g(v)] = E[f'(u) g'(v)]$, because the density solves "
    "$\\partial_c p = \\partial_u \\partial_v p$. The two sides of this differ by:"
)


def _by_price_from_a_delta(case: Case) -> tuple[Step, ...]:
    slope = sp.Integer(0) if case.parameter is None else case.parameter
    return (
        Step(PRICE, (Equation("difference", sp.simplify(heat_obligation())),), ("Price 1958",)),
        Step(
            "Two derivatives of the activation leave a delta function at the kink, whose average is the density at "
            "the origin.",
            (Equation("E[phi'' phi'']", delta_dual(slope), r"\mathbb{E}[\phi''(u)\,\phi''(v)]"),),
        ),
        Step("Integrate twice in the covariance, from $c = 0$, where the average is the product of two means."),
    )


def _by_price_from_a_gaussian(case: Case) -> tuple[Step, ...]:
    return (
        Step(
            "The derivative is a Gaussian, which tilts the density of $u, v$; the average is a determinant.",
            (Equation("E[phi' phi']", tilted_dual(1), LATEX[SLOPE]),),
            ("Gaussian integral",),
        ),
        Step(PRICE, (Equation("difference", sp.simplify(heat_obligation())),), ("Price 1958",)),
        Step("Integrate in the covariance, from $c = 0$, where the average of the odd function is zero."),
    )


POLYNOMIAL: Final = Family(_by_parts, judge_polynomial, "Isserlis 1918: moments of Gaussian variables")
HERMITE: Final = Family(
    _by_generating_function,
    judge_polynomial,
    "Daniely, Frostig and Singer 2016, arXiv 1602.05897: dual activations and Hermite polynomials",
)
EXPONENTIAL: Final = Family(
    _by_completing_the_square,
    judge_exponential,
    "Rahimi and Recht 2007, Random features for large-scale kernel machines: averages of exponentials",
)
ERF: Final = Family(_by_price_from_a_gaussian, judge_erf, "Williams 1997, Computing with infinite networks: erf")
RECTIFIER: Final = Family(
    _by_price_from_a_delta,
    judge_rectifier,
    "Cho and Saul 2009, Kernel methods for deep learning: arc-cosine kernels of degree 0 and 1",
)

CASES: Final = {
    "linear": Case("linear", None, "the identity", POLYNOMIAL),
    "quadratic": Case("quadratic", None, "the square", POLYNOMIAL),
    "cubic": Case("cubic", None, "the cube", POLYNOMIAL),
    "hermite_2": Case("hermite", 2, "the normalized Hermite polynomial of degree 2", HERMITE),
    "hermite_3": Case("hermite", 3, "the normalized Hermite polynomial of degree 3", HERMITE),
    "hermite_5": Case("hermite", 5, "the normalized Hermite polynomial of degree 5", HERMITE),
    "relu": Case("relu", None, "ReLU", RECTIFIER),
    "leaky_relu": Case("leaky_relu", a, "leaky ReLU with any slope below zero", RECTIFIER),
    "erf": Case("erf", None, "the error function", ERF),
    "exp": Case("exp", None, "the exponential", EXPONENTIAL),
    "sin": Case("sin", None, "the sine", EXPONENTIAL),
    "cos": Case("cos", None, "the cosine", EXPONENTIAL),
}


def _derivation(key: str, case: Case) -> Derivation:
    return Derivation(
        name=f"wide.dual_{key}",
        title=f"The duals of {case.title} and of its derivative",
        wording=f"For {case.title}, $E[\\phi(u)\\phi(v)]$ and $E[\\phi'(u)\\phi'(v)]$ are functions of the variances "
        "$q_1, q_2$ and the covariance $c$ in closed form. In a wide layer the first is the Gram matrix of the next "
        "layer's inputs, over the fan-in, and with one hidden layer the second is the tangent kernel.",
        assumptions=(GAUSSIAN,),
        source=case.family.source,
        derive=partial(prove, case),
        limits=("Exact for Gaussian arguments, which pre-activations are at initialization in a wide network.",),
    )


DERIVATIONS: Final = tuple(_derivation(key, case) for key, case in CASES.items())
