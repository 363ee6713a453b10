"""Weight decay and the end of training: any start tends to the balanced exponents, and how fast.

Differences of neighboring layers, which gradient flow conserves, decay. What they add to the AGOP beside a power of the
NFM is a polynomial in them, at every width.
"""

from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, MatrixPolynomial, Scalar, gradient, time_derivative, tr
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.forms.rewriting import rewrite
from derivations.judging.instances import drawn, integer_matrix, squared_norm
from derivations.judging.termwise import TermwiseValue
from derivations.linear.balanced import INVARIANT, above, lower, upper
from derivations.linear.closed_flow import COVARIANCES, A, layers, loss_of, product_of_layers
from derivations.linear.instance import linear_instance

decay, q = Scalar("lambda"), Scalar("q")
DEEPEST: Final = 3
D1, D2 = (Matrix(f"D{i}", f"k{i}", symmetric=True, latex=f"D_{i}") for i in (1, 2))
"""Differences ``W_{l+1}^T W_{l+1} - W_l W_l^T`` at the start."""
RATE, TIME = sympy.symbols("lambda t", positive=True)
LEFT, FIRST, MIXED, SECOND = sympy.symbols("q a m b", positive=True)


def decaying_differences() -> Proof:
    """Derive that weight decay lets the conserved differences decay exponentially."""
    loss = loss_of(above * upper * lower * A) + (tr(lower.T * lower) + tr(upper.T * upper)) * decay / 2
    velocities = {each: -rewrite(gradient(loss, each), COVARIANCES) for each in (lower, upper)}
    rate = time_derivative(upper.T * upper - lower * lower.T, velocities)
    share = sympy.Function("q")(TIME)
    left = sympy.dsolve(sympy.Eq(share.diff(TIME), -2 * RATE * share), share, ics={share.subs(TIME, 0): 1}).rhs
    steps = (
        Step(
            "Two neighboring layers of a network of any depth, $f = B W_{l+1} W_l A x$, under the loss and "
            "$\\tfrac{\\lambda}{2} (|W_l|^2 + |W_{l+1}|^2)$, move by",
            (
                Equation("dW1/dt", velocities[lower], r"\dot W_l"),
                Equation("dW2/dt", velocities[upper], r"\dot W_{l+1}"),
            ),
            ("linear.closed_flow",),
        ),
        Step(
            "In the rate of their difference the loss cancels, and the decay is left.",
            (Equation("rate", rate, rf"\tfrac{{d}}{{dt}}\left({INVARIANT}\right)"),),
            ("product rule",),
        ),
        Step(
            "This is $-2\\lambda$ times the difference itself. So of the difference at the start this share is left:",
            (Equation("q", left),),
            ("linear differential equation of first order",),
        ),
    )
    return Proof(steps, {"rate": rate, "q": left}, _obligations_of_differences)


@cache
def _decaying_layers() -> tuple[tuple[TermwiseValue, sympy.Matrix], ...]:
    """Move neighboring layers of concrete networks by loss and decay; a quadratic form changes by a difference."""
    found = []
    for seed in (5, 8):
        instance, strength = linear_instance(seed=seed), drawn(seed)
        moved = [-instance.loss_gradient(i) - strength * instance.weights[i] for i in range(3)]
        for i in range(2):
            (W, V), (W_dot, V_dot) = instance.weights[i : i + 2], moved[i : i + 2]
            pairs = [(W + h * W_dot, V + h * V_dot) for h in (1, -1)]
            ahead, behind = (other.T * other - one * one.T for one, other in pairs)
            sizes = {"k": W.rows, "m": W.cols, "k2": V.rows, "lambda": strength}
            found.append((TermwiseValue({**sizes, "W1": W, "W2": V}), (ahead - behind) / 2))
    return tuple(found)


