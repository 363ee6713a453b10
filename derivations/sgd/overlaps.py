"""Alignments of a layer from a few overlaps: in high dimension nothing else of the weights is left."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import sympy

from derivations.algebra import Matrix
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.forms.alignment_ratio import AlignmentRatio, alignment_of, without_common_factor
from derivations.forms.rewriting import rewrite
from derivations.identities.layer import K, gamma, k
from derivations.judging.instances import evaluate_exactly, integer_matrix
from derivations.sgd.moments import SOURCE, d

V: Final = Matrix("V", k, d)
"""Weights, or their change."""
Q: Final = Matrix("Q", k, symmetric=True)
"""Their overlaps, ``V V^T / d``."""


def alignment_of_overlaps() -> AlignmentRatio:
    """Derive the alignment of ``V^T V`` and ``gamma^2 V^T K V`` as a function of ``Q = V V^T / d``."""
    in_weights = alignment_of(V.T * V, V.T * K * V * gamma**2)
    in_overlaps = in_weights.map(lambda part: rewrite(part, [(V * V.T, Q * d)]))
    rho: AlignmentRatio = without_common_factor(in_overlaps, d, d * gamma**2)
    return rho


def overlap_alignments() -> Proof:
    """Derive UC-NFA and C-NFA from overlaps."""
    now, start, between = Matrix("Q_t", k, symmetric=True), Matrix("Q_0", k, symmetric=True), Matrix("R", k)
    W, W_0 = Matrix("W", k, d), Matrix("W_0", k, d)
    change = W - W_0
    moved = rewrite(change * change.T / d, [(W * W.T, now * d), (W_0 * W_0.T, start * d), (W * W_0.T, between * d)])
    rho = alignment_of_overlaps()
    steps = (
        Step(
            "Insert $V V^\\top = d\\, Q$ into the traces of the cosine; multipliers cancel. With $V = W$ this is the "
            "UC-NFA.",
            (Equation("rho", rho, r"\rho"),),
            ("identities.factorization", "definition of the alignment"),
        ),
        Step(
            "With $V = W - W_0$ it is the C-NFA; the change has the overlaps of the weights, of the initial weights, "
            "and of the two with each other.",
            (Equation("Q of the change", moved, r"Q_{\Delta}"),),
        ),
    )
    return Proof(steps, {"rho": rho, "Q of the change": moved}, _obligations, {"rho": r"\rho"})


@lru_cache(maxsize=1)
def _weights() -> tuple[sympy.Matrix, sympy.Matrix, sympy.Matrix]:
    return integer_matrix(4, 5, 71), integer_matrix(4, 5, 72), integer_matrix(4, 4, 73, symmetric=True)


def _obligations(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with feature matrices of size five, entry by entry."""
    weights, initial, covariance = _weights()
    change = weights - initial
    F, G = change.T * change, change.T * covariance * change
    traces = [(F * G).trace() / 25, (F * F).trace() / 25, (G * G).trace() / 25]
    values = {"Q": change * change.T / 5, "K": covariance, "k": 4}
    rho = closed_form["rho"]
    parts = zip((rho.numerator, rho.first, rho.second), traces, ("numerator", "|F|^2", "|G|^2"), strict=True)
    residuals: dict[str, Residual] = {name: evaluate_exactly(part, values) - true for part, true, name in parts}
    overlaps = {"Q_t": weights * weights.T / 5, "Q_0": initial * initial.T / 5, "R": weights * initial.T / 5, "k": 4}
    difference = evaluate_exactly(closed_form["Q of the change"], overlaps) - values["Q"]
    return {**residuals, "overlaps of the change": sum((entry**2 for entry in difference), sympy.Integer(0))}


DERIVATIONS: Final = (
    Derivation(
        name="sgd.overlap_alignments",
        title="Both alignments from overlaps of the weights",
        wording="UC-NFA and C-NFA of a layer depend on its weights through their overlaps $Q := V V^\\top "
        "/ d$ alone, with $V := W$ or $V := W - W_0$, beside the PTF covariance $K$: both are $<<rho>>$.",
        assumptions=("A layer linear in its weights, with $d$ inputs.",),
        source=SOURCE,
        derive=overlap_alignments,
        limits=("Exact; of use where the overlaps follow equations of their own, as in one-pass SGD.",),
    ),
)
