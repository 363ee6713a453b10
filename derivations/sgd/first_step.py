"""The first step of gradient descent and of Muon: the C-NFA from the gradient and the PTF covariance.

Muon replaces the gradient by its polar factor ``U V^T``: all its singular values become 1.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, Scalar, identity
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.forms.alignment_ratio import alignment_of
from derivations.forms.rewriting import rewrite
from derivations.identities.layer import K, k, m
from derivations.judging.instances import evaluate_exactly, integer_matrix, orthogonal_matrix

r: Final = Scalar("r")
g: Final = Matrix("g", k, m)
U: Final = Matrix("U", k, r)
V: Final = Matrix("V", m, r)
M: Final = Matrix("M", r, symmetric=True)


def first_step() -> Proof:
    """Derive the C-NFA after one step of each."""
    descent = alignment_of(g.T * g, g.T * K * g)
    change = U * V.T
    F, G = change.T * change, change.T * K * change
    rules = [(U.T * U, identity(r)), (V.T * V, identity(r)), (U.T * K * U, M)]
    muon = alignment_of(rewrite(F, rules), rewrite(G, rules)).map(lambda part: rewrite(part, rules))
    steps = (
        Step(
            "One step of gradient descent moves the weights along $-g$; its length cancels.",
            (Equation("descent", descent, r"\rho_{\mathrm{descent}}"),),
            ("definition of the C-NFA",),
        ),
        Step(
            "Muon moves them along the polar factor $U V^\\top$ of a gradient of rank $r$, with "
            "$U^\\top U = V^\\top V = I$; only $M = U^\\top K U$ is left.",
            (Equation("muon", muon, r"\rho_{\mathrm{Muon}}"),),
            ("singular value decomposition",),
        ),
    )
    names = {"descent": r"\rho_{\mathrm{descent}}", "muon": r"\rho_{\mathrm{Muon}}"}
    return Proof(steps, {"descent": descent, "muon": muon}, _obligations, names)


@lru_cache(maxsize=4)
def _gradient(rank: int) -> tuple[sympy.Matrix, sympy.Matrix, sympy.Matrix, sympy.Matrix]:
    """Make a gradient (4 x 5) of some rank with rational singular vectors, and a PTF covariance."""
    left, right = orthogonal_matrix(4, 91)[:, :rank], orthogonal_matrix(5, 92)[:, :rank]
    root = integer_matrix(4, 4, 93)
    return left, sympy.diag(*(7, 2, 3, 5)[:rank]), right, root * root.T


def _obligations(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with the feature matrices of both changes, entry by entry."""
    residuals: dict[str, Residual] = {}
    for rank in (2, 3, 4):
        for name, residual in _residuals_at(closed_form, rank).items():
            residuals[f"{name}, rank {rank}"] = residual
    return residuals


def _residuals_at(closed_form: Mapping[str, Any], rank: int) -> dict[str, Residual]:
    left, strengths, right, covariance = _gradient(rank)
    gradient = left * strengths * right.T
    values = {"g": gradient, "K": covariance, "M": left.T * covariance * left, "r": rank, "k": 4, "m": 5}
    residuals: dict[str, Residual] = {}
    for name, change in (("descent", gradient), ("muon", left * right.T)):
        F, G = change.T * change, change.T * covariance * change
        traces = (("numerator", (F * G).trace()), ("first", (F * F).trace()), ("second", (G * G).trace()))
        for part, trace in traces:
            claimed = getattr(closed_form[name], part)
            residuals[f"{name}, {part}"] = evaluate_exactly(claimed, values) - trace
    return residuals


DERIVATIONS: Final = (
    Derivation(
        name="sgd.first_step",
        title="The C-NFA after the first step of gradient descent and of Muon",
        wording="After one step of gradient descent the C-NFA is the alignment of $g^\\top g$ with "
        "$g^\\top K g$, $<<descent>>$. After one step of Muon it is $<<muon>>$ with $M$ the PTF covariance "
        "on the column space of the gradient, of rank $r$: the root of its participation ratio over the "
        "rank, which is 1 only where $K$ is isotropic there, and never below the inverse root of $r$.",
        assumptions=("A layer linear in its weights; Muon without momentum, with the exact polar factor.",),
        source="Derived here; the quantities are those of Beaglehole, Mitliagkas and Agarwala, arXiv 2402.05271",
        derive=first_step,
        limits=("Exact, with the PTF covariance before the step.",),
    ),
)
