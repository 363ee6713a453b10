"""The course of the centered features where kernels stand still: infinitely wide networks in NTK parametrization.

There the features move too little to change the tangent kernel, and the residuals decay linearly. The change of the
weights is the leading-order form with the residuals replaced by their average over the time passed; so is everything
that follows from it.

Jacot, Gabriel and Hongler 2018 (arXiv 1806.07572), the constant tangent kernel; Beaglehole, Mitliagkas and Agarwala
(arXiv 2402.05271), the centered features.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, MatrixPolynomial, gradient, hadamard, series, tr, zeros
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.early.leading_order import velocity
from derivations.forms.power_series import multiply
from derivations.forms.rewriting import rewrite
from derivations.identities.layer import D, N, S, T, X, Z, first_order_change, gamma, k, kappa, m, n, r
from derivations.judging.concrete_network import concrete_networks
from derivations.judging.instances import integer_matrix, squared_norm
from derivations.judging.termwise import TermwiseValue

SOURCE: Final = (
    "Jacot, Gabriel and Hongler 2018, arXiv 1806.07572: the tangent kernel and its constancy in wide networks; the "
    "centered features at later times are derived here"
)
ORDERS: Final = 3
"""Coefficients in time that are derived."""
Theta: Final = Matrix("Theta", N, symmetric=True, latex=r"\Theta")
R: Final = Matrix("R", n, "c")
Theta_0: Final = Matrix("Theta_0", n, symmetric=True, latex=r"\Theta_0")
A: Final = Matrix("A", n, symmetric=True)
e: Final = Matrix("e", N, 1)
f: Final = Matrix("e'", N, 1)


def tangent_kernel() -> Proof:
    """Derive the share of one layer's weights and biases in the tangent kernel of all parameters."""
    V = Matrix("V", k, m)
    change = first_order_change(V, X)
    slopes = {row: gradient(tr(row.T * change), V).subs({X: T * Z}) for row in (e, f)}
    product = rewrite(tr(slopes[e].T * slopes[f]), [(D * D.T, kappa), (Z * Z.T, S)])
    of_weights = gamma**2 * hadamard(kappa, T * S * T.T)
    of_biases = rewrite(D * D.T, [(D * D.T, kappa)])
    steps = (
        Step(
            "Take a combination $e$ of the rows (samples and outputs). Its gradient in the weights of the layer:",
            (Equation("df/dW", slopes[e], r"\partial (e^\top f) / \partial W"),),
            ("definition of the tangent features",),
        ),
        Step(
            "The tangent kernel is the inner product of two such gradients.",
            (Equation("e^T Theta e'", product, r"e^\top \Theta\, e'"),),
            ("definition of the tangent kernel",),
        ),
        Step(
            "For unit vectors $e$, $e'$ this is one entry of $\\kappa$ times one of $T S T^\\top$. A bias is added to "
            "its pre-activation, so that its gradients are the tangent features themselves.",
            (Equation("Theta_W", of_weights), Equation("Theta_b", of_biases)),
            ("definition of the elementwise product",),
        ),
    )
    closed_form = {"Theta_W": of_weights, "Theta_b": of_biases, "e^T Theta_W e'": product}
    names = {"Theta_W": r"\Theta_W", "Theta_b": r"\Theta_b", "e^T Theta_W e'": r"e^\top \Theta_W\, e'"}
    return Proof(steps, closed_form, _obligations_of_tangent_kernel, names)


@cache
def _differentiated() -> tuple[tuple[TermwiseValue, dict[str, Any]], ...]:
    """Differentiate the outputs of nonlinear networks by each weight, and by a shift of each pre-activation."""
    found = []
    for network in concrete_networks():
        J, shifts = network.weight_jacobian(), network.tangent_features()
        e_value, f_value = (integer_matrix(J.rows, 1, seed) for seed in (5, 6))
        product = (e_value.T * J * J.T * f_value)[0]
        truth = {"Theta_W": J * J.T, "Theta_b": shifts * shifts.T, "e^T Theta_W e'": product}
        found.append((TermwiseValue({**network.values, "e": e_value, "e'": f_value}), truth))
    return tuple(found)


