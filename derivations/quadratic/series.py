"""The centered features of a quadratic network in powers of time, and their average over the initial weights."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, MatrixPolynomial, Scalar, series, time_derivative, tr, zeros
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.expectation import GaussianMatrix, Signs, expect
from derivations.forms.power_series import multiply
from derivations.judging.instances import drawn, integer_matrix, squared_norm
from derivations.judging.interpolation import coefficients
from derivations.judging.pairings import GaussianAverage
from derivations.judging.termwise import TermwiseValue
from derivations.quadratic.gaussian_instance import gaussian_instance
from derivations.quadratic.leading_order import SOURCE, A, W, a, d, k
from derivations.quadratic.population import GAUSSIAN, M_1, Sigma, velocity, x

R: Final = Matrix("R", d, symmetric=True)
dW: Final = Matrix("dW", k, d)
s: Final = Scalar("s")
W_0: Final = GaussianMatrix("W_0", k, d)
SIGNS: Final = Signs("a", k)
FIRST, LAST = 2, 4
"""Powers of time of the centered features that are derived."""
LATEX: Final = {"R_dot": r"\dot R", "E F_c": r"E\,F_c", "E G_c": r"E\,G_c"}


def residual_moment() -> MatrixPolynomial:
    """Average ``(y - f) x x^T`` over the inputs."""
    return A - expect(tr(x.T * M_1 * x) * x * x.T, over=[x])


def residual_flow() -> dict[Matrix, MatrixPolynomial]:
    """Return the velocities of the weights, of their change and of the residual moment ``R = E[(y - f) x x^T]``."""
    W_dot = 2 * a * W * R
    moving = {W: W_dot, dW: W_dot}
    return {**moving, R: time_derivative(residual_moment(), moving)}


def centered_series() -> Proof:
    """Expand the centered features in time."""
    moving = residual_flow()
    K = 4 * a * W * Sigma * W.T * a
    F_c, G_c = (series(each, moving, LAST, initial={dW: zeros(k, d)}) for each in (dW.T * dW, dW.T * K * dW))
    shown = {"F_c": F_c[FIRST:], "G_c": G_c[FIRST:]}
    steps = (
        Step(
            "Write $R = E[(y - f)\\, x x^\\top]$. The weights move with $\\dot W = 2 \\operatorname{diag}(a) W R$, and "
            "$R$ moves with them.",
            (Equation("R", residual_moment()), Equation("R_dot", moving[R], LATEX["R_dot"])),
            ("quadratic.population_flow",),
        ),
        Step(
            "Differentiate $F_c = dW^\\top dW$ and $G_c = dW^\\top K dW$, with $K$ at the current weights, at $t = 0$. "
            f"Coefficients of $t^{FIRST}$ to $t^{LAST}$:",
            tuple(Equation(name, each) for name, each in shown.items()),
            ("Taylor series along a flow",),
        ),
    )
    return Proof(steps, {"R": residual_moment(), **shown}, _obligations_of_series, stated=_leading)


def _leading(closed_form: Mapping[str, Any]) -> dict[str, Any]:
    """Take the first coefficient of each series."""
    return {f"{name} of order {FIRST}": closed_form[name][0] for name in ("F_c", "G_c")}


def _obligations_of_series(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Solve the flow of a concrete network power by power, from the gradient of its averaged loss."""
    at, expected = _solved()
    residuals: dict[str, Residual] = {
        f"{name} at t^{FIRST + i}": squared_norm(at(each) - expected[name][i])
        for name in expected
        for i, each in enumerate(closed_form[name])
    }
    return {
        **residuals,
        "R": squared_norm(at(closed_form["R"]) - at.values["R"]),
        "R drives the weights": velocity() - 2 * a * W * closed_form["R"],
    }


@cache
def _solved() -> tuple[TermwiseValue, dict[str, list[sympy.Matrix]]]:
    """Expand the weights along the flow, from the velocity at the series found so far, and then the features."""
    network = gaussian_instance(width=4, fan_in=4, seed=3)
    weights = [network.W]

    def at_time(time: int) -> sympy.Matrix:
        return sum((each * time**j for j, each in enumerate(weights)), sympy.zeros(*network.W.shape))

    for power in range(1, LAST):  # dW starts at t, so that t^3 of the weights enters t^4 of the features
        velocities = coefficients(lambda time: network.velocity(at_time(time)), max(1, 3 * (power - 1)))
        weights.append(velocities[power - 1] / power)
    change = weights[1:]  # divided by t
    K = coefficients(lambda time: network.ptf_covariance(at_time(time)), 2 * (LAST - 1))[: LAST - 1]
    flipped = [each.T for each in change]
    expected = {"F_c": multiply(flipped, change), "G_c": multiply(multiply(flipped, K), change)}
    moments = {"A": network.residual_moment(), "R": network.residual_moment(network.W)}
    return TermwiseValue({**network.values, **moments}), expected


