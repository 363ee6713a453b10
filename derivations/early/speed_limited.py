"""Speed-limited optimization (SLO): each layer moves at a speed of its own, ``dW_l = eta C_l V_l / |V_l|``.

``V_l`` is minus the gradient. The speeds do nothing to the C-NFA at leading order, which data and architecture fix;
they decide the length of ``dW`` beside ``W_0``, and with it how far the UC-NFA has risen towards the C-NFA.

Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271), speed-limited optimization.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import sympy
from jaxtyping import Shaped

from derivations.algebra import Matrix, Scalar, TracePolynomial, diagonal, series, tr
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.early.leading_order import P, Q, velocity
from derivations.forms.alignment_ratio import alignment_of, without_common_factor
from derivations.forms.evaluation import evaluate_formula
from derivations.forms.ratio_series import ratio_coefficients, series_residuals
from derivations.forms.rewriting import rewrite
from derivations.identities.layer import D, K, S, T, Z, gamma, k, kappa, m, n, r
from derivations.judging.concrete_network import ConcreteNetwork, concrete_networks
from derivations.judging.instances import cosine_traces, drawn, integer_matrix, squared_norm
from derivations.judging.interpolation import coefficients
from derivations.judging.termwise import TermwiseValue

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


@cache
def _networks() -> tuple[tuple[ConcreteNetwork, TermwiseValue], ...]:
    """Return nonlinear networks of several sizes, and what inserts their values, a speed and a step size."""
    found = []
    for i, network in enumerate(concrete_networks()):
        square = squared_norm(network.loss_gradient)
        found.append((network, network.at.with_scalars(q=square, eta=drawn(2 * i), C=drawn(2 * i + 1))))
    return tuple(found)


def _obligations_of_first_step(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Move nonlinear networks along their gradients, scaled to the length of the step."""
    residuals: dict[str, Residual] = {}
    for i, (network, at) in enumerate(_networks()):
        values, gradient = at.values, network.loss_gradient
        length = values["eta"] * values["C"]
        dW = gradient * (length**2 / values["q"])  # times the gradient once more it is the product of two steps
        F_c, G_c = dW.T * gradient, dW.T * values["K"] * gradient
        front = length**2 / values["q"] * (values["gamma"] / values["n"]) ** 2
        moved = at(claimed["F_c"])
        residuals |= {
            f"q of network {i}": at(claimed["q"]) - values["q"],
            f"F_c of network {i}": squared_norm(moved - F_c),
            f"G_c of network {i}": squared_norm(at(claimed["G_c"]) - G_c),
            f"length of the step of network {i}": moved.trace() - length**2,
        }
        truth = cosine_traces(F_c / front, G_c * values["n"] / front)
        residuals |= claimed["C-NFA"].residuals(at, truth, f"C-NFA, network {i}")
    return residuals


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
    return Proof(steps, {**powers, "expansion": ratio}, _obligations_of_rise, NAMES, function=uc_nfa, stated=_degree)


def _degree(closed_form: Mapping[str, Any]) -> dict[str, Any]:
    """Read the degree of the numerator off its coefficients."""
    return {"degree": sympy.Integer(len(closed_form["tr(F G)"]) - 1)}


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


@cache
def _moved() -> tuple[tuple[TermwiseValue, dict[str, list[sympy.Expr]]], ...]:
    """Take the traces of concrete weights at several places of a line, and from these the powers of the distance."""
    found = []
    for rows, cols in ((5, 6), (6, 5)):
        W0, dW = integer_matrix(rows, cols, seed=1), integer_matrix(rows, cols, seed=2)
        covariance = integer_matrix(rows, rows, seed=3, symmetric=True)

        def traces(r: int, W0: Any = W0, dW: Any = dW, covariance: Any = covariance) -> sympy.Matrix:
            W = W0 + r * dW
            return sympy.Matrix(cosine_traces(W.T * W, W.T * covariance * W))

        powers = coefficients(traces, 4)
        truth = {name: [power[i] for power in powers] for i, name in enumerate(NAMES)}
        found.append((TermwiseValue({"W0": W0, "dW": dW, "K": covariance, "k": rows, "m": cols}), truth))
    return tuple(found)


def _obligations_of_rise(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with concrete weights; and the square of the expansion with the quotient of the squares."""
    residuals: dict[str, Residual] = {
        f"{name}, power {j}, line {i}": at(formula) - truth[name][j]
        for i, (at, truth) in enumerate(_moved())
        for name in NAMES
        for j, formula in enumerate(claimed[name])
    }
    return {**residuals, **series_residuals(claimed["expansion"])}


DERIVATIONS: Final = (
    Derivation(
        name="early.slo_first_step",
        title="Early C-NFA under speed-limited optimization does not depend on the speeds",
        wording="A first step of SLO moves a layer by $\\Delta W := \\eta C V / |V|$, of norm $\\eta C$. "
        "At leading order in $\\eta$ its C-NFA is $<<C-NFA>>$, that of gradient flow, for any speeds $C > "
        "0$ of any layers.",
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
        wording="With $r := |\\Delta W| / |W_0|$ the UC-NFA is a ratio of polynomials in $r$ of degree "
        "$<<degree>>$: at $r = 0$ its initial value, for large $r$ the C-NFA plus a correction of order "
        "$1/r$. Under SLO the first step has $r := \\eta C / |W_0|$.",
        assumptions=("A layer linear in its weights; $K$ is the PTF covariance at the moved weights.",),
        source=SOURCE,
        derive=rise,
        limits=("Exact for every $r$, for every way of training.",),
    ),
)
