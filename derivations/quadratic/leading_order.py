"""Quadratic networks at early times: centered features from two moments of the data and one of the weights.

The network is ``f(x) = sum_j a_j (w_j . x)^2``. Its loss is differentiated; what comes out depends on the data through
``A = Z^T diag(r) Z / n`` and ``B = Z^T Z / n`` and on the weights through ``M = W^T diag(a)^2 W``.

Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271), early alignment in quadratic networks.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from derivations.algebra import (
    Matrix,
    MatrixPolynomial,
    Scalar,
    diagonal,
    gradient,
    hadamard,
    identity,
    ones,
    tr,
    zeros,
)
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.forms.alignment_ratio import alignment_of, without_common_factor
from derivations.forms.evaluation import evaluate_formula
from derivations.forms.rewriting import rewrite
from derivations.judging.instances import cosine_traces, drawn, squared_norm
from derivations.judging.termwise import TermwiseValue
from derivations.quadratic.instance import QuadraticInstance, quadratic_instance

SOURCE: Final = (
    "Beaglehole, Mitliagkas and Agarwala, Feature learning as alignment, TMLR 2024, arXiv 2402.05271: "
    "early alignment in quadratic networks; derived here from the loss"
)
n: Final = Scalar("n")
d: Final = Scalar("d")
k: Final = Scalar("k")
t: Final = Scalar("t")
Z: Final = Matrix("Z", n, d)
W: Final = Matrix("W", k, d)
V: Final = Matrix("V", k, d)
a: Final = Matrix("a", k, diagonal=True)
r: Final = Matrix("r", n, 1)
A: Final = Matrix("A", d, symmetric=True)
B: Final = Matrix("B", d, symmetric=True)
M: Final = Matrix("M", d, symmetric=True)
C_NFA: Final = {"C-NFA": r"\rho(F_c, G_c)"}
NETWORK: Final = "The network is $f(x) = \\sum_j a_j (w_j \\cdot x)^2$; $W$ is trained, $a$ is fixed."


def outputs(weights: MatrixPolynomial) -> MatrixPolynomial:
    """Return the outputs on all samples: the diagonal of ``Z W^T a W Z^T``."""
    return hadamard(Z * weights.T * a * weights * Z.T, identity(n)) * ones(n)


def leading_order() -> Proof:
    """Derive the centered features from the gradient of the loss."""
    missed = r - (outputs(W + V) - outputs(W))
    loss = tr(missed.T * missed) / (2 * n)
    dW = -gradient(loss, V).subs({V: zeros(k, d)}) * t
    H = Matrix("H", n, k)
    D = gradient(tr(hadamard(H * a * H.T, identity(n)) * ones(n, n)), H).subs({H: Z * W.T})
    moments = {"A": Z.T * diagonal(r) * Z / n, "B": Z.T * Z / n, "M": W.T * a * a * W}
    rules = [(Z.T * diagonal(r) * Z, A * n), (Z.T * Z, B * n), (W.T * a * a * W, M)]
    K = rewrite(D.T * D / n, rules)
    dW_short = rewrite(dW, rules)
    F_c, G_c = rewrite(dW_short.T * dW_short, rules), rewrite(dW_short.T * K * dW_short, rules)
    rho = without_common_factor(alignment_of(F_c, G_c), 4 * t**2, 16 * t**2)
    steps = (
        Step(
            "Move the weights by $V$ and differentiate the loss $(1/2n) \\sum_\\mu (y_\\mu - f_\\mu)^2$ at $V = 0$, "
            "with $r = y - f$. Under gradient flow the weights start with minus the gradient times $t$.",
            (Equation("dW", dW),),
            (NETWORK, "gradient of a trace polynomial"),
        ),
        Step(
            "Differentiate the outputs by the pre-activations $H = Z W^\\top$: the tangent features.",
            (Equation("D", D),),
            ("definition of the tangent features",),
        ),
        Step(
            "Data and weights occur in three moments only.",
            (*(Equation(name, moment) for name, moment in moments.items()), Equation("dW", dW_short), Equation("K", K)),
            ("definition of the PTF covariance",),
        ),
        Step(
            "Insert them into $F_c = dW^\\top dW$ and $G_c = dW^\\top K dW$.",
            (Equation("F_c", F_c), Equation("G_c", G_c)),
            ("definitions of the centered NFM and AGOP",),
        ),
        Step(
            "The factors in front cancel.", (Equation("C-NFA", rho, C_NFA["C-NFA"]),), ("definition of the alignment",)
        ),
    )
    closed_form = {**moments, "dW": dW_short, "K": K, "F_c": F_c, "G_c": G_c, "C-NFA": rho}
    return Proof(steps, closed_form, _obligations_of_leading_order, C_NFA, in_turn(closed_form, "ABM"))


def in_turn(closed_form: Mapping[str, Any], letters: str) -> Callable[..., dict[str, Any]]:
    """Make a function that computes the letters first and the other quantities with them."""

    def function(**values: Any) -> dict[str, Any]:
        known = dict(values)
        for letter in letters:
            if letter not in known:
                known[letter] = evaluate_formula(closed_form[letter], known)
        rest = {name: form for name, form in closed_form.items() if name not in letters}
        return {
            **{letter: known[letter] for letter in letters},
            **{name: evaluate_formula(form, known) for name, form in rest.items()},
        }

    return function


@cache
def _networks() -> tuple[tuple[QuadraticInstance, TermwiseValue], ...]:
    """Return concrete networks of several sizes, from five: the longest products have four factors of one matrix."""
    sizes = ((6, 5, 5), (7, 6, 4), (5, 5, 6))
    networks = [quadratic_instance(n, d, k, seed) for seed, (n, d, k) in enumerate(sizes, start=21)]
    return tuple((each, TermwiseValue({**each.values(), "t": drawn(i)})) for i, each in enumerate(networks))


def _obligations_of_leading_order(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Differentiate the loss and the outputs of concrete networks by every entry."""
    residuals: dict[str, Residual] = {}
    for i, (network, at) in enumerate(_networks()):
        claimed = {letter: at(closed_form[letter]) for letter in "ABM"}
        moments = network.moments()
        residuals |= {f"{name} of network {i}": squared_norm(claimed[name] - each) for name, each in moments.items()}
        inserted, time = _with_moments(i), at.values["t"]
        dW, K = -time * network.loss_gradient, network.ptf_covariance
        expected = {"dW": dW, "K": K, "F_c": dW.T * dW, "G_c": dW.T * K * dW}
        residuals |= {
            f"{name} of network {i}": squared_norm(inserted(closed_form[name]) - each)
            for name, each in expected.items()
        }
        truth = cosine_traces(expected["F_c"] / (4 * time**2), expected["G_c"] / (16 * time**2))
        residuals |= closed_form["C-NFA"].residuals(inserted, truth, f"C-NFA, network {i}")
    return residuals


@cache
def _with_moments(i: int) -> TermwiseValue:
    network, at = _networks()[i]
    return TermwiseValue({**at.values, **network.moments()})


DERIVATIONS: Final = (
    Derivation(
        name="quadratic.leading_order",
        title="A quadratic network at early times",
        wording="With $A = <<A>>$, $B = <<B>>$ and $M = <<M>>$: $F_c = <<F_c>>$ and $G_c = <<G_c>>$ at leading order.",
        assumptions=(NETWORK, "Gradient flow on $(1/2n) \\sum_\\mu (y_\\mu - f_\\mu)^2$; $A W^\\top$ is not zero."),
        source=SOURCE,
        derive=leading_order,
        limits=("The first order in time: corrections are of relative order $t$.",),
    ),
)
