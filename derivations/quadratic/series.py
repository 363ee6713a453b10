"""The centered features of a quadratic network in powers of time, and their average over the initial weights."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, MatrixPolynomial, Scalar, series, time_derivative, tr, zeros
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.expectation import GaussianMatrix, Signs, expect
from derivations.judging.gaussian import normal_mean
from derivations.judging.instances import evaluate_exactly, integer_matrix, squared_norm
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
    return Proof(steps, {"R": residual_moment(), **shown}, _obligations_of_series)


def _obligations_of_series(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Solve the flow of a concrete network power by power, from the gradient of its averaged loss."""
    values, expected = _solved()
    residuals = {
        f"{name} at t^{FIRST + i}": _missed(each, name, i)
        for name in expected
        for i, each in enumerate(closed_form[name])
    }
    return {
        **residuals,
        "R": squared_norm(evaluate_exactly(closed_form["R"], values) - values["R"]),
        "R drives the weights": velocity() - 2 * a * W * closed_form["R"],
    }


def _missed(coefficient: MatrixPolynomial, name: str, i: int) -> sympy.Expr:
    if not coefficient:
        return squared_norm(_solved()[1][name][i])
    return squared_norm(_at_instance().matrix(coefficient) - _solved()[1][name][i])


@cache
def _at_instance() -> TermwiseValue:
    values, _ = _solved()
    scalars = {name: values[name] for name in ("k", "d")}
    return TermwiseValue({name: each for name, each in values.items() if name not in scalars}, scalars)


@cache
def _solved() -> tuple[dict[str, Any], dict[str, list[sympy.Matrix]]]:
    network = gaussian_instance(width=2, fan_in=2, seed=3)
    t = sympy.Symbol("t")
    weights = network.W
    for power in range(1, LAST):  # dW starts at t, so that t^3 of the weights enters t^4 of the features
        here = dict(zip(network.weights, weights, strict=True))
        slopes = network.velocity.subs(here, simultaneous=True).applyfunc(sympy.expand)
        weights += slopes.applyfunc(lambda each: each.coeff(t, power - 1)) * t**power / power  # noqa: B023
    change = weights - network.W
    features = {"F_c": change.T * change, "G_c": change.T * network.ptf_covariance(weights) * change}
    expected = {
        name: [each.applyfunc(lambda e, i=i: sympy.expand(e).coeff(t, i)) for i in range(FIRST, LAST + 1)]
        for name, each in features.items()
    }
    z = network.L * network.normals
    miss = network.label() - network.output(network.W * z)
    moments = {"A": network.label_weighted_moment(), "R": network.average_matrix(miss * z * z.T)}
    return {**network.values, **moments}, expected


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
    return Proof(steps, {"E F_c": F_c, "E G_c": G_c}, _obligations_of_average, LATEX)


def _obligations_of_average(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Average over the entries of small weight matrices and over all signs."""
    residuals: dict[str, Residual] = {}
    for width, fan_in in ((1, 2), (2, 1), (3, 1)):
        values, expected = _averaged(width, fan_in)
        for name, each in expected.items():
            residuals[f"{name} at {width} x {fan_in}"] = squared_norm(
                evaluate_exactly(closed_form[name], values) - each
            )
    return residuals


@cache
def _averaged(width: int, fan_in: int) -> tuple[dict[str, Any], dict[str, sympy.Matrix]]:
    network = gaussian_instance(width, fan_in, seed=7)
    moment = integer_matrix(fan_in, fan_in, 5, symmetric=True)
    covariance, scale = network.L * network.L.T, 3
    w = list(network.weights)
    totals = {"E F_c": sympy.zeros(fan_in, fan_in), "E G_c": sympy.zeros(fan_in, fan_in)}
    for i in range(2**width):
        signs = sympy.diag(*(1 - 2 * (i >> j & 1) for j in range(width)))
        weights = scale * network.weights
        form = weights.T * signs * weights
        V = (
            2
            * signs
            * weights
            * (moment - (form * covariance).trace() * covariance - 2 * covariance * form * covariance)
        )
        K = 4 * signs * weights * covariance * weights.T * signs
        for name, each in (("E F_c", V.T * V), ("E G_c", V.T * K * V)):
            totals[name] += each.applyfunc(lambda e: normal_mean(sympy.expand(e), w)) / 2**width
    return {"A": moment, "Sigma": covariance, "s": scale, "k": width, "d": fan_in}, totals


DERIVATIONS: Final = (
    Derivation(
        name="quadratic.population_series",
        title="Centered features of a quadratic network in powers of time",
        statement="$F_c = 4 t^2 R M R + O(t^3)$ and $G_c = 16 t^2 R M \\Sigma M R + O(t^3)$ with $R = A - "
        "\\operatorname{tr}(M_1 \\Sigma) \\Sigma - 2 \\Sigma M_1 \\Sigma$; the coefficients to $t^4$ are polynomials "
        "of $W$, $a$, $R$ and $\\Sigma$.",
        assumptions=(GAUSSIAN, "Gradient flow on $E (y - f)^2 / 2$; $K$ is taken at the current weights."),
        source=SOURCE,
        derive=centered_series,
        limits=("A Taylor polynomial: the error is of order $t^5$.",),
    ),
    Derivation(
        name="quadratic.population_average",
        title="Centered features of a quadratic network, averaged over its initial weights",
        statement="At leading order in time, for weights $s\\,W_0$ and random signs, the averages of $F_c / t^2$ and "
        "$G_c / t^2$ are $4 k s^2 A^2$ and $16 k s^4 ((k + 1) A \\Sigma A + \\operatorname{tr}(\\Sigma) A^2)$ plus "
        "terms of higher order in $s$ that do not depend on $A$.",
        assumptions=(GAUSSIAN, "Independent standard Gaussian entries of $W_0$; independent fair signs $a_j$."),
        source=SOURCE,
        derive=initial_average,
        limits=("Exact in width and scale.",),
    ),
)