def _obligations_of_differences(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare the rate with concrete networks, and the share that is left with the equation it must solve."""
    q_claimed = claimed["q"]
    residuals: dict[str, Residual] = {"q at the start": q_claimed.subs(TIME, 0) - 1}
    for i, (at, truth) in enumerate(_decaying_layers()):
        residuals[f"rate {i + 1}"] = squared_norm(at(claimed["rate"]) - truth)
    at, truth = _decaying_layers()[0]
    W, V, strength = at.values["W1"], at.values["W2"], at.values["lambda"]
    factor = truth[0] / (V.T * V - W * W.T)[0]
    here = {RATE: strength}
    residuals["rate of q"] = sympy.simplify((q_claimed.diff(TIME) - factor * q_claimed).subs(here))
    return residuals


def unbalanced_agop() -> Proof:
    """Derive what the differences add to the AGOP, and how fast the misalignment falls with them."""
    W1 = layers(2)[0]
    F = Matrix("F", "d", symmetric=True)
    agops = [rewrite(_folded(depth), [(W1.T * W1, F)]) for depth in range(2, DEEPEST + 1)]
    rho = (FIRST + LEFT * MIXED) / sympy.sqrt(FIRST * (FIRST + 2 * LEFT * MIXED + LEFT**2 * SECOND))
    lost = sympy.factor(sympy.series(1 - rho, LEFT, 0, 3).removeO())
    steps = (
        Step(
            "At any time, with $q = e^{-2 \\lambda t}$, neighboring layers fit but for what is left of the difference "
            "$D_l$ at the start: $W_{l+1}^\\top W_{l+1} = W_l W_l^\\top + q D_l$.",
            (),
            ("training.decaying_differences",),
        ),
        Step(
            "Put this into $(W_L \\cdots W_1)^\\top W_L \\cdots W_1$ from the top down, as for balanced layers; here "
            "for two layers and three. Without decay $q = 1$: $G = F^2 - W_1^\\top \\Lambda W_1$ with the conserved "
            "$\\Lambda = W_1 W_1^\\top - W_2^\\top W_2$.",
            tuple(Equation(f"G of {depth} layers", each, "G") for depth, each in enumerate(agops, start=2)),
            ("linear.balanced_power",),
        ),
        Step(
            "So $G = A + q B$ with $A = F^L$. With $a = |A|^2$, $m = \\langle A, B \\rangle$ and $b = |B|^2$ the "
            "alignment of $F^L$ and $G$ misses 1 in second order.",
            (Equation("1 - rho", lost, r"1 - \rho(F^L, G)"),),
            ("Taylor's series",),
        ),
    )
    names = {"1 - rho": r"1 - \rho(F^L, G)"}
    return Proof(steps, {"G": tuple(agops), "1 - rho": lost}, _obligations_of_agop, names, stated=_by_depth)


def _by_depth(closed_form: Mapping[str, Any]) -> dict[str, Any]:
    """Name the AGOPs of the statement."""
    return dict(zip(("G of two layers", "G of three layers"), closed_form["G"], strict=True))


def _folded(depth: int) -> MatrixPolynomial:
    """Fold the AGOP of the first layer from the top layer down, with what is left of the differences."""
    weights, differences = layers(depth), (D1, D2)
    chain = product_of_layers(weights)
    found = chain.T * chain
    for i in range(depth - 1, 0, -1):
        between = Matrix("H", weights[i].cols, symmetric=True)
        folded = rewrite(found, [(weights[i].T * weights[i], between)])
        found = folded.subs({between: weights[i - 1] * weights[i - 1].T + differences[i - 1] * q})
    return found


@cache
def _unbalanced(depth: int) -> tuple[TermwiseValue, sympy.Matrix]:
    """Draw layers, and the differences of which they have a drawn share left."""
    sizes = (5, 4, 6, 5)[: depth + 1]
    weights = [integer_matrix(after, before, 51 + i) for i, (before, after) in enumerate(pairwise(sizes))]
    left = drawn(57)
    values: dict[str, Any] = {f"W{i + 1}": W for i, W in enumerate(weights)} | {
        "q": left,
        "d": sizes[0],
        "c": sizes[-1],
    }
    values |= {f"k{i}": size for i, size in enumerate(sizes[1:-1], start=1)}
    for i, (W, V) in enumerate(pairwise(weights), start=1):
        values[f"D{i}"] = (V.T * V - W * W.T) / left
    whole = weights[0]
    for W in weights[1:]:
        whole = W * whole
    return TermwiseValue({**values, "F": weights[0].T * weights[0]}), whole.T * whole


def _obligations_of_agop(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with drawn layers, and the misalignment with the cosine of two drawn matrices."""
    residuals: dict[str, Residual] = {}
    for depth, formula in enumerate(claimed["G"], start=2):
        at, truth = _unbalanced(depth)
        residuals[f"G of {depth} layers"] = squared_norm(at(formula) - truth)
    one, other = (integer_matrix(4, 4, seed, symmetric=True) for seed in (58, 59))
    a, m, b = ((x * y).trace() for x, y in ((one, one), (one, other), (other, other)))
    lost = claimed["1 - rho"].subs({FIRST: a, MIXED: m, SECOND: b})
    moved = a * (a + 2 * LEFT * m + LEFT**2 * b)
    excess = sympy.expand(LEFT**8 * ((1 - lost) ** 2 * moved - (a + LEFT * m) ** 2))  # wrong ones divide by q
    lowest = sympy.Poly(excess, LEFT).all_coeffs()[::-1][:11]
    residuals["misalignment to second order"] = sum((each**2 for each in lowest), sympy.Integer(0))
    return residuals


SOURCE: Final = (
    "Weight decay lets the ansatz hold asymptotically from unbalanced starts: Tansley, Massart and Cartis, arXiv "
    "2510.15563 (abstract); derived here"
)
DERIVATIONS: Final = (
    Derivation(
        name="training.decaying_differences",
        title="Weight decay takes linear layers to balance",
        wording="With weight decay $\\lambda$ the differences between neighboring layers of a linear network of any "
        "depth, which gradient flow alone conserves, change at the rate $<<rate>>$: they decay as $<<q>>$.",
        assumptions=(
            "Gradient flow on $(1/2n) \\sum_\\mu |y_\\mu - f_\\mu|^2 + (\\lambda/2) \\sum_l |W_l|^2$, all layers at "
            "the same rate.",
        ),
        source=SOURCE,
        derive=decaying_differences,
        limits=("Exact at every time; any loss that sees the product of the layers alone cancels likewise.",),
    ),
    Derivation(
        name="training.unbalanced_agop",
        title="Unbalanced linear layers: the AGOP at any width, and how fast the exponent is reached",
        wording="At every width and time two layers have $G = <<G of two layers>>$ and three have "
        "$G = <<G of three layers>>$, with $q := e^{-2\\lambda t}$ and the differences $D_l$ between neighboring "
        "layers at the start. So with weight decay every start ends at $F^L$, exponent $1/L$, and the misalignment "
        "$<<1 - rho>>$ falls as $e^{-4\\lambda t}$.",
        assumptions=(
            "A linear network of two or three layers, gradient flow, weight decay $\\lambda$ or none ($q = 1$).",
            "How fast: the weights do not decay to zero themselves, as they do where $\\lambda$ exceeds the signal.",
        ),
        source=SOURCE,
        derive=unbalanced_agop,
        limits=("$G$ is exact; the misalignment is of second order in $q$.",),
    ),
)
