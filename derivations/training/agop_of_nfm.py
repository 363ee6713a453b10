"""Wide two-layer linear networks from a random start: at all times the AGOP is a polynomial of the NFM.

Independent Gaussian layers tend, as the width grows, to ``W1^T W1 = s1 I``, ``W2 W2^T = s2 I`` and ``W2 W1 = 0``. What
the flow of any loss makes of such a start keeps one quadratic identity between the products of the layers.
"""

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, Scalar, identity, time_derivative, tr, zeros
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.errors import DerivationError
from derivations.forms.alignment_ratio import alignment_of
from derivations.forms.power_series import multiply
from derivations.forms.rewriting import rewrite
from derivations.judging.instances import cosine_traces, drawn, squared_norm
from derivations.judging.interpolation import coefficients
from derivations.judging.termwise import TermwiseValue
from derivations.training.instance import at_time, data, decayed, moved, taylor_weights, wide_start

d, c, k = (Scalar(name) for name in "dck")
s1, s2 = Scalar("s1"), Scalar("s2")
q: Final = Scalar("q")
"""What weight decay leaves of squared weights, ``exp(-2 lambda t)``; 1 without it."""
W1: Final = Matrix("W1", k, d, latex="W_1")
W2: Final = Matrix("W2", c, k, latex="W_2")
E: Final = Matrix("E", c, d)
"""Minus the derivative of the loss by the product ``W2 W1``: any matrix that changes in time."""
F: Final = Matrix("F", d, symmetric=True)
H: Final = Matrix("H", c, d)
"""The linear map that the network computes, ``W2 W1``."""
N: Final = Matrix("N", c, symmetric=True)
X: Final = Matrix("X", d, symmetric=True)
"""The NFM less its start, ``F - s1 q I``."""
PRODUCTS: Final = [(W1.T * W1, F), (W2 * W1, H), (W2 * W2.T, N)]
EIGENVALUE, STRENGTHS = sympy.symbols("x S", positive=True)


def agop_of_nfm() -> Proof:
    """Derive ``G = (F - s1 q I)(F + s2 q I)``."""
    velocities = {W1: W2.T * E, W2: E * W1.T}
    rates = {
        symbol: rewrite(time_derivative(block, velocities), PRODUCTS)
        for symbol, block in ((F, W1.T * W1), (H, W2 * W1), (N, W2 * W2.T))
    }
    top = F * F - H.T * H - F * (s1 - s2) - identity(d) * s1 * s2
    side = H * F - N * H - H * (s1 - s2)
    bottom = H * H.T - N * N - N * (s1 - s2) + identity(c) * s1 * s2
    moving = {top: E.T * side + side.T * E, side: E * top + bottom * E, bottom: E * side.T + side * E.T}
    start = {F: identity(d) * s1, H: zeros(c, d), N: identity(c) * s2}
    for block, rate in moving.items():
        if time_derivative(block, rates) != rate or block.subs(start):
            raise DerivationError(f"the block must vanish at the start and move with the blocks alone, got {block}")
    undecayed = H.T * H + top
    G = undecayed.subs({F: F / q}) * q**2
    shifted = G.subs({F: X + identity(d) * s1 * q})
    UC = alignment_of(F, G)
    steps = (
        Step(
            "For any loss the two layers move by $\\dot W_1 = W_2^\\top E$ and $\\dot W_2 = E W_1^\\top$. So do three "
            "products: $F = W_1^\\top W_1$, $H = W_2 W_1$ and $N = W_2 W_2^\\top$.",
            (
                Equation("dF/dt", rates[F], r"\dot F"),
                Equation("dH/dt", rates[H], r"\dot H"),
                Equation("dN/dt", rates[N], r"\dot N"),
            ),
            ("product rule",),
        ),
        Step(
            "Consider three blocks. They vanish at the start, $F = s_1 I$, $H = 0$, $N = s_2 I$.",
            (
                Equation("C11", top, "C_{11}"),
                Equation("C21", side, "C_{21}"),
                Equation("C22", bottom, "C_{22}"),
            ),
        ),
        Step(
            "Their velocities are linear in themselves, whatever $E$ is: $\\dot C_{11} = E^\\top C_{21} + C_{21}^\\top "
            "E$, $\\dot C_{21} = E C_{11} + C_{22} E$, $\\dot C_{22} = E C_{21}^\\top + C_{21} E^\\top$. What starts "
            "at zero stays there.",
            (Equation("dC11/dt", time_derivative(top, rates), r"\dot C_{11}"),),
            ("a linear equation has one solution",),
        ),
        Step(
            "$C_{11} = 0$ is the AGOP, $H^\\top H$, as a polynomial of the NFM.",
            (Equation("G", undecayed),),
            ("identities.factorization",),
        ),
        Step(
            "Weight decay $\\lambda$ multiplies both layers by $e^{-\\lambda t}$, beside a flow of the same kind with "
            "another $E$. With $q = e^{-2 \\lambda t}$, $F / q$ and $G / q^2$ obey the polynomial.",
            (Equation("G", G), Equation("G of X", shifted, r"G|_{F = X + s_1 q I}")),
        ),
        Step(
            "Near the start $X = F - s_1 q I$ is small: $G$ is linear in the *shifted* NFM. Far from it $G$ tends to "
            "$F^2$. The alignment follows.",
            (Equation("UC-NFA", UC, r"\rho(F, G)"),),
            ("definition of the alignment",),
        ),
    )
    names = {"G of X": r"G|_{F = X + s_1 q I}", "UC-NFA": r"\rho(F, G)"}
    return Proof(steps, {"G": G, "G of X": shifted, "UC-NFA": UC}, _obligations, names)


