"""A result of one's own, from start to verdict: early features of a bilinear (gated) layer.

The network is ``f(x) = sum_j a_j (w_j . x) (v_j . x)``; the weights ``W`` are trained, the gates ``V`` and the readout
``a`` are fixed. No module of the package knows it. The claim, to be derived: at early times its centered features are

    F_c = t^2 A M A,    G_c = t^2 A M B M A,    M = V^T diag(a)^2 V,

so that, beside the moments ``A`` and ``B`` of the data, the gates alone decide how features align; the weights that are
trained do not enter. Move this file to a chapter of ``derivations/`` and `nfa list` shows the claim.
"""

from collections.abc import Mapping
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, Scalar, diagonal, gradient, hadamard, identity, ones, tr, zeros
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.forms.alignment_ratio import alignment_of, without_common_factor
from derivations.forms.rewriting import rewrite
from derivations.judging.instances import cosine_traces, drawn, evaluate_exactly, integer_matrix, squared_norm
from derivations.judging.interpolation import gradient as by_entries
from derivations.judging.termwise import TermwiseValue

n, d, k, t = (Scalar(name) for name in "ndkt")
Z: Final = Matrix("Z", n, d)
W: Final = Matrix("W", k, d)
V: Final = Matrix("V", k, d)
U: Final = Matrix("U", k, d)
a: Final = Matrix("a", k, diagonal=True)
r: Final = Matrix("r", n, 1)
A: Final = Matrix("A", d, symmetric=True)
B: Final = Matrix("B", d, symmetric=True)
M: Final = Matrix("M", d, symmetric=True)


def early_features() -> Proof:
    """Derive the centered features from the gradient of the loss."""
    change = hadamard(Z * U.T * a * V * Z.T, identity(n)) * ones(n)  # of the outputs, when W moves by U
    missed = r - change
    loss = tr(missed.T * missed) / (2 * n)
    moments = {"A": Z.T * diagonal(r) * Z / n, "B": Z.T * Z / n, "M": V.T * a * a * V}
    rules = [(Z.T * diagonal(r) * Z, A * n), (Z.T * Z, B * n), (V.T * a * a * V, M)]
    dW = rewrite(-gradient(loss, U).subs({U: zeros(k, d)}) * t, rules)
    H = Matrix("H", n, k)
    D = gradient(tr(hadamard(H * a * V * Z.T, identity(n)) * ones(n, n)), H)
    K = rewrite(D.T * D / n, rules)
    F_c, G_c = rewrite(dW.T * dW, rules), rewrite(dW.T * K * dW, rules)
    rho = without_common_factor(alignment_of(F_c, G_c), t**2, t**2)
    steps = (
        Step("Move the weights by $U$ and differentiate the loss at $U = 0$.", (Equation("dW", dW),)),
        Step("Differentiate the outputs by the pre-activations $H = Z W^\\top$.", (Equation("D", D), Equation("K", K))),
        Step("Insert both into the definitions.", (Equation("F_c", F_c), Equation("G_c", G_c))),
        Step("The factors in front cancel.", (Equation("C-NFA", rho, r"\rho(F_c, G_c)"),)),
    )
    closed_form = {**moments, "dW": dW, "K": K, "F_c": F_c, "G_c": G_c, "C-NFA": rho}
    return Proof(steps, closed_form, obligations, {"C-NFA": r"\rho(F_c, G_c)"})


def obligations(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Hold a closed form to small networks in exact numbers, differentiated entry by entry.

    Products have four factors of one matrix at most, so that size five is enough; ``n`` occurs in the first power.
    """
    residuals: dict[str, Residual] = {}
    for samples, size, width in ((6, 5, 5), (7, 5, 6)):
        inputs, weights, gates = (integer_matrix(rows, size, rows) for rows in (samples, width, width + 9))
        readout, labels = integer_matrix(width, 1, 4), integer_matrix(samples, 1, 5)
        gates, time = gates[:width, :], drawn(samples)

        def outputs(h: sympy.Matrix, gated: sympy.Matrix = inputs * gates.T, a: sympy.Matrix = readout) -> sympy.Matrix:
            return h.multiply_elementwise(gated) * a

        def loss(w: sympy.Matrix, X: sympy.Matrix = inputs, y: sympy.Matrix = labels, f: Any = outputs) -> sympy.Expr:
            missed = y - f(X * w.T)
            return (missed.T * missed)[0] / (2 * X.rows)

        h = inputs * weights.T
        features = by_entries(lambda moved, f=outputs: sum(f(moved)), h, 1)  # an output sees its own sample only
        dW, K = -time * by_entries(loss, weights, 2), features.T * features / samples
        values = {"Z": inputs, "V": gates, "a": sympy.diag(*readout), "r": labels - outputs(h), "t": time}
        values |= {"n": samples, "k": width, "d": size}
        values |= {letter: evaluate_exactly(closed_form[letter], values) for letter in "ABM"}
        at = TermwiseValue(values)
        expected = {"dW": dW, "K": K, "F_c": dW.T * dW, "G_c": dW.T * K * dW}
        residuals |= {
            f"{name}, {samples} samples": squared_norm(at(closed_form[name]) - expected[name]) for name in expected
        }
        truth = cosine_traces(expected["F_c"] / time**2, expected["G_c"] / time**2)
        residuals |= closed_form["C-NFA"].residuals(at, truth, f"C-NFA, {samples} samples")
    return residuals


DERIVATIONS: Final = (
    Derivation(
        name="bilinear_network.early_features",
        title="A bilinear layer at early times",
        wording="$F_c = <<F_c>>$ and $G_c = <<G_c>>$ with $A = <<A>>$, $B = <<B>>$ and $M = <<M>>$.",
        assumptions=("$f(x) = \\sum_j a_j (w_j \\cdot x)(v_j \\cdot x)$; $W$ is trained by gradient flow.",),
        source="derived here",
        derive=early_features,
        limits=("The first order in time.",),
    ),
)
