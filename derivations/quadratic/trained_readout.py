"""A quadratic network on Gaussian inputs whose readout is trained too: its population gradient flow closes as well.

The loss is a sum over outputs, so each output drives the hidden weights with its own residual moment
``R = E[(y - f) x x^T]``, and its own readout.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, diagonal, flow, hadamard, identity, ones, tr
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.errors import DerivationError
from derivations.expectation import expect
from derivations.judging.instances import squared_norm
from derivations.judging.interpolation import gradient
from derivations.judging.termwise import TermwiseValue
from derivations.quadratic.gaussian_instance import gaussian_instance
from derivations.quadratic.leading_order import SOURCE, A, W, d, k
from derivations.quadratic.population import label_scale, x

readout: Final = Matrix("alpha", k, 1, latex=r"\alpha")
"""Weights of the readout, one output."""
R: Final = Matrix("R", d, symmetric=True)
LATEX: Final = {"W_dot": r"\dot W", "alpha_dot": r"\dot \alpha"}


def trained_readout() -> Proof:
    """Derive the velocities of hidden weights and readout."""
    a = diagonal(readout)
    M_1 = W.T * a * W
    f = tr(x.T * M_1 * x)
    loss = label_scale / 2 - tr(M_1 * A) + expect(f * f, over=[x]) / 2
    W_dot, a_dot = flow(loss, (W, readout))
    residual = A - expect(f * x * x.T, over=[x])
    short = {"W_dot": 2 * a * W * R, "alpha_dot": hadamard(W * R * W.T, identity(k)) * ones(k)}
    for found, each in zip((W_dot, a_dot), short.values(), strict=True):
        if found != each.subs({R: residual}):
            raise DerivationError(f"the residual moment must drive the flow, got a rest {found - each}")
    steps = (
        Step(
            "Average the loss of $f = \\sum_j \\alpha_j (w_j \\cdot x)^2$ with $M_1 = W^\\top "
            "\\operatorname{diag}(\\alpha) W$; labels occur in $A = E[y\\, x x^\\top]$ only.",
            (Equation("loss", loss, r"\tfrac12 E (y - f)^2"),),
            ("Gaussian integration by parts",),
        ),
        Step(
            "Gradient flow in both layers.",
            (Equation("W_dot", W_dot, LATEX["W_dot"]), Equation("alpha_dot", a_dot, LATEX["alpha_dot"])),
            ("gradient of a trace polynomial",),
        ),
        Step(
            "Both are driven by the residual moment $R = E[(y - f)\\, x x^\\top]$: the hidden weights through "
            "$\\operatorname{diag}(\\alpha) W R$, the readout through the diagonal of $W R W^\\top$.",
            (
                Equation("R", residual),
                Equation("W_dot", short["W_dot"], LATEX["W_dot"]),
                Equation("alpha_dot", short["alpha_dot"], LATEX["alpha_dot"]),
            ),
            ("Gaussian integration by parts",),
        ),
    )
    return Proof(steps, {"R": residual, **short}, _obligations, LATEX)


@cache
def _differentiated() -> tuple[TermwiseValue, dict[str, sympy.Matrix]]:
    """Average the loss of a concrete network over its inputs, and differentiate it by every weight of both layers."""
    network = gaussian_instance(width=5, fan_in=5, seed=3)
    alpha = sympy.Matrix([network.a[j, j] for j in range(network.a.rows)])
    moved = network.residual_moment(network.W)
    by_readout = gradient(lambda other: network.loss(network.W, sympy.diag(*other)), alpha, 2)
    values = {**network.values, "A": network.residual_moment(), "alpha": alpha, "R": moved}
    return TermwiseValue(values), {"R": moved, "W_dot": network.velocity(network.W), "alpha_dot": -by_readout}


def _obligations(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    at, truth = _differentiated()
    return {name: squared_norm(at(formula) - truth[name]) for name, formula in closed_form.items()}


DERIVATIONS: Final = (
    Derivation(
        name="quadratic.trained_readout",
        title="The population gradient flow of a quadratic network with a trained readout",
        wording="With $R = <<R>>$ for each output: $\\dot W = <<W_dot>>$, summed over outputs, and $\\dot "
        "\\alpha = <<alpha_dot>>$.",
        assumptions=(
            "Inputs $x \\sim N(0, \\Sigma)$, infinitely many samples; both layers of "
            "$f(x) = \\sum_j \\alpha_j (w_j \\cdot x)^2$ are trained.",
            "Gradient flow on $E (y - f)^2 / 2$; labels of any kind with finite second moment.",
        ),
        source=SOURCE,
        derive=trained_readout,
        limits=("Exact at all times.",),
    ),
)
