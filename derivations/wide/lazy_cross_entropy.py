"""The course of the centered features where kernels stand still, for softmax cross-entropy, and for any loss.

The change of a layer's weights is linear in the residuals, whatever path they take. So it is the leading-order form at
the residuals averaged over the time passed, for every loss; only the path is that of the loss. For cross-entropy it
follows from the slope of the softmax.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, MatrixPolynomial, hadamard, ones
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.early.leading_order import velocity
from derivations.identities.layer import N, n, r
from derivations.judging.concrete_network import concrete_networks
from derivations.judging.instances import integer_matrix, squared_norm
from derivations.judging.termwise import TermwiseValue
from derivations.wide.lazy_training import ORDERS, SOURCE, R, Theta_0, pulled

P: Final = Matrix("P", n, "c")
path: Final = tuple(Matrix(f"r{j}", N, 1, latex=f"r_{j}") for j in range(ORDERS))


def course() -> Proof:
    """Derive the change of the weights from any path of the residuals, and the path of cross-entropy."""
    average = tuple(each / (j + 1) for j, each in enumerate(path))
    change = tuple(velocity().subs({r: each}) for each in average)
    moved = _slope(Theta_0 * R / n)
    averages = (R * 1, -moved / 2)
    steps = (
        Step(
            "Let the residuals take any path $r_0 + r_1 s + r_2 s^2 + \\dots$ and average it over $0 \\le s \\le t$; "
            "coefficients of $1, t, t^2$:",
            (Equation("r_bar", average, r"\bar r"),),
            ("integration term by term",),
        ),
        Step(
            "The velocity of a layer is linear in the residuals, with tangent features and inputs that stand still. "
            "So the change is $t$ times the velocity at $\\bar r$; coefficients of $t, t^2, t^3$:",
            (Equation("dW", change),),
            ("early.weight_change",),
        ),
        Step(
            "Cross-entropy has $R = Y - P$ with the softmax $P$ of the outputs, which move by $\\Theta_0 R / n$. The "
            "slope of the softmax, with ones in all entries of $1 1^\\top$:",
            (Equation("dP/dt", moved, r"\dot P"),),
            ("definition of the softmax", "wide.layer_share"),
        ),
        Step(
            "So $R$ moves by $-t \\dot P$, half of it on average; coefficients of $1, t$:",
            (Equation("R_bar", averages, r"\bar R"),),
        ),
    )
    closed_form = {"r_bar": average, "dW": change, "dP/dt": moved, "R_bar": averages}
    return Proof(steps, closed_form, _obligations, {"r_bar": r"\bar r", "R_bar": r"\bar R", "dP/dt": r"\dot P"})


def _slope(change: MatrixPolynomial) -> MatrixPolynomial:
    """Move probabilities with the outputs: ``p o (f' - p . f')`` for every sample."""
    weighted = hadamard(P, change)
    return weighted - hadamard(P, weighted * ones("c", "c"))


@cache
def _differentiated(samples: int, classes: int) -> tuple[TermwiseValue, sympy.Matrix]:
    """Differentiate the softmax along the flow, with a symbol for the exponential of each output."""
    E = sympy.Matrix(samples, classes, lambda i, j: sympy.Symbol(f"e_{i}_{j}", positive=True))
    softmax = sympy.Matrix(samples, classes, lambda i, j: E[i, j] / sum(E[i, :]))
    here = {e: 1 + i for i, e in enumerate(E)}
    Y, kernel = integer_matrix(samples, classes, 3), integer_matrix(samples, samples, 8, symmetric=True)
    P_here = softmax.subs(here)
    f_dot = kernel * (Y - P_here) / samples
    P_dot = sum(
        (softmax.diff(e).subs(here) * here[e] * rate for e, rate in zip(E, f_dot, strict=True)),
        sympy.zeros(samples, classes),
    )
    values = {"P": P_here, "R": Y - P_here, "Theta_0": kernel, "n": samples, "c": classes}
    return TermwiseValue(values), P_dot


@cache
def _networks() -> tuple[TermwiseValue, ...]:
    found = []
    for network in concrete_networks():
        paths = {f"r{j}": integer_matrix(network.values["N"], 1, 20 + j) for j in range(ORDERS)}
        found.append(TermwiseValue({**network.values, **paths}))
    return tuple(found)


def _obligations(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Differentiate the claims by time: that must give the path, and the velocity on it."""
    residuals: dict[str, Residual] = {}
    for number, at in enumerate(_networks()):
        for j in range(ORDERS):
            here = at.values[f"r{j}"]
            passed, rate = (at(closed_form[name][j]) * (j + 1) for name in ("r_bar", "dW"))
            residuals[f"r_bar of network {number}, coefficient {j}"] = squared_norm(passed - here)
            residuals[f"dW of network {number}, coefficient {j}"] = squared_norm(rate - pulled(at.values, here))
    for sizes in ((2, 4), (3, 3), (4, 2)):
        at, P_dot = _differentiated(*sizes)
        residuals[f"dP/dt at {sizes}"] = squared_norm(at(closed_form["dP/dt"]) - P_dot)
        for j, rate in enumerate((at.values["R"], -P_dot)):
            passed = at(closed_form["R_bar"][j]) * (j + 1)
            residuals[f"R_bar at {sizes}, coefficient {j}"] = squared_norm(passed - rate)
    return residuals


DERIVATIONS: Final = (
    Derivation(
        name="wide.lazy_course_any_loss",
        title="The course of the centered features of an infinitely wide network for any loss",
        wording="For every loss, whatever path its residuals $R(s) := -\\partial \\ell / \\partial f$ "
        "take, $F_c(t)$, $G_c(t)$ and the C-NFA have their leading-order form with $R$ replaced by its "
        "average $\\bar R$ over the time passed. Softmax cross-entropy has $R := Y - P$ with $\\dot P = "
        "<<dP/dt>>$, which gives $\\bar R$.",
        assumptions=(
            "Gradient flow of the average loss over samples in all parameters.",
            "NTK parametrization and hidden widths that tend to infinity at a fixed time, where tangent kernels and "
            "the inputs of all layers stand still (Jacot et al.).",
        ),
        source=SOURCE,
        derive=course,
        limits=(
            "At a finite width the kernels move, by a relative amount of order $1/\\sqrt{k}$; at $t = 0$ it is the "
            "leading order. For squared error: wide.lazy_course.",
        ),
    ),
)
