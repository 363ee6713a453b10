"""The AGOP of a layer is ``W^T K W``, and so the ansatz is a statement about the left singular structure of ``W``.

Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271), decomposition of the AGOP into weights and PTF covariance.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import sympy

from derivations.algebra import (
    Matrix,
    Scalar,
    TracePolynomial,
    diagonal,
    directional_derivative,
    gradient,
    identity,
    ones,
    tr,
)
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.forms.alignment_ratio import alignment_of, without_common_factor
from derivations.forms.rewriting import rewrite
from derivations.identities.layer import D, K, N, W, X, first_order_change, gamma, k, m, n
from derivations.judging.instances import cosine_traces, integer_matrix, orthogonal_matrix, squared_norm
from derivations.judging.termwise import TermwiseValue

SOURCE: Final = (
    "Beaglehole, Mitliagkas and Agarwala, Feature learning as alignment, TMLR 2024, arXiv 2402.05271: "
    "the AGOP written with the weights and the PTF covariance"
)
CHAIN_RULE: Final = "chain rule: $df = D\\,dh$ with $h = \\gamma W z$"


def factorization() -> Proof:
    """Derive ``G = gamma^2 W^T K W``."""
    outputs = first_order_change(W, X)
    # Row nu of the outputs depends on row nu of the inputs alone, so one gradient of their sum is all Jacobians.
    J = gradient(tr(ones(N).T * outputs), X)
    unfolded = J.T * J / n
    G = rewrite(unfolded, [(D.T * D, K * n)])
    steps = (
        Step(
            "Let the input $z$ of the layer change. Row by row the outputs change by $D\\,\\gamma W\\,dz$; their "
            "Jacobian with respect to the inputs is the gradient of their sum, because a row sees its own input only.",
            (Equation("J", J),),
            (CHAIN_RULE,),
        ),
        Step("Average the outer products of the Jacobians.", (Equation("G", unfolded),), ("definition of the AGOP",)),
        Step(
            "The tangent features occur only in their covariance $K = D^\\top D / n$.",
            (Equation("G", G),),
            ("definition of the PTF covariance",),
        ),
    )
    return Proof(steps, {"J": J, "G": G}, _obligations_of_factorization)


def _obligations_of_factorization(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Move inputs in given directions and compare how far the outputs move."""
    J, G = closed_form["J"], closed_form["G"]
    H, v = Matrix("H", N, m), Matrix("v", m, 1)
    moved = directional_derivative(first_order_change(W, X), {X: H})
    along_v = directional_derivative(first_order_change(W, X), {X: ones(N) * v.T})
    along_v = rewrite(along_v, [(diagonal(D * W * v) * ones(N), D * W * v)])
    return {
        "J answers to every change of the inputs": moved - (J * H.T).hadamard(identity(N)) * ones(N),
        "the quadratic form of G is the mean square slope": tr(v.T * G.subs({K: D.T * D / n}) * v)
        - tr(along_v.T * along_v) / n,
    }


p: Final = Scalar("p")
U: Final = Matrix("U", k, p)
V: Final = Matrix("V", m, p)
s: Final = Matrix("s", p, diagonal=True)
M: Final = Matrix("M", p, symmetric=True)
SINGULAR_VECTORS: Final = [(U.T * U, identity(p)), (V.T * V, identity(p))]


