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
from derivations.forms.rewriting import rewrite
from derivations.identities.layer import D, N, S, T, X, Z, first_order_change, gamma, k, kappa, m, n, r
from derivations.judging.concrete_network import concrete_network
from derivations.judging.instances import evaluate_exactly, integer_matrix, squared_norm

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
def _differentiated() -> dict[str, Any]:
    """Differentiate the outputs of a nonlinear network by each weight, and by a shift of each pre-activation."""
    network = concrete_network(samples=3, outputs=2, fan_in=2, fan_out=2, seed=31)
    w = sympy.Matrix(2, 2, lambda i, j: sympy.Symbol(f"w_{i}_{j}"))
    here = dict(zip(w, network.W, strict=True))
    outputs = sympy.Matrix([network.output(i, w, network.Z[mu, :].T) for mu, i in network.rows()])
    J, shifts = outputs.jacobian(list(w)).subs(here), network.tangent_features()
    rows = J.rows
    e_value, f_value = integer_matrix(rows, 1, 5), integer_matrix(rows, 1, 6)
    values = {**network.values, "e": e_value, "e'": f_value}
    product = (e_value.T * J * J.T * f_value)[0]
    return {"values": values, "Theta_W": J * J.T, "Theta_b": shifts * shifts.T, "e^T Theta_W e'": product}


def _obligations_of_tangent_kernel(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    true = _differentiated()
    values = true["values"]
    kernels = {
        name: squared_norm(evaluate_exactly(closed_form[name], values) - true[name]) for name in ("Theta_W", "Theta_b")
    }
    name = "e^T Theta_W e'"
    return {**kernels, name: evaluate_exactly(closed_form[name], values) - true[name]}


def course() -> Proof:
    """Derive the change of the weights with a constant kernel, and the averaged residuals that drive it."""
    average = _average(r, Theta)
    change = tuple(velocity().subs({r: each}) for each in average)
    grams = tuple(rewrite(each, [(R * R.T, A)]) for each in _gram_series(_average(R, Theta_0)))
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
    return Proof(steps, closed_form, _obligations_of_course, {"r_bar": r"\bar r", "A": r"\bar R \bar R^\top"})


def _average(residuals: Matrix, kernel: Matrix) -> tuple[MatrixPolynomial, ...]:
    """Expand ``(1/t) int_0^t R`` where ``R`` decays with a constant kernel."""
    passed = Matrix("passed", residuals.rows, residuals.cols)
    moving = {passed: residuals, residuals: -kernel * residuals / n}
    start = {passed: zeros(residuals.rows, residuals.cols)}
    return tuple(series(passed, moving, ORDERS, initial=start)[1:])


def _gram_series(average: tuple[MatrixPolynomial, ...]) -> tuple[MatrixPolynomial, ...]:
    """Multiply the averaged residuals with themselves, power by power."""
    products = [[average[i] * average[j - i].T for i in range(j + 1)] for j in range(ORDERS)]
    return tuple(sum(each[1:], each[0]) for each in products)


@cache
def _concrete() -> dict[str, Any]:
    """Take velocity and kernel of a nonlinear network by differentiation, and integers for a wide network's kernel."""
    network = concrete_network(samples=2, outputs=2, fan_in=2, fan_out=2, seed=41)
    kernels = {"Theta": integer_matrix(4, 4, 7, symmetric=True), "Theta_0": integer_matrix(2, 2, 8, symmetric=True)}
    R_value = integer_matrix(2, 2, 9)
    return {**network.values, **kernels, "R": R_value, "A": R_value * R_value.T, "c": 2}


def _decayed(residuals: sympy.Matrix, kernel: sympy.Matrix, samples: int) -> list[sympy.Matrix]:
    """Expand the matrix exponential that solves the decay."""
    terms = [residuals]
    for j in range(1, ORDERS):
        terms.append(-kernel * terms[-1] / (samples * j))
    return terms


def _obligations_of_course(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Differentiate the claim: its rate of change must be the velocity at residuals that decay exponentially."""
    values = _concrete()
    size = values["n"]
    decayed = _decayed(values["r"], values["Theta"], size)
    decayed_matrix = _decayed(values["R"], values["Theta_0"], size)
    inputs = values["T"] * values["Z"]
    residuals: dict[str, Residual] = {}
    for j in range(ORDERS):
        passed = evaluate_exactly(closed_form["r_bar"][j], values) * (j + 1)
        residuals[f"r_bar, coefficient {j}"] = squared_norm(passed - decayed[j])
        slopes = values["gamma"] * values["D"].T * sympy.diag(*decayed[j]) * inputs / size
        rate = evaluate_exactly(closed_form["dW"][j], values) * (j + 1)
        residuals[f"dW, coefficient {j}"] = squared_norm(rate - slopes)
        gram = sum(
            (decayed_matrix[i] / (i + 1) * (decayed_matrix[j - i] / (j - i + 1)).T for i in range(j + 1)),
            sympy.zeros(2, 2),
        )
        residuals[f"A, coefficient {j}"] = squared_norm(evaluate_exactly(closed_form["A"][j], values) - gram)
    return residuals


LAZY: Final = (
    "Gradient flow on $(1/2n) \\sum_\\mu |y_\\mu - f_\\mu|^2$ in all parameters.",
    "NTK parametrization and hidden widths that tend to infinity at a fixed time, where tangent kernels and the inputs "
    "of all layers stand still (Jacot et al.).",
)

DERIVATIONS: Final = (
    Derivation(
        name="wide.layer_share",
        title="The share of one layer in the tangent kernel of all parameters",
        statement="With a row for each pair of a sample and an output, the weights of a layer add "
        "$\\gamma^2 \\kappa \\circ T S T^\\top$ to the tangent kernel of the outputs, its biases $\\kappa$; the layers "
        "sum to $\\Theta$.",
        assumptions=("A differentiable network; a layer linear in its weights.",),
        source=SOURCE,
        derive=tangent_kernel,
    ),
    Derivation(
        name="wide.lazy_course",
        title="The course of the centered features of an infinitely wide network",
        statement="The residuals are $R(s) = e^{-\\Theta s / n} R(0)$, and $F_c(t)$, $G_c(t)$ and the C-NFA have their "
        "leading-order form with $R$ replaced by its average over the time passed, "
        "$\\bar R = (1/t) \\int_0^t R(s)\\, ds = R - (t/2n) \\Theta R + (t^2/6n^2) \\Theta^2 R - \\dots$",
        assumptions=LAZY,
        source=SOURCE,
        derive=course,
        limits=(
            "At a finite width the kernels move, by a relative amount of order $1/\\sqrt{k}$; at $t = 0$ it is the "
            "leading order.",
        ),
    ),
)
