"""Two linear layers whose outputs learn equally strong signals: mean and variance of the early C-NFA to second order.

With ``E E^T`` a multiple of the identity the alignment is ``tr S^3 / sqrt(tr S^2 tr S^4)``, a function of the readout
alone; its expansion shows how wide a network must be for the first order in ``1/k`` to be enough.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import sympy

from derivations.algebra import identity
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.expectation import RatioSeries, delta_method
from derivations.judging.fluctuations import moments, relative_alignment
from derivations.linear.closed_flow import c, k
from derivations.linear.expectation import SOURCE, M, S, leading_alignment

ORDER: Final = 2
OUTPUTS: Final = range(1, 7)
"""Numbers of outputs that are compared: over ``c^2`` the mean is of fourth degree, and one more is a margin."""
MEAN: Final = r"E[\rho] + O(k^{-3})"
VARIANCE: Final = r"\operatorname{Var}[\rho] + O(k^{-3})"


def equal_strengths() -> Proof:
    """Derive mean and variance of the early C-NFA to second order in ``1/k``."""
    rho = leading_alignment().map(lambda part: part.subs({M: identity(c)}))
    expanded = delta_method(*rho.parts, over=[S], dimensions=[k], order=ORDER)
    mean, variance = _simplified(expanded.mean), _simplified(expanded.variance)
    steps = (
        Step(
            "With $M = E E^\\top = I$, up to a factor that cancels, the alignment at leading order in time is",
            (Equation("C-NFA", rho, r"\rho(F_c, G_c)"),),
            ("linear.zero_function",),
        ),
        Step(
            "$S$ is a Wishart matrix with $k$ degrees of freedom. Expand the ratio in powers of its deviations from "
            "the mean, with exact joint moments.",
            (Equation("mean", mean, MEAN), Equation("variance", variance, VARIANCE)),
            ("delta method of second order",),
        ),
    )
    closed_form = {"mean": mean, "variance": variance}
    return Proof(steps, closed_form, _obligations, {"mean": MEAN, "variance": VARIANCE})


def _simplified(series: RatioSeries) -> sympy.Expr:
    """Write the expansion in positive ``k`` and ``c``, one fraction for each order."""
    positive = {sympy.Symbol(name): sympy.Symbol(name, positive=True) for name in "kc"}
    width = positive[sympy.Symbol("k")]
    expanded = sympy.expand(sympy.simplify(series.as_sympy().xreplace(positive)))
    orders = (sympy.factor(expanded.coeff(width, -j)) * width**-j for j in range(ORDER + 1))
    return sympy.Add(*orders)


@cache
def _truth(outputs: int) -> tuple[list[sympy.Rational], list[sympy.Rational]]:
    return moments(relative_alignment(lambda S, _: (S, S * S), outputs, 2 * ORDER), outputs)


def _obligations(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Expand the alignment in the entries of the readout's covariance, for several numbers of outputs."""
    width, outputs = (sympy.Symbol(name, positive=True) for name in "kc")
    residuals: dict[str, Residual] = {}
    for count in OUTPUTS:
        mean, spread = ([value / width**order for order, value in enumerate(each, start=1)] for each in _truth(count))
        here = {name: claimed[name].subs(outputs, count) for name in ("mean", "variance")}
        residuals[f"mean for {count} outputs"] = sympy.expand(here["mean"] - 1 - sum(mean))
        residuals[f"variance for {count} outputs"] = sympy.expand(here["variance"] - sum(spread))
    return residuals


DERIVATIONS: Final = (
    Derivation(
        name="linear.equal_strengths",
        title="Equally strong signals: mean and variance of the early C-NFA of two linear layers",
        wording="With $E E^\\top$ a multiple of $I$ and a Gaussian readout of width $k$ the early C-NFA "
        "has the mean $<<mean>> + O(k^{-3})$ and the variance $<<variance>> + O(k^{-3})$.",
        assumptions=(
            "Two linear layers that start as the zero function; leading order in time.",
            "Independent Gaussian entries of the readout; all signals equally strong.",
        ),
        source=SOURCE,
        derive=equal_strengths,
        limits=(
            "For $k$ large beside $6 c$ and $44 / c$ in the mean, and wider in the variance.",
            "With one output the C-NFA is 1.",
        ),
    ),
)
