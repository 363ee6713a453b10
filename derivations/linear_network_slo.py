"""Speed-limited optimization of linear networks: the speeds in the C-NFA beyond leading order, and one moving layer.

At any moment SLO is gradient flow with a rate ``C_l / |V_l|`` for each layer, ``V_l`` being minus the gradient.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import sympy
from array_api_compat import array_namespace

from derivations.algebra import Matrix, Scalar, identity, series, time_derivative, tr, zeros
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.evaluation import evaluate_formula
from derivations.instances import evaluate_exactly, squared_norm
from derivations.linear_network import (
    A,
    B,
    E,
    Sigma_xx,
    W,
    closed_flow,
    layers,
    product_of_layers,
    residual_flow,
)
from derivations.linear_network_features import TRACES
from derivations.linear_network_instance import linear_instance
from derivations.linear_network_series import ratio_coefficients
from derivations.rewriting import rewrite

SOURCE: Final = (
    "Speed-limited optimization: Beaglehole, Mitliagkas and Agarwala, arXiv 2402.05271; derived here for linear nets"
)
s1: Final = Scalar("s1")
s2: Final = Scalar("s2")
a: Final = Scalar("a")
"""Relative rate of change of ``s1`` at the start."""
LATEX_NAMES: Final = {name: name.replace("tr", r"\operatorname{tr}") for name in TRACES["C-NFA"]}


def early_slope() -> Proof:
    """Derive the C-NFA of the first of two layers to first order in time, as a function of the speeds.

    Returns
    -------
    Proof
    """
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
            ("linear_network.closed_flow", "definition of SLO"),
        ),
        Step(
            "The part with $a$ is $2a$ times the leading term in each of the three traces. It is a common factor of "
            "$\\Delta W$, and drops out of the alignment.",
            tuple(Equation(f"part with a of {name}", each, LATEX_NAMES[name]) for name, each in drift.items()),
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


def early_c_nfa(W: Any, readout: Any, Sigma_xx: Any, Sigma_yx: Any, speeds: tuple[float, float]) -> dict[str, float]:
    """Evaluate the C-NFA of the first layer under SLO at the start, and its slope in time.

    Parameters
    ----------
    W : array, shape (k, d)
        First layer at initialization.
    readout : array, shape (c, k)
        Second layer.
    Sigma_xx, Sigma_yx : array, shapes (d, d) and (c, d)
        Covariances.
    speeds : tuple of float
        ``C`` of both layers, not negative; the first one positive.

    Returns
    -------
    dict from str to float
        ``C-NFA`` at the start and ``slope``, per unit of time.
    """
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


@lru_cache(maxsize=1)
def _slow_start() -> tuple[dict[str, Any], dict[str, tuple[Any, Any]]]:
    """Follow SLO of a concrete network to second order: the loss is differentiated once and again along the motion."""
    instance = linear_instance((2, 2, 2))
    rates = sympy.Rational(1, 3), sympy.Rational(2, 5)
    V = [-instance.loss_gradient(i) for i in range(2)]
    turned = instance.change_of_gradient(0, [rate * each for rate, each in zip(rates, V, strict=True)])
    turned = -turned
    t = sympy.Symbol("t")
    dW = rates[0] * (t * V[0] + t**2 * turned / 2)
    readout = instance.weights[1] + t * rates[1] * V[1]
    F, G = dW.T * dW, dW.T * readout.T * readout * dW
    pairs = dict(zip(TRACES["C-NFA"], ((F, G), (F, F), (G, G)), strict=True))
    found = {}
    for name, (left, right) in pairs.items():
        trace = sympy.Poly((left * right).trace(), t)
        found[name] = (trace.coeff_monomial(t**4), trace.coeff_monomial(t**5))
    values = {"W1": instance.weights[0], "W2": instance.weights[1], **instance.covariances()}
    return {**values, "s1": rates[0], "s2": rates[1], "c": 2, "d": 2, "k1": 2}, found


def _obligations_of_slope(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with a concrete network, and the slope with the derivative of the square of the quotient."""
    values, truth = _slow_start()
    residuals: dict[str, Residual] = {
        f"{name}, coefficient {j}": evaluate_exactly(formula, values) - truth[name][j]
        for name in truth
        for j, formula in enumerate(claimed[name])
    }
    N, L, H = (sympy.symbols(f"{name}_0 {name}_1", positive=True) for name in "NPQ")
    square = N[0] ** 2 * (2 * N[1] / N[0] - L[1] / L[0] - H[1] / H[0]) / (L[0] * H[0])
    leading = N[0] / sympy.sqrt(L[0] * H[0])
    residuals["slope"] = sympy.expand(2 * leading * claimed["slope"] - square)
    return residuals


