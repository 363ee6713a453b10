"""The centered features of any layer of any network at early times, from the data and the tangent kernel.

Under gradient flow on ``(1/2n) sum |y - f|^2`` the weights move by ``dW = t V + O(t^2)``, and ``V`` is minus the
gradient at the initial weights. Everything else follows from the definitions of the centered NFM and AGOP.

Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271), early dynamics of the centered NFA.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from derivations.algebra import Matrix, MatrixPolynomial, Scalar, diagonal, gradient, zeros
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.forms.alignment_ratio import alignment_of, without_common_factor
from derivations.forms.rewriting import rewrite
from derivations.identities.layer import D, K, S, T, X, Z, first_order_change, gamma, k, kappa, m, n, r, squared_loss
from derivations.judging.concrete_network import ConcreteNetwork, concrete_networks
from derivations.judging.instances import cosine_traces, drawn, squared_norm
from derivations.judging.termwise import TermwiseValue

SOURCE: Final = (
    "Beaglehole, Mitliagkas and Agarwala, Feature learning as alignment, TMLR 2024, arXiv 2402.05271: "
    "the centered NFA at early times"
)
t: Final = Scalar("t")
P: Final = Matrix("P", n, symmetric=True)
Q: Final = Matrix("Q", n, symmetric=True)
V: Final = Matrix("V", k, m)
C_NFA: Final = {"C-NFA": r"\rho(F_c, G_c)"}


def velocity() -> MatrixPolynomial:
    """Return the initial velocity of the weights: minus the gradient of the loss."""
    # Terms of second order in V have no gradient at V = 0, so the first-order change of the outputs is enough.
    loss = squared_loss(first_order_change(V, X))
    return -gradient(loss, V).subs({V: zeros(k, m)}).subs({X: T * Z})


def weight_change() -> Proof:
    """Derive the first order of ``dW``."""
    loss = squared_loss(first_order_change(V, X))
    dW = velocity() * t
    steps = (
        Step(
            "Move the weights by $V$. To first order the outputs change by $D\\,\\gamma V z$, row by row; this is "
            "the loss as a function of $V$.",
            (Equation("L", loss),),
            ("chain rule", "definition of the tangent features"),
        ),
        Step(
            "Differentiate at $V = 0$, where the terms left out have no gradient, and write the inputs of the rows as "
            "$X = T Z$. Under gradient flow the weights start with minus this velocity times $t$.",
            (Equation("dW", dW),),
            ("gradient of a trace polynomial", "gradient flow $\\dot W = -\\partial L / \\partial W$"),
        ),
    )
    return Proof(steps, {"dW": dW}, _obligations_of_weight_change)


@cache
def _networks() -> tuple[tuple[ConcreteNetwork, TermwiseValue], ...]:
    """Return nonlinear networks of several sizes, and what inserts their values and a time."""
    networks = concrete_networks()
    return tuple((each, each.at.with_scalars(t=drawn(i))) for i, each in enumerate(networks))


def _obligations_of_weight_change(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Differentiate the losses of nonlinear networks by every weight."""
    return {
        f"the loss of network {i} falls along dW": squared_norm(
            at(closed_form["dW"]) + at.values["t"] * network.loss_gradient
        )
        for i, (network, at) in enumerate(_networks())
    }


