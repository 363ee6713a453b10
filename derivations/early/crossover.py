"""When the centered part of the UC-NFA overtakes the initial one: a time proportional to the scale of the weights."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import sympy

from derivations.algebra import TracePolynomial, tr
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.early.leading_order import GRADIENT_FLOW, P, Q, centered_features
from derivations.forms.rewriting import rewrite
from derivations.identities.initialization import G0, INDEPENDENT, SOURCE, growth, positive_symbols, s
from derivations.identities.layer import D, K, S, Z, kappa, n
from derivations.judging.concrete_network import ConcreteNetwork, concrete_networks
from derivations.judging.instances import drawn
from derivations.judging.pairings import GaussianAverage

LATEX_NAMES: Final = {"time": r"t_\times"}


def crossover_time() -> Proof:
    """Derive the time at which initial and centered part are equal, from the data and the tangent kernel."""
    initial, centered = _parts()
    names = {tr(kappa): sympy.Symbol("tr_kappa"), tr(P * S * Q * S): sympy.Symbol("tr_PSQS")}
    start, change = (positive_symbols(part.as_sympy(names)) for part in (initial, centered))
    time = sympy.Symbol("t", positive=True)
    (solution,) = (root for root in sympy.solve(sympy.Eq(start, change), time) if root.is_positive)
    solution = sympy.factor(solution, deep=True)
    steps = (
        Step(
            "The initial part, with $\\operatorname{tr} K = \\operatorname{tr}(D^\\top D)/n = "
            "\\operatorname{tr}(\\kappa)/n$.",
            (Equation("E initial", initial, r"E_{\mathrm{initial}}"),),
            ("identities.growth",),
        ),
        Step(
            "The centered part, $\\operatorname{tr}(F_c G_c)$, at leading order.",
            (Equation("centered", centered, r"\operatorname{tr}(F_c G_c)"),),
            ("early.centered_features",),
        ),
        Step("Solve for the time at which they are equal.", (Equation("time", solution, LATEX_NAMES["time"]),)),
    )
    return Proof(steps, {"time": solution}, _obligations, LATEX_NAMES)


def _parts() -> tuple[TracePolynomial, TracePolynomial]:
    grown: Mapping[str, Any] = growth().closed_form
    initial = rewrite(grown["initial"].subs({K: D.T * D / n}), [(D * D.T, kappa)])
    features: Mapping[str, Any] = centered_features().closed_form
    return initial, rewrite(tr(features["F_c"] * features["G_c"]), [(Z * Z.T, S)])


@cache
def _instances() -> tuple[tuple[ConcreteNetwork, sympy.Expr, sympy.Expr], ...]:
    """Average the initial part over pairings, and take the centered one from the gradients of the losses."""
    found = []
    for network in concrete_networks():
        covariance, velocity = network.values["K"], -network.loss_gradient
        traces = tr(G0.T * G0 * G0.T * K * G0)
        initial = GaussianAverage(network.values, {"G0": None})(traces)
        centered = (velocity.T * velocity * velocity.T * covariance * velocity).trace()
        found.append((network, initial, centered))
    return tuple(found)


def _obligations(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare both parts at the crossover times of nonlinear networks."""
    residuals: dict[str, Residual] = {}
    for i, (network, initial, centered) in enumerate(_instances()):
        values, scale = network.values, drawn(i)
        traces = {
            "tr_kappa": values["kappa"].trace(),
            "tr_PSQS": (values["P"] * values["S"] * values["Q"] * values["S"]).trace(),
            **{name: values[name] for name in ("n", "k", "m", "gamma")},
            s.name: scale,
        }
        time = closed_form["time"].subs({each: traces[each.name] for each in closed_form["time"].free_symbols})
        residuals[f"the parts are equal in network {i}"] = sympy.expand(time**4 * centered - scale**4 * initial)
        residuals[f"the time of network {i} is positive"] = sympy.Abs(time) - time
    return residuals


DERIVATIONS: Final = (
    Derivation(
        name="early.crossover",
        title="When the change of the weights takes over",
        wording="The centered part of the UC-NFA equals the initial one at $t_\\times = <<time>>$. Read "
        "for the scale: at time $t$ a layer with initial weights below $s(t)$, proportional to $t$, shows "
        "its centered features.",
        assumptions=(INDEPENDENT, GRADIENT_FLOW, "The velocity does not depend on the layer's own initial weights."),
        source=SOURCE,
        derive=crossover_time,
        limits=("Leading order in time: it must come out where the change of the weights is still of first order.",),
    ),
)
