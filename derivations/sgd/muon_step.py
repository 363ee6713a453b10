"""Muon's first step from kernels: the labels drop out, and what is left is how evenly the tangent kernel is spread."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

import sympy

from derivations.algebra import Matrix, Scalar, identity, ones, tr
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.forms.alignment_ratio import AlignmentRatio, without_common_factor
from derivations.forms.rewriting import rewrite
from derivations.identities.layer import K, k, m, n
from derivations.judging.instances import drawn, evaluate_exactly, integer_matrix, orthogonal_matrix
from derivations.sgd.first_step import M, U, V, r

D: Final = Matrix("D", n, k)
"""Tangent features of one output, a row for each sample."""
kappa: Final = Matrix("kappa", n, symmetric=True, latex=r"\kappa")
kappa_inverse: Final = Matrix("kappa_inv", n, symmetric=True, latex=r"\kappa^{-1}")
misses: Final = Matrix("delta", n, diagonal=True, latex=r"\delta")
misses_inverse: Final = Matrix("delta_inv", n, diagonal=True, latex=r"\delta^{-1}")
s: Final = Matrix("s", r, diagonal=True)
s_inverse: Final = Matrix("s_inv", r, diagonal=True, latex="s^{-1}")
F_inverse: Final = Matrix("F_inv", m, symmetric=True, latex="F^+")
"""Pseudo-inverse of the features ``F = g^T g`` of descent."""
G: Final = Matrix("G", m, symmetric=True)
"""Gradient outer product ``g^T K g`` of descent."""
own, common = Scalar("alpha"), Scalar("beta")
NAMES: Final = {
    "from features": r"\rho_{\mathrm{Muon}}",
    "from the kernel": r"\rho_{\mathrm{Muon}},\ n \le m",
    "with a common part": r"\rho_{\mathrm{Muon}},\ \kappa = \alpha I + \beta \mathbf{1} \mathbf{1}^\top",
}


def muon_step() -> Proof:
    """Derive the C-NFA after a step of Muon from the features of descent, and from the tangent kernel."""
    unit = [(U.T * U, identity(r)), (V.T * V, identity(r)), (s * s_inverse, identity(r)), (U.T * K * U, M)]
    gradient = U * s * V.T
    pseudo, outer = V * s_inverse * s_inverse * V.T, gradient.T * K * gradient
    both = {F_inverse: pseudo, G: outer}
    general = AlignmentRatio(tr(F_inverse * G), tr(identity(r)), tr(F_inverse * G * F_inverse * G))
    means = [rewrite(rewrite(each.subs(both), unit), unit) for each in (general.numerator, general.second)]

    columns = D.T * misses  # times inputs of full row rank: the same column space
    inverse = misses_inverse * kappa_inverse * misses_inverse
    projection = columns * inverse * columns.T
    known = [
        (misses * misses_inverse, identity(n)),
        (D * D.T, kappa),
        (kappa_inverse * kappa, identity(n)),
    ]
    spread = projection * (D.T * D / n)
    whole = AlignmentRatio(rewrite(tr(spread), known), tr(identity(n)), rewrite(tr(spread * spread), known))
    from_kernel = without_common_factor(whole, n / n, n**-1)
    mixed = from_kernel.map(lambda part: part.subs({kappa: identity(n) * own + ones(n, n) * common}).as_sympy({}))
    closed_form = {"from features": general, "from the kernel": from_kernel, "with a common part": mixed}
    steps = (
        Step(
            "With $g = U s V^\\top$ descent has the features $F = g^\\top g$ and $G = g^\\top K g$; traces of $F^+ G$ "
            "are those of $M = U^\\top K U$.",
            (
                Equation("tr(F^+ G)", means[0], r"\operatorname{tr}(F^+ G)"),
                Equation("tr(F^+ G F^+ G)", means[1], r"\operatorname{tr}(F^+ G F^+ G)"),
                Equation("from features", general, NAMES["from features"]),
            ),
            ("sgd.first_step",),
        ),
        Step(
            "With one output $g = D^\\top \\delta Z / n$. Where inputs are independent, the columns of "
            "$D^\\top \\delta$ span those of $g$: insert the projection on them, $\\kappa = D D^\\top$ and "
            "$K = D^\\top D / n$. Misses cancel.",
            (Equation("from the kernel", from_kernel, NAMES["from the kernel"]),),
            ("identities.factorization",),
        ),
        Step(
            "A kernel with a part that all samples share, as that of every activation whose slope has a mean: the "
            "alignment falls as $n^{-1/2}$.",
            (Equation("with a common part", mixed, NAMES["with a common part"]),),
        ),
    )
    return Proof(steps, closed_form, _obligations, NAMES)


def _obligations(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with the feature matrices of the step, entry by entry, at several numbers of samples."""
    residuals: dict[str, Residual] = {}
    for size in (3, 4, 5):
        at = _step(size)
        numerator, first, second = at.traces
        truths = {"from features": at.traces, "from the kernel": (numerator * size, first, second * size**2)}
        for name, truth in truths.items():  # a factor n of the kernel cancels
            found = closed_form[name].residuals(lambda part, at=at: evaluate_exactly(part, at.values), truth, name)
            residuals |= {f"{part}, {size} samples": value for part, value in found.items()}
        alpha, beta = drawn(size), drawn(10 * size)
        kernel = alpha * sympy.eye(size) + beta * sympy.ones(size)
        truth = kernel.trace(), sympy.Integer(size), (kernel * kernel).trace()
        scalars = {sympy.Symbol("alpha"): alpha, sympy.Symbol("beta"): beta, sympy.Symbol("n"): size}
        mixed = closed_form["with a common part"].residuals(
            lambda part, scalars=scalars: (sympy.S.Zero + part).subs(scalars), truth, "a common part"
        )
        residuals |= {f"{part}, {size} samples": value for part, value in mixed.items()}
    return residuals


