"""Speed-limited optimization (SLO): each layer moves at a speed of its own, ``dW_l = eta C_l V_l / |V_l|``.

``V_l`` is minus the gradient. The speeds do nothing to the C-NFA at leading order, which data and architecture fix;
they decide the length of ``dW`` beside ``W_0``, and with it how far the UC-NFA has risen towards the C-NFA.

Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271), speed-limited optimization.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import sympy
from jaxtyping import Shaped

from derivations.algebra import Matrix, Scalar, TracePolynomial, diagonal, series, tr
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.early.leading_order import P, Q, velocity
from derivations.forms.alignment_ratio import AlignmentRatio, alignment_of, without_common_factor
from derivations.forms.evaluation import evaluate_formula
from derivations.forms.ratio_series import ratio_coefficients
from derivations.forms.rewriting import rewrite
from derivations.identities.layer import D, K, S, T, Z, gamma, k, kappa, m, n, r
from derivations.judging.concrete_network import ConcreteNetwork, concrete_network
from derivations.judging.instances import evaluate_exactly, integer_matrix, squared_norm

SOURCE: Final = (
    "Beaglehole, Mitliagkas and Agarwala, Feature learning as alignment, TMLR 2024, arXiv 2402.05271: speed-limited "
    "optimization; the formulas are derived here"
)
eta: Final = Scalar("eta")
C: Final = Scalar("C")
q: Final = Scalar("q")
"""Squared length of the gradient of the layer."""


def first_step() -> Proof:
    """Derive the features of a layer after a first small step of SLO, for any architecture."""
    V = velocity()
    step = eta**2 * C**2 / q
    squared_length = _in_letters(tr(V.T * V))
    F_c = _in_letters(V.T * V * step)
    G_c = _in_letters((V.T * K * V * step).subs({K: D.T * D / n}))
    cosine = alignment_of(F_c, G_c).map(lambda part: rewrite(part, [(Z * Z.T, S)]))
    front = (gamma / n) ** 2 * step
    rho = without_common_factor(cosine, front, front / n)
    steps = (
        Step(
            "Minus the gradient of the layer is $V$, of squared length $q$.",
            (Equation("V", V), Equation("q", squared_length)),
            ("early.weight_change",),
        ),
        Step(
            "One step of SLO is $\\Delta W = \\eta C\\, V / \\sqrt{q}$, of length $\\eta C$. Its features are",
            (Equation("F_c", F_c), Equation("G_c", G_c)),
            ("definition of SLO", "early.centered_features"),
        ),
        Step(
            "Speed and length are factors of both. They cancel: the C-NFA of each layer is that of gradient flow, "
            "whatever its speed and those of the others.",
            (Equation("C-NFA", rho, r"\rho(F_c, G_c)"),),
            ("definition of the alignment",),
        ),
    )
    closed_form = {"q": squared_length, "F_c": F_c, "G_c": G_c, "C-NFA": rho}
    return Proof(steps, closed_form, _obligations_of_first_step, {"C-NFA": r"\rho(F_c, G_c)"})


def _in_letters(expression: Any) -> Any:
    """Fold the tangent features into the kernel, and what stands between the inputs into ``P`` and ``Q``."""
    sandwich = T.T * diagonal(r)
    letters = [(sandwich * kappa * sandwich.T, P), (sandwich * kappa * kappa * sandwich.T, Q), (Z * Z.T, S)]
    return rewrite(rewrite(expression, [(D * D.T, kappa)]), letters)


@lru_cache(maxsize=1)
def _network() -> tuple[ConcreteNetwork, Mapping[str, Any]]:
    """Take a nonlinear network, with ``P`` and ``Q`` summed sample by sample."""
    network = concrete_network(samples=3, outputs=2, fan_in=2, fan_out=2, seed=11)
    values = network.values
    select = values["T"].T * sympy.diag(*values["r"])
    P_value = select * values["kappa"] * select.T
    Q_value = select * values["kappa"] ** 2 * select.T
    square = squared_norm(network.loss_gradient)
    return network, {**values, "P": P_value, "Q": Q_value, "q": square, "eta": 3, "C": sympy.Rational(5, 2)}


def _obligations_of_first_step(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Move a nonlinear network along its gradient, scaled to the length of the step."""
    network, values = _network()
    gradient = network.loss_gradient
    scale = (values["eta"] * values["C"]) ** 2 / values["q"]
    F_c, G_c = scale * gradient.T * gradient, scale * gradient.T * values["K"] * gradient
    front = scale * (values["gamma"] / values["n"]) ** 2
    rho: AlignmentRatio = claimed["C-NFA"]
    numerator, first, second = (evaluate_exactly(part, values) for part in (rho.numerator, rho.first, rho.second))
    moved = evaluate_exactly(claimed["F_c"], values)
    return {
        "q": evaluate_exactly(claimed["q"], values) - values["q"],
        "F_c": squared_norm(moved - F_c),
        "G_c": squared_norm(evaluate_exactly(claimed["G_c"], values) - G_c),
        "length of the step": moved.trace() - (values["eta"] * values["C"]) ** 2,
        "numerator": numerator * front**2 / values["n"] - (F_c * G_c).trace(),
        "norm of F_c": first * front**2 - (F_c * F_c).trace(),
        "norm of G_c": second * front**2 / values["n"] ** 2 - (G_c * G_c).trace(),
    }


