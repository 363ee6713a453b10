"""How fast the early alignment of a wide quadratic network tends to 1 with isotropic inputs, with constants.

At infinite width and infinitely many samples ``M = B = I`` and the C-NFA is 1 whatever the labels. It is a maximum, so
that ``1 - rho`` is a quadratic form of the fluctuations of ``M`` and ``B``, which enter through their sum alone.
"""

from collections.abc import Mapping
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, Scalar, TracePolynomial, identity, tr
from derivations.data.alignment_rates_instance import COUNTS, averaged_defect, value_at
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.expectation import GaussianMatrix, Wishart, covariance, expect, large_dimension
from derivations.forms.evaluation import evaluate_formula
from derivations.forms.ratio_response import LEADING, relative_response
from derivations.quadratic.finite_width import FINITE
from derivations.quadratic.infinite_width import INDEPENDENT, RANDOM_WEIGHTS
from derivations.quadratic.leading_order import NETWORK, A, B, M, d, k, n

SOURCE: Final = (
    "Beaglehole, Mitliagkas and Agarwala, Feature learning as alignment, TMLR 2024, arXiv 2402.05271: alignment in "
    "high dimension; the rates and constants are derived here"
)
E: Final = Matrix("E", d, symmetric=True)
H: Final = Matrix("H", d, symmetric=True)
S: Final = Matrix("S", d, symmetric=True)
L: Final = Scalar("L")
G: Final = GaussianMatrix("G", d, d)
NEURONS: Final = Wishart("E", dof=k, covariance=identity(d) / k)
SAMPLES: Final = Wishart("H", dof=n, covariance=identity(d) / n)
LATEX: Final = {
    "defect": r"1 - \rho",
    "mean": r"E(1 - \rho)",
    "variance": r"\operatorname{Var}\rho",
    "isotropic": r"E(1 - \rho)|_{A \propto I}",
    "isotropic variance": r"\operatorname{Var}\rho|_{A \propto I}",
    "unrelated labels": r"E(1 - \rho)|_{\mathrm{unrelated\ labels}}",
}


def defect_of(first: Any, second: Any) -> TracePolynomial:
    """Return ``1 - rho`` to second order in the fluctuations of ``M`` and ``B`` around the identity."""
    around = {M: identity(d), B: identity(d)}
    response = relative_response(FINITE, {M: E, B: H}, 2, initial=around)
    all_equal = dict.fromkeys(LEADING, L)
    if response[1].subs(all_equal):
        raise ArithmeticError(f"the alignment must be stationary at M = B = I, got {response[1].subs(all_equal)}")
    return -response[2].subs(all_equal).subs({E: first, H: second})


def isotropic_inputs() -> Proof:
    """Derive mean and variance of ``1 - rho`` at leading order."""
    defect = defect_of(S, identity(d) * 0)
    neurons, samples = NEURONS - identity(d), SAMPLES - identity(d)
    mean = expect(defect_of(neurons, samples), over=[NEURONS, SAMPLES])
    u = (1 / k + 1 / n) / 2  # S = sqrt(u) (G + G^T) has the covariance of E + H
    form = defect.subs({S: G + G.T})
    variance = covariance(form, form, over=[G]) * u**2
    steps = (
        Step(
            "Expand the alignment around $M = B = I$, where it is 1 and stationary, with $L = \\operatorname{tr} A^4$. "
            "Fluctuations of $M$ and of $B$ enter through their sum $S$.",
            (Equation("defect", defect, LATEX["defect"]),),
            ("quadratic.leading_order", "Taylor series of the traces"),
        ),
        Step(
            "Average over Wishart fluctuations of $k$ neurons and $n$ samples.",
            (Equation("mean", mean, LATEX["mean"]),),
            ("Wishart moments",),
        ),
        Step(
            "For many neurons and samples $S$ is Gaussian, with the covariance of $(G + G^\\top)$ times half of "
            "$1/k + 1/n$; that gives the variance, and with Chebyshev's inequality "
            "$P(|1 - \\rho - E(1 - \\rho)| \\ge \\epsilon) \\le \\operatorname{Var}\\rho / \\epsilon^2$.",
            (Equation("variance", variance, LATEX["variance"]),),
            ("central limit theorem", "Gaussian integration by parts", "Chebyshev's inequality"),
        ),
    )
    closed_form = {"defect": defect, "mean": mean, "variance": variance}
    return Proof(steps, closed_form, _obligations_of_isotropic_inputs, LATEX, _probability_function(closed_form))


def _probability_function(closed_form: Mapping[str, Any]) -> Any:
    """Return mean, standard deviation and the bound on the probability of a deviation ``epsilon``."""

    def function(**values: Any) -> dict[str, Any]:
        squared = values["A"] @ values["A"]
        known = {**values, "L": (squared * squared.T).sum()}
        mean, variance = (evaluate_formula(closed_form[name], known) for name in ("mean", "variance"))
        result = {"mean": mean, "variance": variance}
        if "epsilon" in values:
            result["probability"] = min(1.0, variance / values["epsilon"] ** 2)
        return result

    return function


