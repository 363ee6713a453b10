"""The UC-NFA as a weighted sum over what the weights were and how they have moved.

Beaglehole, Mitliagkas and Agarwala (arXiv 2402.05271), centered and uncentered NFA.
"""

from collections.abc import Mapping
from functools import cache, partial
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, MatrixPolynomial, TracePolynomial, identity, tr
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.forms.alignment_ratio import alignment_of
from derivations.identities.layer import K, k, m
from derivations.judging.instances import integer_matrix, squared_norm
from derivations.judging.interpolation import coefficients
from derivations.judging.termwise import TermwiseValue

SOURCE: Final = (
    "Beaglehole, Mitliagkas and Agarwala, Feature learning as alignment, TMLR 2024, arXiv 2402.05271: "
    "centered and uncentered NFA; the nine products are spelled out here"
)
W0: Final = Matrix("W0", k, m, latex="W_0")
dW: Final = Matrix("dW", k, m, latex=r"\Delta W")
PARTS: Final = ("initial", "cross", "centered")
LATEX_NAMES: Final = {
    **{f"{letter} {i}": rf"{letter}_{{\mathrm{{{i}}}}}" for letter in "FG" for i in PARTS},
    **{f"{i}-{j}": rf"\langle F_{{\mathrm{{{i}}}}}, G_{{\mathrm{{{j}}}}} \rangle" for i in PARTS for j in PARTS},
}
Parts = dict[str, MatrixPolynomial]


def parts_of(middle: MatrixPolynomial, start: MatrixPolynomial, change: MatrixPolynomial) -> Parts:
    """Split ``W^T A W`` with ``W = start + change`` by how often the change occurs."""
    cross = start.T * middle * change
    return {"initial": start.T * middle * start, "cross": cross + cross.T, "centered": change.T * middle * change}


def terms() -> Proof:
    """Derive the nine products whose sum is the numerator of the UC-NFA."""
    F, G = parts_of(identity(k), W0, dW), parts_of(K, W0, dW)
    products = {f"{i}-{j}": tr(F[i] * G[j]) for i in PARTS for j in PARTS}
    moved = W0 + dW
    whole = alignment_of(moved.T * moved, moved.T * K * moved)
    closed_form: dict[str, Any] = {
        **{f"F {i}": F[i] for i in PARTS},
        **{f"G {j}": G[j] for j in PARTS},
        **products,
    }
    steps = (
        Step(
            "Insert $W = W_0 + \\Delta W$ into $F = W^\\top W$ and collect by the number of changes: four terms, the "
            "two mixed ones together.",
            tuple(Equation(f"F {i}", F[i], LATEX_NAMES[f"F {i}"]) for i in PARTS),
            ("definition of the NFM",),
        ),
        Step(
            "The same for $G = W^\\top K W$, with $K$ at the current weights; the multiplier cancels in the alignment.",
            tuple(Equation(f"G {j}", G[j], LATEX_NAMES[f"G {j}"]) for j in PARTS),
            ("identities.factorization",),
        ),
        Step(
            "The numerator of the UC-NFA is the sum of nine products. Divided by $|F|\\,|G|$, the product of $F_i$ and "
            "$G_j$ is their alignment $\\rho(F_i, G_j)$ with the weight $|F_i|\\,|G_j| / (|F|\\,|G|)$.",
            tuple(Equation(name, product, LATEX_NAMES[name]) for name, product in products.items()),
            ("linearity of the trace",),
        ),
    )
    additive = {"the nine products sum to the numerator": whole.numerator}
    return Proof(steps, closed_form, partial(_obligations, additive), LATEX_NAMES)


def _obligations(additive: Mapping[str, TracePolynomial], closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compute every part of integer weights, entry by entry."""
    total = sum((closed_form[f"{i}-{j}"] for i in PARTS for j in PARTS), tr(K) * 0)
    residuals: dict[str, Residual] = {name: total - numerator for name, numerator in additive.items()}
    for (rows, cols), at, truth in _parts():
        for name, value in truth.items():
            difference = at(closed_form[name]) - value
            of_matrices = isinstance(difference, sympy.MatrixBase)
            residuals[f"{name} at {rows} x {cols}"] = squared_norm(difference) if of_matrices else difference
    return residuals


@cache
def _parts() -> tuple[tuple[tuple[int, int], TermwiseValue, dict[str, Any]], ...]:
    """Read the parts off the powers of a number: ``(W_0 + e dW)^T A (W_0 + e dW)``; five factors, so size five."""
    found = []
    for rows, cols in ((5, 6), (6, 5)):
        start, change = integer_matrix(rows, cols, seed=1), integer_matrix(rows, cols, seed=2)
        covariance = integer_matrix(rows, rows, seed=3, symmetric=True)

        def moved(middle: sympy.Matrix, start: sympy.Matrix = start, change: sympy.Matrix = change) -> dict[str, Any]:
            powers = coefficients(lambda e: (start + e * change).T * middle * (start + e * change), 2)
            return dict(zip(PARTS, powers, strict=True))

        F, G = moved(sympy.eye(rows)), moved(covariance)
        truth = {f"F {i}": F[i] for i in PARTS} | {f"G {i}": G[i] for i in PARTS}
        truth |= {f"{i}-{j}": (F[i] * G[j]).trace() for i in PARTS for j in PARTS}
        values = {"W0": start, "dW": change, "K": covariance, "m": cols, "k": rows}
        found.append(((rows, cols), TermwiseValue(values), truth))
    return tuple(found)


DERIVATIONS: Final = (
    Derivation(
        name="identities.decomposition",
        title="UC-NFA as a weighted sum of alignments",
        wording="With $W := W_0 + \\Delta W$ the NFM and the AGOP split into an initial, a cross and a "
        "centered term: $F$ into $<<F initial>>$, $<<F cross>>$ and $<<F centered>>$. The UC-NFA is the "
        "sum over pairs of their alignments, each weighted by the norms of the pair over the norms of $F$ "
        "and $G$. The pair of centered terms contributes the C-NFA times its weight.",
        assumptions=(
            "A layer linear in its weights. The cross terms $W_0^\\top \\Delta W$ and its transpose are one term.",
        ),
        source=SOURCE,
        derive=terms,
        limits=("Exact at every time.",),
    ),
)