moving: Final = Matrix("W", k, m)
start: Final = Matrix("W0", k, m, latex=r"\hat W_0")
change: Final = Matrix("dW", k, m, latex=r"\Delta\hat W")
NAMES: Final = {"tr(F G)": r"\operatorname{tr}(F G)", "|F|^2": "|F|^2", "|G|^2": "|G|^2"}


def rise() -> Proof:
    """Derive the UC-NFA as a function of the length of ``dW`` beside that of ``W_0``."""
    F, G = moving.T * moving, moving.T * K * moving
    traces: dict[str, TracePolynomial] = {"tr(F G)": tr(F * G), "|F|^2": tr(F * F), "|G|^2": tr(G * G)}
    # Along the line W0 + r dW the Taylor series in r ends with the fourth power.
    powers = {
        name: tuple(series(trace, {moving: change}, 4, initial={moving: start})) for name, trace in traces.items()
    }
    ratio = ratio_coefficients(2)
    steps = (
        Step(
            "Write $W = |W_0| (\\hat W_0 + r\\, \\Delta\\hat W)$ with matrices of length 1 and $r = |\\Delta W| / "
            "|W_0|$. A factor of $W$ does not change the alignment of $F = W^\\top W$ and $G = W^\\top K W$.",
            (Equation("F", F), Equation("G", G)),
            ("definitions of NFM and AGOP", "identities.factorization"),
        ),
        Step(
            "The three traces are polynomials of degree four in $r$; the coefficients of $r^0$ to $r^4$ are",
            tuple(Equation(name, each, NAMES[name]) for name, each in powers.items()),
            ("Taylor series along a line",),
        ),
        Step(
            "The coefficients of $r^0$ belong to the UC-NFA at initialization and those of $r^4$ to the C-NFA. Counted "
            "down from $r^4$, as $N_j, P_j, Q_j$, they give the UC-NFA in powers of $1/r$: the C-NFA plus a correction "
            "of order $1/r$. So the UC-NFA rises to the C-NFA when the layer moves far, and it stays at its initial "
            "value when the layer does not. Coefficients of odd powers are odd in $W_0$: where $W_0$ is as likely as "
            "$-W_0$ they average to zero.",
            (Equation("expansion in 1/r", ratio, r"\rho(F, G)"),),
            ("Taylor series of a quotient",),
        ),
    )
    return Proof(steps, {**powers, "expansion": ratio}, _obligations_of_rise, NAMES, function=uc_nfa)


