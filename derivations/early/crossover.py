"""When the centered part of the UC-NFA overtakes the initial one: a time proportional to the scale of the weights."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import sympy

from derivations.algebra import TracePolynomial, tr
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.early.leading_order import GRADIENT_FLOW, P, Q, centered_features
from derivations.forms.rewriting import rewrite
from derivations.identities.initialization import INDEPENDENT, SOURCE, growth, s
from derivations.identities.layer import D, K, S, Z, kappa, n
from derivations.judging.concrete_network import ConcreteNetwork, concrete_network
from derivations.judging.instances import normal_mean

LATEX_NAMES: Final = {"time": r"t_\times"}


def crossover_time() -> Proof:
    """Derive the time at which initial and centered part are equal, from the data and the tangent kernel."""
    initial, centered = _parts()
    names = {tr(kappa): sympy.Symbol("tr_kappa"), tr(P * S * Q * S): sympy.Symbol("tr_PSQS")}
    start, change = (_positive(part.as_sympy(names)) for part in (initial, centered))
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


def _positive(expression: sympy.Expr) -> sympy.Expr:
    return expression.xreplace({each: sympy.Symbol(each.name, positive=True) for each in expression.free_symbols})


@lru_cache(maxsize=1)
def _instance() -> tuple[ConcreteNetwork, sympy.Expr, sympy.Expr]:
    """Average the initial part over normal entries, and take the centered one from the gradient of the loss."""
    network = concrete_network(samples=4, outputs=1, fan_in=3, fan_out=2, seed=61)
    covariance, velocity = network.values["K"], -network.loss_gradient
    entries = sympy.Matrix(2, 3, lambda i, j: sympy.Symbol(f"g_{i}_{j}"))
    F0, G0 = entries.T * entries, entries.T * covariance * entries
    initial = normal_mean(sympy.expand((F0 * G0).trace()), list(entries))
    centered = (velocity.T * velocity * velocity.T * covariance * velocity).trace()
    return network, initial, centered


def _obligations(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare both parts at the crossover time of a nonlinear network."""
    network, initial, centered = _instance()
    values = network.values
    misses = sympy.diag(*values["r"])
    P_value, Q_value = (misses * values["kappa"] ** power * misses for power in (1, 2))
    traces = {
        "tr_kappa": values["kappa"].trace(),
        "tr_PSQS": (P_value * values["S"] * Q_value * values["S"]).trace(),
        **{name: values[name] for name in ("n", "k", "m", "gamma")},
        s.name: 5,
    }
    time = closed_form["time"].subs({each: traces[each.name] for each in closed_form["time"].free_symbols})
    return {
        "the parts are equal": sympy.expand(time**4 * centered - 5**4 * initial),
        "the time is positive": sympy.Abs(time) - time,
    }


DERIVATIONS: Final = (
    Derivation(
        name="early.crossover",
        title="When the change of the weights takes over",
        statement="The centered part of the UC-NFA equals the initial one at $t_\\times = s\\, \\bigl(n^4 m (m + k + "
        "1) \\operatorname{tr}\\kappa / (\\gamma^4 \\operatorname{tr}(P S Q S))\\bigr)^{1/4}$. Read for the scale: at "
        "time $t$ a layer with initial weights below $s(t)$, proportional to $t$, shows its centered features.",
        assumptions=(INDEPENDENT, GRADIENT_FLOW, "The velocity does not depend on the layer's own initial weights."),
        source=SOURCE,
        derive=crossover_time,
        limits=("Leading order in time: it must come out where the change of the weights is still of first order.",),
    ),
)