def centered_features() -> Proof:
    """Derive ``F_c``, ``G_c`` and the C-NFA at leading order."""
    dW = velocity() * t
    kernel = [(D * D.T, kappa)]
    F_c = rewrite(dW.T * dW, kernel)
    G_c = rewrite((dW.T * K * dW).subs({K: D.T * D / n}), kernel)
    sandwich = T.T * diagonal(r)
    P_form, Q_form = sandwich * kappa * sandwich.T, sandwich * kappa * kappa * sandwich.T
    letters = [(P_form, P), (Q_form, Q), (Z * Z.T, S)]
    F_short, G_short = rewrite(F_c, letters), rewrite(G_c, letters)
    cosine = alignment_of(F_short, G_short).map(lambda part: rewrite(part, letters))
    rho = without_common_factor(cosine, (gamma * t / n) ** 2, (gamma * t / n) ** 2 / n)
    steps = (
        Step(
            "Insert $dW$ into $F_c = dW^\\top dW$; the tangent features meet in $\\kappa = D D^\\top$.",
            (Equation("F_c", F_c),),
            ("early.weight_change", "definition of the tangent kernel"),
        ),
        Step(
            "Insert $dW$ and $K = D^\\top D / n$, at its initial value, into $G_c = dW^\\top K dW$.",
            (Equation("G_c", G_c),),
            ("definitions of the centered AGOP and of the PTF covariance",),
        ),
        Step(
            "What stands between the inputs are two n by n matrices: $P_{\\mu\\nu} = R_\\mu^\\top \\kappa_{\\mu\\nu} "
            "R_\\nu$ and the same with $\\kappa^2$.",
            (Equation("P", P_form), Equation("Q", Q_form), Equation("F_c", F_short), Equation("G_c", G_short)),
        ),
        Step(
            "In the cosine the inputs meet in $S = Z Z^\\top$, and the factors in front cancel.",
            (Equation("C-NFA", rho, C_NFA["C-NFA"]),),
            ("definition of the alignment",),
        ),
    )
    closed_form = {"P": P_form, "Q": Q_form, "F_c": F_short, "G_c": G_short, "C-NFA": rho}
    return Proof(steps, closed_form, _obligations_of_centered_features, C_NFA)


def _obligations_of_centered_features(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Take gradients and tangent features of nonlinear networks, and the definitions of F_c, G_c and C-NFA."""
    residuals: dict[str, Residual] = {}
    for i, (network, at) in enumerate(_networks()):
        dW = -at.values["t"] * network.loss_gradient
        F_c, G_c = dW.T * dW, dW.T * at.values["K"] * dW
        front = (at.values["gamma"] * at.values["t"] / at.values["n"]) ** 2  # of F_c; that of G_c has one more 1/n
        residuals |= {
            f"{name} of network {i}": squared_norm(at(closed_form[name]) - true)
            for name, true in (("P", at.values["P"]), ("Q", at.values["Q"]), ("F_c", F_c), ("G_c", G_c))
        }
        truth = cosine_traces(F_c / front, G_c * at.values["n"] / front)
        residuals |= closed_form["C-NFA"].residuals(at, truth, f"C-NFA, network {i}")
    return residuals


EARLY: Final = (
    "The first order in time: corrections are of relative order $t$.",
    "Any loss whose gradient in the outputs is "
    "$-R/n$ at initialization, such as softmax cross-entropy with $R = Y - \\mathrm{softmax}(f)$, gives the same.",
)
GRADIENT_FLOW: Final = (
    "Gradient flow on $(1/2n) \\sum_\\mu |y_\\mu - f_\\mu|^2$; a differentiable network; a layer linear in its weights."
)

DERIVATIONS: Final = (
    Derivation(
        name="early.weight_change",
        title="How the weights of any layer start to move",
        wording="$\\Delta W = <<dW>> + O(t^2)$, with a row of $D$ and of the residuals $r$ for each pair "
        "of a sample and an output; $T$ repeats samples.",
        assumptions=(GRADIENT_FLOW,),
        source=SOURCE,
        derive=weight_change,
        limits=EARLY,
    ),
    Derivation(
        name="early.centered_features",
        title="Centered NFM, centered AGOP and C-NFA at early times",
        wording="With $P_{\\mu\\nu} := R_\\mu^\\top \\kappa_{\\mu\\nu} R_\\nu$, $Q$ the same with "
        "$\\kappa^2$, and $S := Z Z^\\top$: as $t \\to 0$, $F_c = <<F_c>>$, $G_c = <<G_c>>$ and the C-NFA "
        "is $<<C-NFA>>$.",
        assumptions=(GRADIENT_FLOW, "The gradient at initialization is not zero."),
        source=SOURCE,
        derive=centered_features,
        limits=EARLY,
    ),
)