def uc_nfa(
    W0: Shaped[Any, "k m"], dW: Shaped[Any, "k m"], K: Shaped[Any, "k k"], r: float | None = None
) -> dict[str, float]:
    """Evaluate the UC-NFA when the weights have moved in a direction by some multiple of their initial length."""
    lengths = [float((each * each).sum()) ** 0.5 for each in (W0, dW)]
    ratio = lengths[1] / lengths[0] if r is None else float(r)
    values = {"W0": W0 / lengths[0], "dW": dW / lengths[1], "K": K}
    claim = DERIVATIONS[1].closed_form
    powers = [[float(each) for each in evaluate_formula(claim[name], values)] for name in NAMES]
    N, first, second = (sum(each * ratio**j for j, each in enumerate(coefficients)) for coefficients in powers)
    limit = powers[0][4] / (powers[1][4] * powers[2][4]) ** 0.5
    return {"UC-NFA": N / (first * second) ** 0.5, "C-NFA": limit, "r": ratio}


@lru_cache(maxsize=1)
def _moved() -> tuple[dict[str, Any], dict[str, list[sympy.Expr]]]:
    """Expand the traces of concrete weights on a line, entry by entry."""
    ratio = sympy.Symbol("r")
    W0, dW = integer_matrix(3, 2, seed=1), integer_matrix(3, 2, seed=2)
    covariance = integer_matrix(3, 3, seed=3, symmetric=True)
    W = W0 + ratio * dW
    F, G = W.T * W, W.T * covariance * W
    traces = {"tr(F G)": (F * G).trace(), "|F|^2": (F * F).trace(), "|G|^2": (G * G).trace()}
    expanded = {name: sympy.Poly(trace, ratio) for name, trace in traces.items()}
    values = {"W0": W0, "dW": dW, "K": covariance}
    return values, {name: [each.coeff_monomial(ratio**j) for j in range(5)] for name, each in expanded.items()}


def _obligations_of_rise(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with concrete weights; and the square of the expansion with the quotient of the squares."""
    values, truth = _moved()
    residuals: dict[str, Residual] = {
        f"{name}, power {j}": evaluate_exactly(formula, values) - truth[name][j]
        for name in NAMES
        for j, formula in enumerate(claimed[name])
    }
    zeroth, first = claimed["expansion"]
    N, L, H = (sympy.symbols(f"{name}_0 {name}_1", positive=True) for name in "NPQ")
    residuals["limit"] = zeroth * sympy.sqrt(L[0] * H[0]) - N[0]
    product = L[1] * H[0] + L[0] * H[1]
    residuals["order 1/r"] = sympy.expand(2 * zeroth * first * L[0] * H[0] + zeroth**2 * product - 2 * N[0] * N[1])
    return residuals


DERIVATIONS: Final = (
    Derivation(
        name="early.slo_first_step",
        title="Early C-NFA under speed-limited optimization does not depend on the speeds",
        statement="A first step of SLO moves a layer by $\\Delta W = \\eta C V / |V|$, so that $|\\Delta W| = \\eta "
        "C$. At leading order in $\\eta$ its C-NFA is that of gradient flow, for any speeds $C > 0$ of any layers.",
        assumptions=(
            "A differentiable network, a layer linear in its weights.",
            "The loss $(1/2n) \\sum_\\mu |y_\\mu - f_\\mu|^2$.",
            "The gradient of the layer at initialization is not zero.",
        ),
        source=SOURCE,
        derive=first_step,
        limits=("Leading order in the step; the speeds come in at the next one (linear.slo_slope).",),
    ),
    Derivation(
        name="early.slo_rise",
        title="Why the UC-NFA of a fast layer rises towards its C-NFA",
        statement="With $r = |\\Delta W| / |W_0|$ the UC-NFA is $N(r) / \\sqrt{P(r) Q(r)}$ with polynomials of degree "
        "four: at $r = 0$ its initial value, for large $r$ the C-NFA plus a correction of order $1/r$. Under SLO the "
        "first step has $r = \\eta C / |W_0|$.",
        assumptions=("A layer linear in its weights; $K$ is the PTF covariance at the moved weights.",),
        source=SOURCE,
        derive=rise,
        limits=("Exact for every $r$, for every way of training.",),
    ),
)