class _Step(NamedTuple):
    values: dict[str, Any]
    traces: tuple[Any, Any, Any]


@lru_cache(maxsize=4)
def _step(size: int) -> _Step:
    """Choose tangent features, misses and inputs whose gradient has rational singular vectors; take its step."""
    left, right = orthogonal_matrix(6, 101)[:, :size], orthogonal_matrix(7, 102)[:, :size]
    strengths, mixing = sympy.diag(*(7, 2, 3, 5, 4)[:size]), integer_matrix(size, size, 103)
    missed = sympy.diag(*(2, -3, 5, -1, 4)[:size])
    features = missed.inv() * mixing.T * left.T  # so that D^T delta = U B, beside inputs B^-1 s V^T
    covariance = features.T * features / size
    gradient = left * strengths * right.T
    moved = left * right.T
    F, G = moved.T * moved, moved.T * covariance * moved
    values = {
        "F_inv": right * strengths.inv() ** 2 * right.T,
        "G": gradient.T * covariance * gradient,
        "kappa": features * features.T,
        "n": size,
        "r": size,
        "m": 7,
        "k": 6,
    }
    return _Step(values, ((F * G).trace(), (F * F).trace(), (G * G).trace()))


DERIVATIONS: Final = (
    Derivation(
        name="sgd.muon_step",
        title="Muon's first step forgets the labels, and breaks the alignment where the tangent kernel is uneven",
        wording="After a step of Muon the C-NFA is $<<from features>>$, with the features $F$ and $G$ of descent, $F$ "
        "of rank $r$. With one output and linearly independent inputs labels and inputs drop out: it is $<<from the "
        "kernel>>$, the root of the participation ratio of the tangent kernel over the number of samples, and 1 only "
        "for a multiple of the identity. A part of the kernel that all samples share makes it $<<with a common "
        "part>>$, which falls with the root of the number of samples.",
        assumptions=(
            "A layer linear in its weights; Muon without momentum, with the exact polar factor.",
            "For the kernel: one output, no miss is zero, $\\kappa$ is invertible, and the inputs of the layer are "
            "linearly independent.",
        ),
        source="Derived here; the quantities are those of Beaglehole, Mitliagkas and Agarwala, arXiv 2402.05271",
        derive=muon_step,
        limits=("Exact at every width, with the PTF covariance before the step.",),
    ),
)
