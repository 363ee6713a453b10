"""A result of one's own, from start to verdict: early features of a bilinear (gated) layer.

The network is ``f(x) = sum_j a_j (w_j . x) (v_j . x)``; the weights ``W`` are trained, the gates ``V`` and the readout
``a`` are fixed. No module of the package knows it. The claim, to be derived: at early times its centered features are

    F_c = t^2 A M A,    G_c = t^2 A M B M A,    M = V^T diag(a)^2 V,

so that, beside the moments ``A`` and ``B`` of the data, the gates alone decide how features align; the weights that are
trained do not enter. Move this file to ``derivations/`` and `nfa list` shows the claim.
"""

from collections.abc import Mapping
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, Scalar, diagonal, gradient, hadamard, identity, ones, tr, zeros
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.forms.alignment_ratio import alignment_of, without_common_factor
from derivations.forms.rewriting import rewrite
from derivations.judging.instances import evaluate_exactly, integer_matrix, squared_norm

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
    """Hold a closed form to a small network in exact numbers, differentiated entry by entry."""
    inputs, weights, gates = integer_matrix(3, 2, 1), integer_matrix(2, 2, 2), integer_matrix(2, 2, 3)
    readout, labels = sympy.diag(2, -3), integer_matrix(3, 1, 4)
    w = sympy.Matrix(2, 2, sympy.symbols("w:4"))
    h = sympy.Matrix(3, 2, sympy.symbols("h:6"))
    here = dict(zip(w, weights, strict=True))

    def outputs(preactivations: sympy.Matrix) -> sympy.Matrix:
        gated = preactivations.multiply_elementwise(inputs * gates.T)
        return gated * sympy.Matrix([readout[0, 0], readout[1, 1]])

    missed = labels - outputs(inputs * w.T)
    loss = sum(missed.multiply_elementwise(missed)) / 6
    dW = -5 * sympy.Matrix(2, 2, [loss.diff(each) for each in w]).subs(here)
    features = sympy.Matrix(3, 2, lambda mu, j: outputs(h)[mu].diff(h[mu, j]))
    K = features.T * features / 3
    F_c, G_c = dW.T * dW, dW.T * K * dW
    values = {"Z": inputs, "V": gates, "a": readout, "r": missed.subs(here), "t": 5, "n": 3, "k": 2, "d": 2}
    values |= {letter: evaluate_exactly(closed_form[letter], values) for letter in "ABM"}
    rho, expected = closed_form["C-NFA"], {"dW": dW, "K": K, "F_c": F_c, "G_c": G_c}
    traces = {"numerator": F_c * G_c, "first": F_c * F_c, "second": G_c * G_c}
    return {
        **{key: squared_norm(evaluate_exactly(closed_form[key], values) - each) for key, each in expected.items()},
        **{key: 625 * evaluate_exactly(getattr(rho, key), values) - each.trace() for key, each in traces.items()},
    }


DERIVATIONS: Final = (
    Derivation(
        name="bilinear_network.early_features",
        title="A bilinear layer at early times",
        statement="$F_c = t^2 A M A$ and $G_c = t^2 A M B M A$ with $A = Z^\\top \\operatorname{diag}(r) Z / n$, "
        "$B = Z^\\top Z / n$ and $M = V^\\top \\operatorname{diag}(a)^2 V$.",
        assumptions=("$f(x) = \\sum_j a_j (w_j \\cdot x)(v_j \\cdot x)$; $W$ is trained by gradient flow.",),
        source="derived here",
        derive=early_features,
        limits=("The first order in time.",),
    ),
)
