"""A quadratic network with labels that have nothing to do with the inputs, in the proportional limit.

Inputs are standard Gaussian, so that their Gram matrix is a Wishart matrix; labels enter through their moments.
Samples, inputs and width grow together. Every trace divided by ``n`` then tends to its mean, and so does the alignment.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, TracePolynomial, identity, tr
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.expectation import GaussianMatrix, Wishart, expect, large_dimension
from derivations.forms.alignment_ratio import PARTS, AlignmentRatio
from derivations.forms.evaluation import evaluate_formula
from derivations.judging.termwise import TermwiseValue
from derivations.quadratic.finite_width import FINITE
from derivations.quadratic.infinite_width import RANDOM_WEIGHTS
from derivations.quadratic.label_instance import entrywise_averages
from derivations.quadratic.leading_order import NETWORK, SOURCE, A, B, M, d, k, n

Z: Final = GaussianMatrix("Z", n, d)
NEURONS: Final = Wishart("M", dof=k, covariance=identity(d) / k)
Y: Final = Matrix("Y", n, diagonal=True)
DEGREE: Final = 4
"""How often the labels occur in each of the three traces."""
psi, omega, kurtosis = sympy.symbols("psi omega kurtosis")
LATEX: Final = {
    "averages": r"\frac{E\operatorname{tr}(F_c G_c)}{\sqrt{E\operatorname{tr}(F_c^2)\,E\operatorname{tr}(G_c^2)}}",
    "limit": r"\lim \rho(F_c, G_c)",
    "wide": r"\lim \rho(F_c, G_c)|_{\omega = 0}",
}


@cache
def exact_averages() -> AlignmentRatio:
    """Average the three traces over inputs and weights, for given labels."""
    data = {A: Z.T * Y * Z / n, B: Z.T * Z / n, M: NEURONS}
    return FINITE.map(lambda part: expect(part.subs(data), over=[NEURONS, Z]))


def random_labels() -> Proof:
    """Derive the limit of the C-NFA."""
    averages = exact_averages()
    growing = averages.map(lambda part: large_dimension(part, [n, d, k]).leading)
    limit = growing.map(in_proportion)
    wide = limit.map(lambda part: sympy.factor(part.subs(omega, 0)))
    steps = (
        Step(
            "Insert $A = Z^\\top Y Z / n$, with the labels $Y$ on a diagonal, and $B = Z^\\top Z / n$; average over "
            "Gaussian weights and inputs, exactly for any $n$, $d$, $k$ and any labels. For the norm of $F_c$:",
            (Equation("E tr(F_c^2)", averages.first, r"E\operatorname{tr}(F_c^2)"),),
            ("quadratic.leading_order", "Wishart moments"),
        ),
        Step("Leading terms when $n$, $d$ and $k$ grow together.", (Equation("averages", growing, LATEX["averages"]),)),
        Step(
            "Labels of mean zero with kurtosis $E y^4 / (E y^2)^2$; write $d = \\psi n$ and $k = d / \\omega$. "
            "Normalized traces do not fluctuate in the limit, so this is the limit of the C-NFA itself.",
            (Equation("limit", limit, LATEX["limit"]),),
            ("law of large numbers for traces of Wishart matrices",),
        ),
        Step("Infinite width.", (Equation("wide", wide, LATEX["wide"]),)),
    )
    return Proof(steps, {"limit": limit, "wide": wide}, _obligations, LATEX, _function(limit), _in_greek)


def _in_greek(closed_form: Mapping[str, Any]) -> dict[str, Any]:
    """Write the kurtosis of the labels as a letter."""
    return {"wide, kappa": closed_form["wide"].map(lambda part: part.subs(kurtosis, sympy.Symbol("kappa")))}


def in_proportion(part: TracePolynomial) -> sympy.Expr:
    """Insert centered labels of unit variance and sizes in proportion into a leading term."""
    size = sympy.Symbol("n")
    moments = dict(zip(range(1, DEGREE + 1), (0, 1, 0, kurtosis), strict=True))
    scaled = part.as_sympy({tr(Y**j): size * moment for j, moment in moments.items()})
    sizes = {sympy.Symbol("d"): psi * size, sympy.Symbol("k"): psi * size / omega}
    return sympy.factor(scaled.subs(sizes) / (size * psi**3))


def _function(limit: AlignmentRatio) -> Any:
    def function(**values: Any) -> dict[str, Any]:
        return {"limit": evaluate_formula(limit, {"omega": 0.0, **values})}

    return function


def _obligations(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Average small networks entry by entry, and let exact averages grow."""
    limit, wide = closed_form["limit"], closed_form["wide"]
    residuals = dict(_residuals_of_averages())
    for name, exact, claimed, at_zero in zip(PARTS, exact_averages().parts, limit.parts, wide.parts, strict=True):
        residuals[f"limit of {name}"] = sympy.expand(claimed - _grown(exact))
        residuals[f"infinite width of {name}"] = sympy.expand(at_zero - _grown(exact).subs(omega, 0))
    return residuals


@cache
def _residuals_of_averages() -> Mapping[str, sympy.Expr]:
    residuals: dict[str, sympy.Expr] = {}
    for sizes in ((2, 1, 1), (1, 2, 1), (1, 1, 2), (2, 2, 1)):
        values, means = entrywise_averages(*sizes)
        at = TermwiseValue(values)
        residuals |= exact_averages().residuals(at, tuple(means.values()), f"the averages at n, d, k = {sizes}")
    return MappingProxyType(residuals)


@cache
def _grown(exact: TracePolynomial) -> sympy.Expr:
    """Put ``n`` samples, ``psi n`` inputs and ``psi n / omega`` neurons into an exact average, and let ``n`` grow."""
    size = sympy.Symbol("n")
    labels = {tr(Y): 0 * size, tr(Y**2): size, tr(Y**3): 0 * size, tr(Y**4): kurtosis * size}
    inserted = exact.as_sympy(labels).subs({"d": psi * size, "k": psi * size / omega})
    numerator, denominator = sympy.fraction(sympy.cancel(inserted / (size * psi**3)))
    top, bottom = sympy.Poly(numerator, size), sympy.Poly(denominator, size)
    return sympy.cancel(top.coeff_monomial(size ** bottom.degree()) / bottom.LC())


DERIVATIONS: Final = (
    Derivation(
        name="quadratic.random_labels",
        title="The C-NFA of a quadratic network with random labels",
        wording="With $d / n \\to \\psi$ and infinite width, centered labels of kurtosis $\\kappa$ that "
        "are independent of Gaussian inputs give the C-NFA $<<wide, kappa>>$, which is 1 for $\\psi \\to "
        "0$ and for $\\psi \\to \\infty$.",
        assumptions=(
            NETWORK,
            RANDOM_WEIGHTS,
            "Independent standard Gaussian inputs; the residuals are the labels, centered and independent of them.",
            "$n, d, k \\to \\infty$ with $d / n \\to \\psi$ and $d / k \\to \\omega$.",
        ),
        source=SOURCE,
        derive=random_labels,
        limits=("The averages are exact for finite $n$, $d$, $k$; the alignment has corrections of order $1/n$.",),
    ),
)
