"""Labels of any kind on Gaussian inputs: the two moments through which linear and quadratic networks see them.

Integration by parts turns a factor ``x_i`` under the average into a derivative of what stands beside it, so a label
meets the inputs through its mean, its mean gradient and its mean Hessian alone. For a polynomial these are Gaussian
moments of lower degree.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import sympy

from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.judging.gaussian import normal_mean
from derivations.judging.instances import integer_matrix

SOURCE: Final = "Stein's identity for Gaussian vectors, applied to y and to x y; derived here from the density"
x: Final = sympy.symbols("x_1 x_2", real=True)
mean, g_1, g_2, h_11, h_12, h_22 = sympy.symbols("mean g_1 g_2 h_11 h_12 h_22", real=True)
s_11, s_12, s_22 = sympy.symbols("s_11 s_12 s_22", real=True)
SIGMA: Final = sympy.Matrix([[s_11, s_12], [s_12, s_22]])
GRADIENT: Final = (g_1, g_2)
HESSIAN: Final = sympy.Matrix([[h_11, h_12], [h_12, h_22]])
label: Final = sympy.Function("y")(*x)
NAMES: Final = {
    "E[y x_1]": r"E[y\,x_1]",
    "E[y x_1 x_1]": r"E[y\,x_1^2]",
    "E[y x_1 x_2]": r"E[y\,x_1 x_2]",
}


def by_parts(i: int, beside: sympy.Expr) -> sympy.Expr:
    """Turn the factor ``x_i`` beside an expression into a derivative, under the average over ``x ~ N(0, Sigma)``.

    Notes
    -----
    With the density ``p``, ``grad p = -Sigma^(-1) x p``, hence ``x p = -Sigma grad p``; one integration by parts.

    Examples
    --------
    >>> by_parts(0, x[1])
    s_12
    """
    return sum((SIGMA[i, k] * beside.diff(x[k]) for k in range(len(x))), sympy.Integer(0))


def moments() -> Proof:
    """Derive ``E[y x]`` and ``E[y x x^T]``."""
    once = by_parts(0, label)
    steps_of_two = {j: _twice(j) for j in (0, 1)}
    closed_form = {"E[y x_1]": _in_means(once)}
    closed_form |= {f"E[y x_1 x_{j + 1}]": _in_means(each) for j, each in steps_of_two.items()}
    log_density = -(sympy.Matrix(x).T * SIGMA.inv() * sympy.Matrix(x))[0] / 2
    score = sympy.simplify(SIGMA * sympy.Matrix([log_density.diff(each) for each in x]))
    steps = (
        Step(
            "The density $p$ of $N(0, \\Sigma)$ has $\\Sigma \\nabla \\log p = -x$. So $x_i p$ is minus a derivative, "
            "and integration by parts moves it to what stands beside.",
            (Equation("Sigma grad log p", score[0], r"(\Sigma \nabla \log p)_1"),),
            ("density of a Gaussian vector",),
        ),
        Step(
            "Once, beside the label.",
            (Equation("E[y x_1]", closed_form["E[y x_1]"], NAMES["E[y x_1]"]),),
            ("integration by parts",),
        ),
        Step(
            "Twice: first beside $x_j y$, by the product rule, then beside the slopes of the label. In matrices: "
            "$E[y\\,x x^\\top] = E[y]\\,\\Sigma + \\Sigma\\, E[\\nabla\\nabla y]\\, \\Sigma$.",
            tuple(Equation(name, closed_form[name], NAMES[name]) for name in list(closed_form)[1:]),
            ("product rule", "integration by parts"),
        ),
    )
    return Proof(steps, closed_form, _obligations, NAMES, stated=_with_letter)


def _with_letter(closed_form: Mapping[str, Any]) -> dict[str, Any]:
    """Write the mean of the labels as a letter."""
    letter = {sympy.Symbol("mean"): sympy.Symbol("m")}
    return {f"{name} in letters": formula.subs(letter) for name, formula in closed_form.items()}


def _twice(j: int) -> sympy.Expr:
    """Integrate ``x_1 x_j y`` by parts until no input is left as a factor."""
    slopes = by_parts(0, label)
    without_x = sympy.expand(by_parts(0, x[j] * label) - x[j] * slopes)
    return without_x + by_parts(j, slopes)


def _in_means(expression: sympy.Expr) -> sympy.Expr:
    """Write the averages of the label, its slopes and its curvatures as symbols."""
    result = expression
    for k in range(2):
        for other in range(2):
            result = result.subs(label.diff(x[k], x[other]), HESSIAN[k, other])
    for k in range(2):
        result = result.subs(label.diff(x[k]), GRADIENT[k])
    return result.subs(label, mean)


@cache
def _instance() -> tuple[dict[sympy.Symbol, sympy.Expr], dict[str, sympy.Expr]]:
    """Average a label of degree four over inputs ``x = L g``, monomial by monomial."""
    g = sympy.symbols("g_1 g_2", real=True)
    L = integer_matrix(2, 2, seed=5)
    inputs = dict(zip(x, L * sympy.Matrix(g), strict=True))
    y = 3 + 2 * x[0] - x[1] + 5 * x[0] ** 2 - 7 * x[0] * x[1] + x[0] ** 2 * x[1] + 2 * x[1] ** 4 - x[0] ** 3 * x[1]

    def average(expression: sympy.Expr) -> sympy.Expr:
        return normal_mean(sympy.expand(expression.subs(inputs, simultaneous=True)), list(g))

    covariance = L * L.T
    values = {s_11: covariance[0, 0], s_12: covariance[0, 1], s_22: covariance[1, 1], mean: average(y)}
    values |= {symbol: average(y.diff(x[k])) for k, symbol in enumerate(GRADIENT)}
    values |= {HESSIAN[k, j]: average(y.diff(x[k], x[j])) for k, j in ((0, 0), (0, 1), (1, 1))}
    expected = {
        "E[y x_1]": average(y * x[0]),
        "E[y x_1 x_1]": average(y * x[0] ** 2),
        "E[y x_1 x_2]": average(y * x[0] * x[1]),
    }
    return values, expected


def _obligations(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with the averages of a concrete polynomial, term by term."""
    values, expected = _instance()
    return {name: closed_form[name].subs(values, simultaneous=True) - each for name, each in expected.items()}


DERIVATIONS: Final = (
    Derivation(
        name="data.gaussian_labels",
        title="What linear and quadratic networks see of labels on Gaussian inputs",
        wording="For $x \\sim N(0, \\Sigma)$ and a label $y(x)$ of any kind, with $m := E[y]$, $g := "
        "E[\\nabla y]$ and $h := E[\\nabla\\nabla y]$, here entry by entry for two inputs: $E[y\\,x_1] = "
        "<<E[y x_1] in letters>>$ and $E[y\\,x_1 x_1] = <<E[y x_1 x_1] in letters>>$.",
        assumptions=("Gaussian inputs of mean zero; a label with two derivatives that grow no faster than a power.",),
        source=SOURCE,
        derive=moments,
        limits=("Exact. A polynomial of degree p needs Gaussian moments of degree p and less.",),
    ),
)