def initial_average() -> Proof:
    """Average the leading coefficients of the centered features over Gaussian weights and random signs."""
    start = {W: W_0 * s, a: SIGNS}
    residual = residual_moment().subs(start)
    V = 2 * SIGNS * (W_0 * s) * residual
    K = (4 * a * W * Sigma * W.T * a).subs(start)
    F_c, G_c = (expect(each, over=[W_0, SIGNS]) for each in (V.T * V, V.T * K * V))
    steps = (
        Step(
            "Start at $W = s\\,W_0$ with standard Gaussian entries and random signs $a_j$. The weights start with the "
            "velocity $2 \\operatorname{diag}(a) W R$.",
            (Equation("R", residual),),
            ("quadratic.population_series",),
        ),
        Step(
            "Average the coefficients of $t^2$. The terms without $A$ come from the random function at initialization.",
            (Equation("E F_c", F_c, LATEX["E F_c"]), Equation("E G_c", G_c, LATEX["E G_c"])),
            ("Gaussian integration by parts", "averages over signs"),
        ),
    )
    return Proof(steps, {"E F_c": F_c, "E G_c": G_c}, _obligations_of_average, LATEX, stated=_with_labels)


def _with_labels(closed_form: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the terms that depend on the labels."""
    zero = {A: 0 * A}
    return {f"{name} of A": closed_form[f"E {name}"] - closed_form[f"E {name}"].subs(zero) for name in ("F_c", "G_c")}


WIDTHS: Final = range(1, 7)
"""More widths than the degree of the averages in the width, four, plus one."""


def _obligations_of_average(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Average over pairings of the weights and over all signs, at several widths."""
    return {
        f"{name} at width {width}": squared_norm(at(closed_form[name]) - each)
        for width in WIDTHS
        for at, expected in [_averaged(width)]
        for name, each in expected.items()
    }


@cache
def _averaged(width: int) -> tuple[TermwiseValue, dict[str, sympy.Matrix]]:
    """Average the definitions at every number of negative signs, which of the neurons have them does not matter."""
    size = 4
    root = integer_matrix(size, size, 7)
    values = {"A": integer_matrix(size, size, 5, symmetric=True), "Sigma": root * root.T, "s": drawn(1)}
    values |= {"k": width, "d": size}
    start = {W: s * Matrix("W_0", k, d)}
    residual, K = residual_moment().subs(start), (4 * a * W * Sigma * W.T * a).subs(start)
    V = 2 * a * (s * Matrix("W_0", k, d)) * residual
    totals = {name: sympy.zeros(size, size) for name in ("E F_c", "E G_c")}
    for negative in range(width + 1):
        signs = sympy.diag(*(-1 if j < negative else 1 for j in range(width)))
        average = GaussianAverage({**values, "a": signs}, {"W_0": None})
        share = sympy.binomial(width, negative) / sympy.Integer(2) ** width
        totals["E F_c"] += share * average.matrix(V.T * V)
        totals["E G_c"] += share * average.matrix(V.T * K * V)
    return TermwiseValue(values), totals


DERIVATIONS: Final = (
    Derivation(
        name="quadratic.population_series",
        title="Centered features of a quadratic network in powers of time",
        wording="As $t \\to 0$, $F_c / t^2$ tends to $<<F_c of order 2>>$ and $G_c / t^2$ to $<<G_c of "
        "order 2>>$ with $R = <<R>>$; the coefficients to $t^4$ are polynomials of $W$, $a$, $R$ and "
        "$\\Sigma$.",
        assumptions=(GAUSSIAN, "Gradient flow on $E (y - f)^2 / 2$; $K$ is taken at the current weights."),
        source=SOURCE,
        derive=centered_series,
        limits=("A Taylor polynomial: the error is of order $t^5$.",),
    ),
    Derivation(
        name="quadratic.population_average",
        title="Centered features of a quadratic network, averaged over its initial weights",
        wording="At leading order in time, for weights $s\\,W_0$ and random signs, the averages of $F_c / "
        "t^2$ and $G_c / t^2$ are $<<F_c of A>>$ and $<<G_c of A>>$ plus terms of higher order in $s$ that "
        "do not depend on $A$.",
        assumptions=(GAUSSIAN, "Independent standard Gaussian entries of $W_0$; independent fair signs $a_j$."),
        source=SOURCE,
        derive=initial_average,
        limits=("Exact in width and scale.",),
    ),
)
