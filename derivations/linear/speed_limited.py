"""Speed-limited optimization of linear networks: the speeds in the C-NFA beyond leading order, and one moving layer.

At any moment SLO is gradient flow with a rate ``C_l / |V_l|`` for each layer, ``V_l`` being minus the gradient.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import sympy
from jaxtyping import Shaped

from derivations.algebra import Matrix, Scalar, identity, series, time_derivative, tr, zeros
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.forms.evaluation import evaluate_formula
from derivations.forms.power_series import multiply
from derivations.forms.ratio_series import ratio_coefficients, ratio_letters, series_residuals
from derivations.judging.instances import drawn
from derivations.judging.termwise import TermwiseValue
from derivations.linear.closed_flow import (
    E,
    Sigma_xx,
    layers,
    product_of_layers,
    residual_flow,
)
from derivations.linear.features import TRACES
from derivations.linear.instance import linear_instance

SOURCE: Final = (
    "Speed-limited optimization: Beaglehole, Mitliagkas and Agarwala, arXiv 2402.05271; derived here for linear nets"
)
s1: Final = Scalar("s1")
s2: Final = Scalar("s2")
a: Final = Scalar("a")
"""Relative rate of change of ``s1`` at the start."""
LATEX_NAMES: Final = {name: name.replace("tr", r"\operatorname{tr}") for name in TRACES["C-NFA"]}


def early_slope() -> Proof:
    """Derive the C-NFA of the first of two layers to first order in time, as a function of the speeds."""
    W1, W2 = layers(2)
    V = residual_flow((W1, W2))
    dW, tau = Matrix("dW", *W1.shape), Matrix("tau", 1, latex=r"\tau")
    velocities = {W1: V[W1] * s1, W2: V[W2] * s2}
    velocities[E] = time_derivative(-product_of_layers((W1, W2)) * Sigma_xx, velocities)
    # The rate of the layer itself changes too; to this order by the factor 1 + a tau.
    velocities |= {dW: V[W1] * s1 + tr(tau) * V[W1] * (s1 * a), tau: identity(1)}
    start = {dW: zeros(*dW.shape), tau: zeros(1, 1)}
    F, G = dW.T * dW, dW.T * W2.T * W2 * dW
    traces = dict(zip(TRACES["C-NFA"], (tr(F * G), tr(F * F), tr(G * G)), strict=True))
    expanded = {name: series(trace, velocities, 5, initial=start)[4:] for name, trace in traces.items()}
    steady = {name: tuple(each.subs({a: 0}) for each in pair) for name, pair in expanded.items()}
    drift = {name: expanded[name][1] - steady[name][1] for name in expanded}
    slope = ratio_coefficients(2)[1]
    steps = (
        Step(
            "SLO moves each layer with the rate $s_l = C_l / |V_l|$ along $V_l$. Relative to its value at the start, "
            "the rate of the first layer changes by $1 + a \\tau$ to first order in time $\\tau$.",
            (Equation("V1", V[W1], "V_1"), Equation("V2", V[W2], "V_2")),
            ("linear.closed_flow", "definition of SLO"),
        ),
        Step(
            "The part with $a$ is $2a$ times the leading term in each of the three traces. It is a common factor of "
            "$\\Delta W$, and drops out of the alignment.",
            tuple(
                Equation(f"part with a of {name}", each, rf"a\,\partial_a [\tau^5]\,{LATEX_NAMES[name]}")
                for name, each in drift.items()
            ),
        ),
        Step(
            "Without it, the coefficients of $\\tau^4$ and $\\tau^5$ are",
            tuple(Equation(name, each, LATEX_NAMES[name]) for name, each in steady.items()),
            ("Taylor series of a polynomial along a flow",),
        ),
        Step(
            "In the C-NFA the leading term does not depend on the speeds; the slope is linear in $s_1$ and $s_2$.",
            (Equation("slope", slope, r"\tfrac{d}{d\tau}\rho(F_c, G_c)"),),
            ("Taylor series of a quotient",),
        ),
    )
    proportional = {
        f"the part with a of {name} is a common factor": each - 2 * a * steady[name][0] for name, each in drift.items()
    }

    def obligations(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
        return {**proportional, **_obligations_of_slope(claimed)}

    names = {**LATEX_NAMES, "slope": r"\tfrac{d}{d\tau}\rho(F_c, G_c)"}
    return Proof(steps, {**steady, "slope": slope}, obligations, names, function=early_c_nfa)


def early_c_nfa(
    W: Shaped[Any, "k d"], readout: Shaped[Any, "c k"], Sigma_xx: Any, Sigma_yx: Any, speeds: tuple[float, float]
) -> dict[str, float]:
    """Evaluate the C-NFA of the first layer under SLO at the start, and its slope in time."""
    residual = Sigma_yx - readout @ W @ Sigma_xx
    velocities = readout.T @ residual, residual @ W.T
    rates = [speed / float((V * V).sum()) ** 0.5 for speed, V in zip(speeds, velocities, strict=True)]
    values = {"W1": W, "W2": readout, "E": residual, "Sigma_xx": Sigma_xx, "s1": rates[0], "s2": rates[1]}
    claim = DERIVATIONS[0].closed_form
    coefficients = {}
    for letter, name in zip("NPQ", TRACES["C-NFA"], strict=True):
        for j, each in enumerate(evaluate_formula(claim[name], values)):
            coefficients[f"{letter}_{j}"] = float(each)
    zeroth = coefficients["N_0"] / (coefficients["P_0"] * coefficients["Q_0"]) ** 0.5
    return {"C-NFA": zeroth, "slope": float(evaluate_formula(claim["slope"], coefficients))}


@cache
def _slow_start() -> tuple[TermwiseValue, dict[str, list[Any]]]:
    """Follow SLO of a concrete network, at rates that stand still, to second order."""
    instance, rates = linear_instance((5, 4, 6)), (drawn(1), drawn(2))
    first, second = (list(each) for each in zip(*instance.path(2, rates), strict=True))
    dW, readout = first[1:], second[:2]  # the change starts at t
    moved = multiply(readout, dW)
    F, G = (multiply([each.T for each in V], V) for V in (dW, moved))
    pairs = dict(zip(TRACES["C-NFA"], ((F, G), (F, F), (G, G)), strict=True))
    found = {name: [each.trace() for each in multiply(*pair)] for name, pair in pairs.items()}
    return TermwiseValue({**instance.values(), "s1": rates[0], "s2": rates[1]}), found


def _obligations_of_slope(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with a concrete network, and the slope with that of the square of the quotient."""
    at, truth = _slow_start()
    residuals: dict[str, Residual] = {
        f"{name}, coefficient {j}": at(formula) - truth[name][j]
        for name in truth
        for j, formula in enumerate(claimed[name])
    }
    N, P, Q = ratio_letters(1)
    leading = N[0] / sympy.sqrt(P[0] * Q[0])
    return {**residuals, **series_residuals((leading, claimed["slope"]))}


DERIVATIONS: Final = (
    Derivation(
        name="linear.slo_slope",
        title="Two linear layers under speed-limited optimization: the C-NFA to first order in time",
        wording="To first order in time the C-NFA of the first layer is $\\rho_0 + \\rho_1 \\tau$: "
        "$\\rho_0$ does not depend on the speeds, and $\\rho_1$ is a linear form in $s_l := C_l / |V_l|$. "
        "In the limit $s_2 \\to 0$ only the first layer moves, $K$ stays, and its own part of $\\rho_1$ is "
        "left.",
        assumptions=(
            "Two linear layers; the loss $(1/2n) \\sum_\\mu |y_\\mu - f_\\mu|^2$.",
            "Continuous SLO, $\\dot W_l = C_l V_l / |V_l|$.",
            "Both gradients differ from zero at initialization.",
        ),
        source=SOURCE,
        derive=early_slope,
        limits=("First order in time.",),
    ),
)