def _obligations_of_tangent_kernel(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    residuals: dict[str, Residual] = {}
    for i, (at, truth) in enumerate(_differentiated()):
        for name, value in truth.items():
            difference = at(closed_form[name]) - value
            of_matrices = isinstance(difference, sympy.MatrixBase)
            residuals[f"{name} of network {i}"] = squared_norm(difference) if of_matrices else difference
    return residuals


def course() -> Proof:
    """Derive the change of the weights with a constant kernel, and the averaged residuals that drive it."""
    average = _average(r, Theta)
    change = tuple(velocity().subs({r: each}) for each in average)
    of_outputs = _average(R, Theta_0)
    products = multiply(of_outputs, [each.T for each in of_outputs])
    grams = tuple(rewrite(each, [(R * R.T, A)]) for each in products)
    steps = (
        Step(
            "With a constant tangent kernel $\\Theta$ the residuals decay by $\\dot r = -\\Theta r / n$. Average the "
            "series of their decay over the time passed; coefficients of $1, t, t^2$:",
            (Equation("r_bar", average, r"\bar r"),),
            ("gradient flow", "wide.layer_share"),
        ),
        Step(
            "The velocity of a layer is linear in the residuals, with tangent features and inputs that stand still. "
            "So the change is $t$ times the velocity at $\\bar r$; coefficients of $t, t^2, t^3$:",
            (Equation("dW", change),),
            ("early.weight_change",),
        ),
        Step(
            "In a wide network $\\Theta$ is one n by n kernel $\\Theta_0$ for each output, and residuals enter $P$ and "
            "$Q$ through $A = R R^\\top$. It becomes $\\bar R \\bar R^\\top$; coefficients of $1, t, t^2$:",
            (Equation("A", grams, r"\bar R \bar R^\top"),),
            ("early.separate_outputs",),
        ),
    )
    closed_form = {"r_bar": average, "dW": change, "A": grams}
    return Proof(
        steps, closed_form, _obligations_of_course, {"r_bar": r"\bar r", "A": r"\bar R \bar R^\top"}, stated=_by_order
    )


def _by_order(closed_form: Mapping[str, Any]) -> dict[str, Any]:
    """Name the coefficients of the averaged residuals."""
    return {f"r_bar of order {i}": each for i, each in enumerate(closed_form["r_bar"])}


def _average(residuals: Matrix, kernel: Matrix) -> tuple[MatrixPolynomial, ...]:
    """Expand ``(1/t) int_0^t R`` where ``R`` decays with a constant kernel."""
    passed = Matrix("passed", residuals.rows, residuals.cols)
    moving = {passed: residuals, residuals: -kernel * residuals / n}
    start = {passed: zeros(residuals.rows, residuals.cols)}
    return tuple(series(passed, moving, ORDERS, initial=start)[1:])


@cache
def _concrete() -> tuple[TermwiseValue, ...]:
    """Take the velocities of nonlinear networks by differentiation, and integers for their kernels."""
    found = []
    for network in concrete_networks():
        n, N = (network.values[each] for each in "nN")
        kernels = {"Theta": integer_matrix(N, N, 7, symmetric=True), "Theta_0": integer_matrix(n, n, 8, symmetric=True)}
        R_value = integer_matrix(n, 4, 9)
        found.append(TermwiseValue({**network.values, **kernels, "R": R_value, "A": R_value * R_value.T, "c": 4}))
    return tuple(found)


def _decayed(residuals: sympy.Matrix, kernel: sympy.Matrix, samples: int) -> list[sympy.Matrix]:
    """Expand the matrix exponential that solves the decay."""
    terms = [residuals]
    for j in range(1, ORDERS):
        terms.append(-kernel * terms[-1] / (samples * j))
    return terms


def _obligations_of_course(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Differentiate the claim: its rate of change must be the velocity at residuals that decay exponentially."""
    residuals: dict[str, Residual] = {}
    for number, at in enumerate(_concrete()):
        values, size = at.values, at.values["n"]
        decayed = _decayed(values["r"], values["Theta"], size)
        averaged = [each / (j + 1) for j, each in enumerate(_decayed(values["R"], values["Theta_0"], size))]
        grams = multiply(averaged, [each.T for each in averaged])
        for j in range(ORDERS):
            passed, rate = (at(closed_form[name][j]) * (j + 1) for name in ("r_bar", "dW"))
            residuals |= {
                f"r_bar of network {number}, coefficient {j}": squared_norm(passed - decayed[j]),
                f"dW of network {number}, coefficient {j}": squared_norm(rate - pulled(values, decayed[j])),
                f"A of network {number}, coefficient {j}": squared_norm(at(closed_form["A"][j]) - grams[j]),
            }
    return residuals


def pulled(values: Mapping[str, Any], residuals: sympy.Matrix) -> sympy.Matrix:
    """Sum the pull of the residuals on the weights of a layer, row by row."""
    rows = range(residuals.rows)
    terms = (residuals[row] * values["D"][row, :].T * values["X"][row, :] for row in rows)
    return sum(terms, sympy.zeros(values["k"], values["m"])) * values["gamma"] / values["n"]


LAZY: Final = (
    "Gradient flow on $(1/2n) \\sum_\\mu |y_\\mu - f_\\mu|^2$ in all parameters.",
    "NTK parametrization and hidden widths that tend to infinity at a fixed time, where tangent kernels and the inputs "
    "of all layers stand still (Jacot et al.).",
)

DERIVATIONS: Final = (
    Derivation(
        name="wide.layer_share",
        title="The share of one layer in the tangent kernel of all parameters",
        wording="With a row for each pair of a sample and an output, the weights of a layer add "
        "$<<Theta_W>>$ to the tangent kernel of the outputs, its biases $<<Theta_b>>$; the layers sum to "
        "$\\Theta$.",
        assumptions=("A differentiable network; a layer linear in its weights.",),
        source=SOURCE,
        derive=tangent_kernel,
    ),
    Derivation(
        name="wide.lazy_course",
        title="The course of the centered features of an infinitely wide network",
        wording="The residuals decay exponentially with the rates $\\Theta / n$, and $F_c(t)$, $G_c(t)$ "
        "and the C-NFA have their leading-order form with $R$ replaced by its average over the time "
        "passed, $\\bar r = <<r_bar of order 0>> + t\\,(<<r_bar of order 1>>) + t^2\\,(<<r_bar of order "
        "2>>) + \\dots$",
        assumptions=LAZY,
        source=SOURCE,
        derive=course,
        limits=(
            "At a finite width the kernels move, by a relative amount of order $1/\\sqrt{k}$; at $t = 0$ it is the "
            "leading order.",
        ),
    ),
)
