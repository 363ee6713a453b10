"""One layer of a linear network moves while all others stand still: the limit of SLO when the other speeds vanish."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import sympy
from array_api_compat import array_namespace
from jaxtyping import Shaped

from derivations.algebra import Matrix, Scalar, tr
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.forms.evaluation import evaluate_formula
from derivations.forms.rewriting import rewrite
from derivations.judging.instances import evaluate_exactly, squared_norm
from derivations.judging.termwise import TermwiseValue
from derivations.linear.closed_flow import A, B, Sigma_xx, W, closed_flow
from derivations.linear.instance import linear_instance

SOURCE: Final = (
    "Speed-limited optimization: Beaglehole, Mitliagkas and Agarwala, arXiv 2402.05271; derived here for linear nets"
)
W0: Final = Matrix("W0", "k", "m", latex="W_0")
dW: Final = Matrix("dW", "k", "m", latex=r"\Delta W")
K: Final = Matrix("K", "k", symmetric=True)
H: Final = Matrix("H", "m", symmetric=True)
ENTRY: Final = r"(Q_K^\top \Delta W\, Q_H)_{ij}"


def one_moving_layer() -> Proof:
    """Derive the path of a layer of a linear network while all others stand still."""
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
            ("linear.closed_flow",),
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


def path_of_one_layer(
    W: Shaped[Any, "k m"], B: Any, A: Any, Sigma_xx: Any, Sigma_yx: Any, theta: float
) -> dict[str, Any]:
    """Evaluate the path of a layer that moves alone."""
    xp = array_namespace(W)
    claim = DERIVATIONS[0].closed_form
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


@cache
def _shifted() -> tuple[TermwiseValue, sympy.Matrix]:
    """Differentiate the loss of a concrete network at two values of its middle layer."""
    instance = linear_instance()
    moved = linear_instance(seed=31).weights[1]
    change = instance.loss_gradient(1) - instance.with_layer(1, instance.weights[1] + moved).loss_gradient(1)
    seen = instance.seen_from(1)
    constants = {"K": seen["B"].T * seen["B"], "H": seen["A"] * seen["Sigma_xx"] * seen["A"].T}
    return TermwiseValue({**constants, "dW": moved, "k": seen["k"], "m": seen["m"]}), change


def _obligations_of_one_layer(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare the change of the velocity with a concrete network, and put the path into that law, entry by entry."""
    at, change = _shifted()
    v, kappa, lam, theta = sympy.symbols("v kappa lambda theta", positive=True)
    # In eigenvectors K and H are numbers; the law that holds for matrices holds for one entry.
    law = {"K": sympy.Matrix([[2]]), "H": sympy.Matrix([[3]]), "dW": sympy.Matrix([[1]]), "k": 1, "m": 1}
    slowing = evaluate_exactly(claimed["dV"], law)[0] / 6
    path, flat = claimed["entry"], claimed["entry at lambda = 0"]
    return {
        "change of velocity": squared_norm(at(claimed["dV"]) - change),
        "start": path.subs(theta, 0),
        "velocity": sympy.simplify(path.diff(theta) - v - slowing * kappa * lam * path),
        "velocity at lambda = 0": flat.diff(theta) - v,
        "start at lambda = 0": flat.subs(theta, 0),
    }


DERIVATIONS: Final = (
    Derivation(
        name="linear.one_layer_path",
        title="One moving layer: an exact path that no speed changes",
        wording="When a single layer of a linear network moves, in the eigenvectors of $K := B^\\top B$ "
        "and $H := A \\Sigma_{xx} A^\\top$ each entry of $\\Delta W$ is $<<entry>>$. SLO follows this path "
        "of gradient flow with another clock, so that its C-NFA and UC-NFA, as functions of the place on "
        "the path, do not depend on the speed.",
        assumptions=("A linear network of any depth; all layers but one at rest (speed zero).",),
        source=SOURCE,
        derive=one_moving_layer,
        limits=("Exact at every time; the limit of SLO when the other speeds go to zero.",),
    ),
)
