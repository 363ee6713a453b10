"""At a stationary point with weight decay the NFM of a layer is an average of Jacobians, residuals and inputs.

Boix-Adsera, Mallinar, Simon and Belkin (arXiv 2507.05644), the features at convergence (FACT).
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, MatrixPolynomial, Scalar, gradient, tr, zeros
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.forms.rewriting import rewrite
from derivations.identities.factorization import factorization
from derivations.identities.layer import N, T, W, X, Z, first_order_change, gamma, k, m, squared_loss
from derivations.judging.concrete_network import ConcreteNetwork, concrete_network
from derivations.judging.instances import squared_norm

decay: Final = Scalar("lambda")
V: Final = Matrix("V", k, m)
J: Final = Matrix("J", N, m)
LATEX_NAMES: Final = {"decay W": r"\lambda W", "decay F": r"\lambda W^\top W"}


def stationary_features() -> Proof:
    """Derive ``decay W^T W = (1/n) sum_mu J_mu^T R_mu z_mu^T``."""
    moved = W + V
    loss = squared_loss(first_order_change(V, X)) + tr(moved.T * moved) * decay / 2
    slope = gradient(loss, V).subs({V: zeros(k, m)})
    decay_W = W * decay - slope
    decay_F = W.T * decay_W
    jacobian: MatrixPolynomial = factorization().closed_form["J"]  # type: ignore[assignment]
    in_jacobians = rewrite(decay_F, [(jacobian / gamma, J / gamma)]).subs({X: T * Z})
    steps = (
        Step(
            "The gradient of loss and weight decay, at the current weights.",
            (Equation("slope", slope, r"\frac{\partial}{\partial W} \left(L + \frac{\lambda}{2} |W|^2\right)"),),
            ("chain rule", "gradient of a trace polynomial"),
        ),
        Step(
            "At a stationary point it is zero: the decay balances the pull of the residuals.",
            (Equation("decay W", decay_W, LATEX_NAMES["decay W"]),),
            ("stationarity",),
        ),
        Step("Multiply by $W^\\top$ from the left.", (Equation("decay F", decay_F, LATEX_NAMES["decay F"]),)),
        Step(
            "$\\gamma D W$ is the Jacobian $J$ of the outputs with respect to the input of the layer, and the inputs "
            "of the rows are $X = T Z$. The multiplier is absorbed.",
            (Equation("decay F", in_jacobians, LATEX_NAMES["decay F"]),),
            ("identities.factorization",),
        ),
    )
    closed_form = {"decay W": decay_W.subs({X: T * Z}), "decay F": in_jacobians}
    return Proof(steps, closed_form, _obligations, LATEX_NAMES)


DECAYS: Final = (3, 5, sympy.Rational(7, 2))


@cache
def _stationary_networks() -> tuple[tuple[ConcreteNetwork, Any], ...]:
    """Choose the labels of nonlinear networks so that their weights are stationary, each with a decay of its own."""
    found = []
    for seed, (samples, outputs, size, decay_value) in enumerate(
        zip((9, 10, 8), (2, 2, 3), (4, 4, 4), DECAYS, strict=True)
    ):
        network = concrete_network(samples, outputs, size, size, seed=41 + seed)
        values, rows = network.values, range(samples * outputs)
        pulls = [values["gamma"] * values["D"][row, :].T * values["X"][row, :] / samples for row in rows]
        system = sympy.Matrix.hstack(*(pull.reshape(size**2, 1) for pull in pulls))
        multipliers = (system * system.T).LUsolve(decay_value * network.W.reshape(size**2, 1))
        residuals = (system.T * multipliers).reshape(samples, outputs)
        found.append((replace(network, labels=network.labels - network.residuals() + residuals), decay_value))
    return tuple(found)


def _obligations(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with the weights of nonlinear networks at points that are stationary by their own loss gradients."""
    residuals: dict[str, Residual] = {}
    for network, value in _stationary_networks():
        W_value, at, size = network.W, network.at, network.Z.rows
        residuals |= {
            f"the point is stationary, {size} samples": squared_norm(network.loss_gradient + value * W_value),
            f"decay W, {size} samples": squared_norm(at(closed_form["decay W"]) - value * W_value),
            f"decay F, {size} samples": squared_norm(at(closed_form["decay F"]) - value * W_value.T * W_value),
        }
    return residuals


DERIVATIONS: Final = (
    Derivation(
        name="identities.fact",
        title="The NFM at a stationary point with weight decay",
        wording="At a stationary point of the loss with weight decay $\\lambda$ in the weights of a layer, "
        "$\\lambda W = <<decay W>>$ and $\\lambda W^\\top W = <<decay F>>$; $J$ and $r$ have a row for "
        "each pair of a sample and an output, $T$ repeats samples. In particular the right-hand side is "
        "symmetric and positive semidefinite.",
        assumptions=(
            "$L = (1/2n) \\sum_\\mu |y_\\mu - f_\\mu|^2$; the gradient in $W$ of loss and decay vanishes.",
            "The decay acts on the weights that $h = \\gamma W z$ contains; with this convention no power of the "
            "multiplier $\\gamma$ remains.",
        ),
        source="Boix-Adsera, Mallinar, Simon and Belkin, arXiv 2507.05644: the features at convergence (FACT)",
        derive=stationary_features,
        limits=(
            "Exact at stationary points, for every architecture; away from them the two sides differ by $W^\\top$ "
            "times the gradient.",
        ),
    ),
)