W0: Final = Matrix("W0", "k", "m", latex="W_0")
dW: Final = Matrix("dW", "k", "m", latex=r"\Delta W")
K: Final = Matrix("K", "k", symmetric=True)
H: Final = Matrix("H", "m", symmetric=True)
ENTRY: Final = r"(Q_K^\top \Delta W\, Q_H)_{ij}"


def one_moving_layer() -> Proof:
    """Derive the path of a layer of a linear network while all others stand still.

    Returns
    -------
    Proof
    """
    flow: Any = closed_flow().closed_form["dW/dt"]
    change = rewrite(flow.subs({W: W0 + dW}) - flow.subs({W: W0}), [(B.T * B, K), (A * Sigma_xx * A.T, H)])
    v, kappa, lam, theta = sympy.symbols("v kappa lambda theta", positive=True)
    entry = sympy.Function("y")(theta)
    # Of size one by one, the law for matrices is that of an entry in the eigenvectors.
    sizes = {Scalar("k"): 1, Scalar("m"): 1}
    symbols = {tr(each.subs(sizes)): symbol for each, symbol in ((K, kappa), (H, lam), (dW, entry))}
    equation = sympy.Eq(entry.diff(theta), v + tr(change.subs(sizes)).as_sympy(symbols))
    path = sympy.simplify(sympy.dsolve(equation, entry, ics={entry.subs(theta, 0): 0}).rhs)
    flat = sympy.limit(path, lam, 0)
    steps = (
        Step(
            "With $B$ and $A$ at rest, $K = B^\\top B$ and $H = A \\Sigma_{xx} A^\\top$ are constant, and the velocity "
            "of the layer changes by",
            (Equation("dV", change, r"V(W_0 + \Delta W) - V(W_0)"),),
            ("linear_network.closed_flow",),
        ),
        Step(
            "So in the eigenvectors of $K$ and $H$, with eigenvalues $\\kappa_i$ and $\\lambda_j$, each entry of "
            "$\\Delta W$ moves alone: $\\dot y = v - \\kappa \\lambda y$, where $v$ is the entry of $V(W_0)$. Solve "
            "it, with $\\theta$ the time of gradient flow.",
            (Equation("entry", path, ENTRY), Equation("entry at lambda = 0", flat, ENTRY)),
            ("linear differential equation of first order",),
        ),
        Step(
            "SLO with one moving layer divides the velocity by its length. This changes the clock, $d\\tau = |\\dot W| "
            "d\\theta / C$, and not the path: at every point of it NFM, AGOP and both alignments are those of gradient "
            "flow of this layer alone, whatever its speed.",
            (),
            ("definition of SLO",),
        ),
    )
    closed_form = {"dV": change, "entry": path, "entry at lambda = 0": flat}
    names = {"dV": r"\Delta V", "entry": ENTRY, "entry at lambda = 0": ENTRY}
    return Proof(steps, closed_form, _obligations_of_one_layer, names, function=path_of_one_layer)


def path_of_one_layer(W: Any, B: Any, A: Any, Sigma_xx: Any, Sigma_yx: Any, theta: float) -> dict[str, Any]:
    """Evaluate the path of a layer that moves alone.

    Parameters
    ----------
    W : array, shape (k, m)
        Initial weights of the layer.
    B, A : array, shapes (c, k) and (m, d)
        Products of the layers above and below.
    Sigma_xx, Sigma_yx : array, shapes (d, d) and (c, d)
        Covariances.
    theta : float
        Time of gradient flow, positive.

    Returns
    -------
    dict from str to array or float
        ``dW`` (k, m), and the ``C-NFA`` there.
    """
    xp = array_namespace(W)
    claim = DERIVATIONS[1].closed_form
    V = B.T @ (Sigma_yx - B @ W @ A @ Sigma_xx) @ A.T
    middle = B.T @ B
    kappas, left = xp.linalg.eigh(middle)
    lambdas, right = xp.linalg.eigh(A @ Sigma_xx @ A.T)
    start = left.T @ V @ right
    moved = start * 0
    tiny = 1e-14 * float(kappas[-1]) * float(lambdas[-1])
    for i in range(len(kappas)):
        for j in range(len(lambdas)):
            product = float(kappas[i]) * float(lambdas[j])
            name = "entry" if product > tiny else "entry at lambda = 0"
            values = {"v": float(start[i, j]), "kappa": float(kappas[i]), "lambda": float(lambdas[j]), "theta": theta}
            moved[i, j] = float(evaluate_formula(claim[name], values))
    change = left @ moved @ right.T
    F, G = change.T @ change, change.T @ middle @ change
    return {"dW": change, "C-NFA": float((F * G).sum()) / float((F * F).sum() * (G * G).sum()) ** 0.5}