ORDER: Final = 4
"""The square of the moving part of the NFM appears at the fourth order in time."""
SIZES: Final = ((4, 3), (5, 2))


@lru_cache(maxsize=8)
def _late(inputs: int, outputs: int) -> tuple[TermwiseValue, sympy.Matrix, tuple[Any, Any, Any]]:
    """Return values, AGOP and traces of layers far from the start, mixed as flows mix them."""
    start, scale = wide_start(inputs, outputs), drawn(31)
    first, second = moved(start, 61, scale)
    nfm, agop = first.T * first, first.T * second.T * second * first
    values = {"s1": start.s1, "s2": start.s2, "q": scale**2, "d": inputs, "F": nfm}
    values["X"] = nfm - start.s1 * scale**2 * sympy.eye(inputs)
    return TermwiseValue(values), agop, cosine_traces(nfm, agop)


@lru_cache(maxsize=8)
def _early(power: int, decay: int) -> tuple[dict[int, TermwiseValue], list[sympy.Matrix]]:
    """Return values at times around zero, and Taylor coefficients of the AGOP, of a network that follows a loss."""
    start = wide_start(4, 3, strengths=(2, 3))
    first, second = taylor_weights((start.W1, start.W2), data(4, 3), ORDER, power=power, decay=decay)
    mapped = multiply(second, first)
    nfm, agop = (multiply([W.T for W in each], each) for each in (first, mapped))
    left = [sympy.Matrix([[each]]) for each in decayed(2 * decay, ORDER)]
    fixed = {"s1": start.s1, "s2": start.s2, "d": 4}
    values = {
        time: TermwiseValue({**fixed, "F": at_time(nfm, time), "q": at_time(left, time)[0]})
        for time in range(-ORDER, ORDER + 1)
    }
    return values, agop


def _value_at(values: Mapping[int, TermwiseValue], G: Any, time: int) -> sympy.Matrix:
    return values[time](G)


@lru_cache(maxsize=64)
def _along_flows(G: Any) -> dict[str, Residual]:
    """Expand a claimed AGOP in time along the flows of two losses, and one with decay."""
    residuals: dict[str, Residual] = {}
    for name, power, decay in (("fourth power", 4, 0), ("squared with decay", 2, 1)):
        values, agop = _early(power, decay)
        found = coefficients(partial(_value_at, values, G), 2 * ORDER)
        errors = (squared_norm(each - true) for each, true in zip(found, agop, strict=False))
        residuals[f"G along the flow, {name}"] = sum(errors, sympy.Integer(0))
    return residuals


