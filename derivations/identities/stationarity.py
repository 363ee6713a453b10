"""At a stationary point with weight decay the NFM of a layer is an average of Jacobians, residuals and inputs.

Boix-Adsera, Mallinar, Simon and Belkin (arXiv 2507.05644), the features at convergence (FACT).
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, MatrixPolynomial, Scalar, gradient, tr, zeros
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.forms.rewriting import rewrite
from derivations.identities.factorization import factorization
from derivations.identities.layer import N, T, W, X, Z, first_order_change, gamma, k, m, squared_loss
from derivations.judging.concrete_network import ConcreteNetwork, concrete_network
from derivations.judging.instances import evaluate_exactly, squared_norm

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


@lru_cache(maxsize=1)
def _stationary_network() -> ConcreteNetwork:
    """Choose the labels of a nonlinear network so that its weights are stationary with decay 3."""
    network = concrete_network(samples=4, outputs=1, fan_in=2, fan_out=2, seed=41)
    values = network.values
    rows = range(network.Z.rows)
    pulls = [values["gamma"] * values["D"][row, :].T * values["X"][row, :] / network.Z.rows for row in rows]
    system = sympy.Matrix.hstack(*(pull.reshape(4, 1) for pull in pulls))
    residuals = system.LUsolve(3 * network.W.reshape(4, 1))
    return replace(network, labels=network.labels - network.residuals() + residuals)


def _obligations(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with the weights of a nonlinear network at a point that is stationary by its own loss gradient."""
    network = _stationary_network()
    W_value = network.W
    decay_W = evaluate_exactly(closed_form["decay W"], network.values)
    decay_F = evaluate_exactly(closed_form["decay F"], network.values)
    return {
        "the point is stationary": squared_norm(network.loss_gradient + 3 * W_value),
        "decay W": squared_norm(decay_W - 3 * W_value),
        "decay F": squared_norm(decay_F - 3 * W_value.T * W_value),
    }


DERIVATIONS: Final = (
    Derivation(
        name="identities.fact",
        title="The NFM at a stationary point with weight decay",
        statement="At a stationary point of $L + (\\lambda/2) |W|^2$ in the weights of a layer, "
        "$\\lambda W^\\top W = (1/n) \\sum_\\mu J_\\mu^\\top R_\\mu z_\\mu^\\top$ with $J_\\mu = df(x_\\mu)/dz_\\mu$ "
        "and $R_\\mu = y_\\mu - f(x_\\mu)$. In particular the right-hand side is symmetric and positive semidefinite.",
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