def _obligations_of_isotropic_inputs(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Expand the alignment in the entries of the fluctuation."""
    defect, mean, variance = averaged_defect()
    residuals: dict[str, Residual] = {
        "only the sum matters": closed_form["defect"].subs({S: E + H}) - defect_of(E, H),
        "defect": value_at(*COUNTS[0])(closed_form["defect"]) - defect,
    }
    for counts in COUNTS:
        u = sum(sympy.Rational(1, each) for each in counts)
        at = value_at(*counts)
        residuals[f"mean at k, n = {counts}"] = at(closed_form["mean"]) - mean * u
        residuals[f"variance at k, n = {counts}"] = at(closed_form["variance"]) - variance * u**2
    return residuals


def high_dimension() -> Proof:
    """Derive the rates in ``d/n``, ``d/k`` and ``1/d`` for isotropic and for unrelated labels."""
    general: Mapping[str, Any] = isotropic_inputs().closed_form
    isotropic, spread = (_at_identity(general[name]) for name in ("mean", "variance"))
    powers = {j: _semicircle_moment(j) for j in (2, 4, 8)}
    inserted = {tr(A**j): moment for j, moment in powers.items()}
    unrelated = _leading(general["mean"].as_sympy(inserted).subs({"L": powers[4]}))
    steps = (
        Step(
            "Labels with $A$ proportional to the identity, such as $y = |x|^2$: every trace is $d$.",
            (
                Equation("isotropic", isotropic, LATEX["isotropic"]),
                Equation("isotropic variance", spread, LATEX["isotropic variance"]),
            ),
            ("data.isotropic_inputs",),
        ),
        Step(
            "Labels that are independent of the inputs: for $n \\gg d$, $A$ is proportional to a Gaussian symmetric "
            "matrix $G + G^\\top$. The traces of its powers at leading order in $d$:",
            tuple(Equation(f"tr A^{j}", moment, rf"\operatorname{{tr}} A^{{{j}}}") for j, moment in powers.items()),
            ("Gaussian integration by parts", "central limit theorem"),
        ),
        Step(
            "Insert them, and keep the leading order in $d$, to which the traces are known: one half of the directions "
            "count.",
            (Equation("unrelated labels", unrelated, LATEX["unrelated labels"]),),
        ),
    )
    closed_form = {"isotropic": isotropic, "isotropic variance": spread, "unrelated labels": unrelated}
    return Proof(steps, closed_form, _obligations_of_high_dimension, LATEX, stated=_chi_square)


def _chi_square(closed_form: Mapping[str, Any]) -> dict[str, Any]:
    """Read unit and degrees of freedom of a chi-square variable off its mean and its variance."""
    mean, variance = closed_form["isotropic"], closed_form["isotropic variance"]
    return {"unit": sympy.factor(variance / mean / 2), "degrees": sympy.factor(2 * mean**2 / variance)}


def _at_identity(part: TracePolynomial) -> sympy.Expr:
    return sympy.factor(part.subs({A: identity(d)}).subs({L: d}).as_sympy())


def _leading(expression: sympy.Expr) -> sympy.Expr:
    """Keep the leading order in d of an expression that grows like d."""
    size = sympy.Symbol("d")
    return sympy.factor(size * sympy.limit(sympy.factor(expression) / size, size, sympy.oo))


def _semicircle_moment(power: int) -> sympy.Expr:
    moment = expect(tr((G + G.T) ** power), over=[G])
    return large_dimension(moment, [d]).leading.as_sympy()


def _obligations_of_high_dimension(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Count the independent entries of a traceless symmetric matrix, and use Catalan numbers."""
    size, samples, width = sympy.symbols("d n k")
    u = 1 / samples + 1 / width
    entries = size * (size + 1) / 2 - 1  # the defect is u/d times a chi-square variable with so many degrees of freedom
    m = {j: size * sympy.catalan(j // 2) * (2 * size) ** (j // 2) for j in (2, 4, 8)}
    directions = 1 + m[2] ** 2 / m[4] - 2 * m[8] / m[4] ** 2
    return {
        "isotropic": closed_form["isotropic"] - u * entries / size,
        "isotropic variance": closed_form["isotropic variance"] - 2 * entries * (u / size) ** 2,
        "unrelated labels": closed_form["unrelated labels"]
        - u * size * sympy.limit(directions / size, size, sympy.oo) / 2,
    }


INPUTS: Final = "Independent inputs $x \\sim N(0, I)$, $n \\gg d$ samples and $k \\gg d$ neurons."

DERIVATIONS: Final = (
    Derivation(
        name="data.isotropic_inputs",
        title="The rate at which the early alignment tends to 1",
        wording="At leading order $1 - \\rho$ has the mean $<<mean>>$, with $L := \\operatorname{tr} A^4$, "
        "and a variance of second order in $1/k$ and $1/n$. The second term counts the directions that the labels "
        "weigh.",
        assumptions=(NETWORK, RANDOM_WEIGHTS, INPUTS, INDEPENDENT),
        source=SOURCE,
        derive=isotropic_inputs,
        limits=(
            "Second order in the fluctuations: relative corrections are of order $\\sqrt{d/n}$ and $\\sqrt{d/k}$.",
            "Labels may depend on the inputs: the fluctuations of $A$ change 1 - rho at higher order only.",
        ),
    ),
    Derivation(
        name="data.high_dimension",
        title="Alignment in high dimension, with the constant",
        wording="For $A$ proportional to the identity $1 - \\rho$ is $<<unit>>$ times a chi-square "
        "variable with $<<degrees>>$ degrees of freedom: the mean is $<<isotropic>>$. For labels that are "
        "independent of the inputs the mean is $<<unrelated labels>>$ at leading order in $d$.",
        assumptions=(NETWORK, RANDOM_WEIGHTS, INPUTS, INDEPENDENT),
        source=SOURCE,
        derive=high_dimension,
        limits=(
            "$1 \\ll d \\ll n, k$.",
            "For labels that are independent of the inputs relative corrections are of order $1/d$.",
        ),
    ),
)