@lru_cache(maxsize=1)
def _shifted() -> tuple[dict[str, Any], sympy.Matrix]:
    """Differentiate the loss of a concrete network at two values of its middle layer."""
    instance = linear_instance()
    moved = linear_instance(seed=31).weights[1]
    change = instance.loss_gradient(1) - instance.with_layer(1, instance.weights[1] + moved).loss_gradient(1)
    seen = instance.seen_from(1)
    constants = {"K": seen["B"].T * seen["B"], "H": seen["A"] * seen["Sigma_xx"] * seen["A"].T}
    return {**constants, "dW": moved, "k": seen["k"], "m": seen["m"]}, change


def _obligations_of_one_layer(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare the change of the velocity with a concrete network, and put the path into that law, entry by entry."""
    values, change = _shifted()
    v, kappa, lam, theta = sympy.symbols("v kappa lambda theta", positive=True)
    # In eigenvectors K and H are numbers; the law that holds for matrices holds for one entry.
    law = {"K": sympy.Matrix([[2]]), "H": sympy.Matrix([[3]]), "dW": sympy.Matrix([[1]]), "k": 1, "m": 1}
    slowing = evaluate_exactly(claimed["dV"], law)[0] / 6
    path, flat = claimed["entry"], claimed["entry at lambda = 0"]
    return {
        "change of velocity": squared_norm(evaluate_exactly(claimed["dV"], values) - change),
        "start": path.subs(theta, 0),
        "velocity": sympy.simplify(path.diff(theta) - v - slowing * kappa * lam * path),
        "velocity at lambda = 0": flat.diff(theta) - v,
        "start at lambda = 0": flat.subs(theta, 0),
    }


DERIVATIONS: Final = (
    Derivation(
        name="linear_network_slo.early_slope",
        title="Two linear layers under speed-limited optimization: the C-NFA to first order in time",
        statement="The C-NFA of the first layer is $\\rho_0 + \\rho_1 \\tau + O(\\tau^2)$: $\\rho_0$ does not depend "
        "on the speeds, and $\\rho_1$ is a linear form in $s_l = C_l / |V_l|$. In the limit $s_2 \\to 0$ only the "
        "first layer moves, $K$ stays, and its own part of $\\rho_1$ is left.",
        assumptions=(
            "Two linear layers; the loss $(1/2n) \\sum_\\mu |y_\\mu - f_\\mu|^2$.",
            "Continuous SLO, $\\dot W_l = C_l V_l / |V_l|$.",
            "Both gradients differ from zero at initialization.",
        ),
        source=SOURCE,
        derive=early_slope,
        limits=("First order in time.",),
    ),
    Derivation(
        name="linear_network_slo.one_moving_layer",
        title="One moving layer: an exact path that no speed changes",
        statement="When a single layer of a linear network moves, in the eigenvectors of $K = B^\\top B$ and $H = A "
        "\\Sigma_{xx} A^\\top$ each entry of $\\Delta W$ is $v (1 - e^{-\\kappa \\lambda \\theta}) / (\\kappa "
        "\\lambda)$. SLO follows this path of gradient flow with another clock, so that its C-NFA and UC-NFA, as "
        "functions of the place on the path, do not depend on the speed.",
        assumptions=("A linear network of any depth; all layers but one at rest (speed zero).",),
        source=SOURCE,
        derive=one_moving_layer,
        limits=("Exact at every time; the limit of SLO when the other speeds go to zero.",),
    ),
)