def _obligations(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with networks far from the start, and with Taylor series of networks that follow a loss."""
    residuals: dict[str, Residual] = {}
    for inputs, outputs in SIZES:
        at, agop, traces = _late(inputs, outputs)
        for name in ("G", "G of X"):
            residuals[f"{name}, {inputs} inputs"] = squared_norm(at(claimed[name]) - agop)
        residuals |= claimed["UC-NFA"].residuals(at, traces, f"UC-NFA, {inputs} inputs")
    return residuals | _along_flows(claimed["G"])


def local_exponent() -> Proof:
    """Derive the exponent of the shifted ansatz from the start to the end."""
    x, S = EIGENVALUE, STRENGTHS
    matrix: Any = agop_of_nfm().closed_form["G of X"]
    traces = {tr(X.subs({d: 1})): x}
    g = tr(matrix.subs({d: 1})).as_sympy(traces).subs(sympy.Symbol("q"), 1)
    g = sympy.factor(g).subs(sympy.Symbol("s1") + sympy.Symbol("s2"), S)
    alpha = sympy.factor(g / (x * g.diff(x)))
    ends = sympy.limit(alpha, x, 0), sympy.limit(alpha, x, sympy.oo)
    steps = (
        Step(
            "$G$ and $X = F - s_1 q I$ have the same eigenvectors. Their eigenvalues, $g$ and $x$, lie on one curve at "
            "all times, with $S = (s_1 + s_2) q$.",
            (Equation("g", g),),
            ("training.agop_of_nfm",),
        ),
        Step(
            "The exponent with which $X$ is a power of $G$ near $x$ is the slope of $\\log x$ against $\\log g$.",
            (Equation("alpha", alpha, r"\alpha"),),
        ),
        Step(
            "It is 1 where the layer has moved little, and 1/2 where it has moved far.",
            (
                Equation("alpha at x = 0", ends[0], r"\alpha|_{x \to 0}"),
                Equation("alpha far away", ends[1], r"\alpha|_{x \to \infty}"),
            ),
        ),
    )
    return Proof(steps, {"g": g, "alpha": alpha}, _obligations_of_exponent, {"alpha": r"\alpha"})


@lru_cache(maxsize=4)
def _one_input(seed: int) -> dict[str, sympy.Rational]:
    """Move a network with one input and one output along its loss, from far away: eigenvalues and their slope."""
    start = wide_start(1, 1, seed)
    first, second = taylor_weights(moved(start, seed + 5, sympy.Integer(1)), data(1, 1, seed=seed + 3), 1)
    nfm, mapped = multiply([W.T for W in first], first), multiply(second, first)
    (x, x_dot), (g, g_dot) = ([each[0] for each in series] for series in (nfm, multiply(mapped, mapped)))
    x -= start.s1
    return {"x": x, "S": start.s1 + start.s2, "g": g, "alpha": x_dot * g / (x * g_dot)}


def _obligations_of_exponent(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with networks at several places of the curve."""
    residuals: dict[str, Residual] = {}
    for seed in (41, 47, 53):
        true = _one_input(seed)
        for name in ("g", "alpha"):
            value = claimed[name].subs({EIGENVALUE: true["x"], STRENGTHS: true["S"]})
            residuals[f"{name} of the network {seed}"] = value - true[name]
    return residuals


SOURCE: Final = "Derived here; the ansatz with exponents: Radhakrishnan et al., Science 2024"
ASSUMPTIONS: Final = (
    "Two linear layers without biases that start with $W_1^\\top W_1 = s_1 I$, $W_2 W_2^\\top = s_2 I$ and "
    "$W_2 W_1 = 0$: what independent Gaussian layers tend to as the width grows.",
    "Gradient flow of both layers at one rate, on any loss of any data, with weight decay $\\lambda$ or without; "
    "multipliers are absorbed in the inputs.",
)
DERIVATIONS: Final = (
    Derivation(
        name="training.agop_of_nfm",
        title="Wide linear networks: the AGOP is a polynomial of the NFM at all times",
        wording="At all times $G = <<G>>$ with $q := e^{-2 \\lambda t}$. Near the start $G$ is proportional to the "
        "shifted NFM, $X := F - s_1 q I$, since $G = <<G of X>>$: exponent 1. Far from it $G$ tends to the square of "
        "$F$: exponent 1/2.",
        assumptions=ASSUMPTIONS,
        source=SOURCE,
        derive=agop_of_nfm,
        limits=(
            "Exact at every time for such a start. At finite width the random function at the start is added, which "
            "makes the UC-NFA jump at $t \\to 0^+$ as the width grows.",
            "Layers that are orthogonal each by itself are not enough: $W_2 W_1 = 0$ is needed.",
        ),
    ),
    Derivation(
        name="training.local_exponent",
        title="The exponent of the shifted ansatz falls from 1 to 1/2",
        wording="Eigenvalues $x$ of the shifted NFM and $g$ of the AGOP lie on the curve $g = <<g>>$ at all times, "
        "with $S := (s_1 + s_2) q$. Its slope is the exponent $\\alpha = <<alpha>>$ with which the shifted NFM is a "
        "power of the AGOP: 1 where $x$ is small beside $S$, and 1/2 where it is large.",
        assumptions=ASSUMPTIONS,
        source=SOURCE,
        derive=local_exponent,
        limits=("Weight decay takes $S$ to zero: what is left at the end has the exponent 1/2.",),
    ),
)