def left_singular_form() -> Proof:
    """Derive the alignment of NFM and AGOP from the left singular vectors of the weights."""
    weights = U * s * V.T
    F = rewrite(weights.T * weights, SINGULAR_VECTORS)
    G = rewrite(weights.T * K * weights * gamma**2, [*SINGULAR_VECTORS, (U.T * K * U, M)])
    with_multiplier = alignment_of(F, G).map(lambda part: rewrite(part, SINGULAR_VECTORS))
    rho = without_common_factor(with_multiplier, gamma / gamma, gamma**2)
    steps = (
        Step(
            "Insert $W = U s V^\\top$, with $U^\\top U = V^\\top V = I$, into $F = W^\\top W$ and "
            "$G = \\gamma^2 W^\\top K W$, and write $M = U^\\top K U$.",
            (Equation("F", F), Equation("G", G)),
            ("singular value decomposition", "identities.factorization"),
        ),
        Step(
            "In the three traces of the cosine, $V^\\top V = I$ removes the right singular vectors, and the "
            "multiplier cancels.",
            (Equation("rho", rho, r"\rho(F, G)"),),
            ("definition of the alignment",),
        ),
        Step(
            "The distance of $s M s$ from the best multiple of $s^2$ is, up to a positive factor, $1 - \\rho^2$; so "
            "$\\rho = 1$ if and only if $s M s$ is a positive multiple of $s^2$. With $s$ invertible this is "
            "$M \\propto I$: the PTF covariance is isotropic on the range of $W$.",
            (Equation("distance", _distance(), r"\left|\,|s^2|^2\, s M s - \operatorname{tr}(s^4 M)\, s^2\right|^2"),),
            ("Cauchy-Schwarz inequality, with its remainder",),
        ),
    )
    closed_form = {"F": F, "G": G, "rho": rho, "distance": _distance()}
    return Proof(steps, closed_form, _obligations_of_left_singular_form, {"rho": r"\rho(F, G)"})


def _distance() -> TracePolynomial:
    best = s * M * s * tr(s**4) - s * s * tr(s**4 * M)
    return tr(best * best)


@cache
def _decomposed() -> tuple[tuple[TermwiseValue, sympy.Matrix, sympy.Matrix], ...]:
    """Build weights of rank five and six from exact singular vectors, with multipliers of their own, and F and G."""
    found = []
    for rank, scales in ((5, (sympy.Rational(3, 5), 2, sympy.Rational(7, 3), 4, 5)), (6, (3,))):
        left, right = orthogonal_matrix(rank + 1, seed=1)[:, :rank], orthogonal_matrix(rank + 2, seed=2)[:, :rank]
        strengths = sympy.diag(2, 3, 7, -5, 1, 4)[:rank, :rank]
        covariance = integer_matrix(rank + 1, rank + 1, seed=3, symmetric=True)
        weights = left * strengths * right.T
        sizes = {"p": rank, "m": rank + 2, "k": rank + 1}
        values = {"s": strengths, "V": right, "M": left.T * covariance * left, **sizes}
        F, G = weights.T * weights, weights.T * covariance * weights
        at = TermwiseValue({**values, "gamma": 1})
        found += [(at.with_scalars(gamma=scale), F, scale**2 * G) for scale in scales]
    return tuple(found)


def _obligations_of_left_singular_form(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with the definitions of F, G and the cosine."""
    rho = closed_form["rho"]
    residuals: dict[str, Residual] = {
        "distance": closed_form["distance"] - rho.first * (rho.first * rho.second - rho.numerator**2)
    }
    for i, (at, F, G) in enumerate(_decomposed()):
        residuals |= {f"F, {i}": squared_norm(at(closed_form["F"]) - F)}
        residuals |= {f"G, {i}": squared_norm(at(closed_form["G"]) - G)}
        residuals |= rho.residuals(at, cosine_traces(F, G / at.values["gamma"] ** 2), f"rho, {i}")
    return residuals


DERIVATIONS: Final = (
    Derivation(
        name="identities.factorization",
        title="The AGOP factors through the weights",
        wording="For a layer $h := \\gamma W z$ anywhere in a network, the AGOP with respect to its input "
        "is exactly $G = <<G>>$, with $K$ the covariance of the pre-activation tangent features.",
        assumptions=(
            "The layer is linear in its weights (dense, or convolutional by patches); the network is differentiable.",
        ),
        source=SOURCE,
        derive=factorization,
        limits=("Exact at every time, for every architecture, width and data set.",),
    ),
    Derivation(
        name="identities.left_singular_form",
        title="The ansatz concerns the left singular vectors of the weights",
        wording="With $W := U s V^\\top$ and $M := U^\\top K U$: $F = <<F>>$, $G = <<G>>$ and $\\rho(F, G) "
        "= <<rho>>$. It is 1 if and only if $s M s$ is a positive multiple of $s^2$.",
        assumptions=("$U^\\top U = V^\\top V = I$ and $s$ diagonal (the singular value decomposition).",),
        source=SOURCE,
        derive=left_singular_form,
        limits=("Exact at every time.",),
    ),
)
