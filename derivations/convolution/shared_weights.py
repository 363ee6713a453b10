"""A layer whose weights are shared by positions: the early centered features, with rows (sample, position, output).

An output adds up what all positions contribute to it, so that each row has the residual of its sample and output.
"""

from collections.abc import Mapping
from functools import lru_cache
from itertools import product
from typing import Any, Final

import sympy

from derivations.algebra import (
    Matrix,
    MatrixPolynomial,
    Scalar,
    gradient,
    hadamard,
    identity,
    ones,
    tr,
    zeros,
)
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.early.leading_order import EARLY, SOURCE
from derivations.forms.rewriting import rewrite
from derivations.identities.layer import D, K, N, X, gamma, k, kappa, m, n
from derivations.judging.instances import drawn, evaluate_exactly, integer_matrix, squared_norm
from derivations.judging.interpolation import gradient as gradient_of

M: Final = Scalar("M")
"""Samples times outputs."""
t: Final = Scalar("t")
J: Final = Matrix("J", M, N)
"""Which rows an output of a sample adds up: entries 0 and 1."""
r: Final = Matrix("r", M, 1)
"""Residuals of each output of each sample."""
V: Final = Matrix("V", k, m)


def velocity() -> MatrixPolynomial:
    """Return the initial velocity of the weights: minus the gradient of the loss."""
    change = J * hadamard(D * V * X.T * gamma, identity(N)) * ones(N)
    left = r - change
    return -gradient(tr(left.T * left) / (2 * n), V).subs({V: zeros(k, m)})


def shared_weights() -> Proof:
    """Derive the change of the weights and the centered features."""
    dW = velocity() * t
    kernel = [(D * D.T, kappa)]
    F_c = rewrite(dW.T * dW, kernel)
    G_c = rewrite((dW.T * K * dW).subs({K: D.T * D / n}), kernel)
    steps = (
        Step(
            "Move the weights by $V$. A row changes by $\\gamma D V x$, an output by the sum $J$ of its rows. "
            "Differentiate the squared loss at $V = 0$: a row has the residual $J^\\top r$ of its sample and output.",
            (Equation("dW", dW, r"\Delta W"),),
            ("chain rule", "gradient of a trace polynomial", "gradient flow"),
        ),
        Step(
            "Insert it into $F_c = dW^\\top dW$ and $G_c = dW^\\top K dW$ with $K = D^\\top D / n$, a sum over all "
            "rows: positions meet in $\\kappa = D D^\\top$ as samples do.",
            (Equation("F_c", F_c), Equation("G_c", G_c)),
            ("definitions of centered NFM, centered AGOP and PTF covariance",),
        ),
    )
    names = {"dW": r"\Delta W"}
    return Proof(steps, {"dW": dW, "F_c": F_c, "G_c": G_c}, _obligations, names)


@lru_cache(maxsize=4)
def _network(seed: int, samples: int, positions: int, outputs: int) -> dict[str, Any]:
    """Differentiate, by each weight, a network with four filters of five entries on rows of pixels.

    Its outputs are ``sum_p sum_j a_ijp (h_jp + 2 h_jp^2)`` with ``h_jp = gamma sum_o w_jo x_(p + o)``.
    """
    channels, size = 4, 5
    weights, x = integer_matrix(channels, size, seed), integer_matrix(samples, positions + size - 1, seed + 1)
    labels, multiplier, time = integer_matrix(samples, outputs, seed + 2), drawn(seed + 3), drawn(seed + 4)
    a = [integer_matrix(channels, positions, seed + 5 + i) for i in range(outputs)]

    def preactivations(W: sympy.Matrix, mu: int) -> sympy.Matrix:
        patches = sympy.Matrix(size, positions, lambda o, p: x[mu, p + o])
        return multiplier * W * patches

    def missed(W: sympy.Matrix, mu: int, i: int) -> Any:
        h = preactivations(W, mu)
        return labels[mu, i] - sum(weight * (each + 2 * each**2) for weight, each in zip(a[i], h, strict=True))

    def loss(W: sympy.Matrix) -> Any:
        pairs = product(range(samples), range(outputs))
        return sum(missed(W, mu, i) ** 2 for mu, i in pairs) / (2 * sympy.Integer(samples))

    outputs_of = list(product(range(samples), range(outputs)))
    rows = [(mu, i, p) for mu, i in outputs_of for p in range(positions)]
    tangent = sympy.Matrix(
        [[a[i][j, p] * (1 + 4 * preactivations(weights, mu)[j, p]) for j in range(channels)] for mu, i, p in rows]
    )
    dW = -time * gradient_of(loss, weights, 4)
    values = {
        "D": tangent,
        "X": sympy.Matrix([list(x[mu, p : p + size]) for mu, _, p in rows]),
        "kappa": tangent * tangent.T,
        "r": sympy.Matrix([missed(weights, mu, i) for mu, i in outputs_of]),
        "J": sympy.Matrix(len(outputs_of), len(rows), lambda at, row: int(outputs_of[at] == rows[row][:2])),
        "gamma": multiplier,
        "t": time,
    }
    sizes = {"n": samples, "N": len(rows), "M": len(outputs_of), "k": channels, "m": size}
    G_c = dW.T * (tangent.T * tangent / samples) * dW
    return {"dW": dW, "F_c": dW.T * dW, "G_c": G_c, "values": values | sizes}


def _obligations(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Differentiate networks with a filter, of several sizes, by every weight."""
    residuals: dict[str, Residual] = {}
    for i, sizes in enumerate(((2, 2, 2), (3, 2, 1), (4, 1, 2), (5, 1, 1))):
        network = _network(31 + 20 * i, *sizes)
        for name in ("dW", "F_c", "G_c"):
            claimed = evaluate_exactly(closed_form[name], network["values"])
            residuals[f"{name} of network {i}"] = squared_norm(claimed - network[name])
    return residuals


DERIVATIONS: Final = (
    Derivation(
        name="convolution.shared_weights",
        title="Shared weights: centered features at early times, row by row",
        wording="A row is a sample, an output and a position; $X$ has the patch of each row, $D$ its tangent feature, "
        "and $J^\\top r$ the residual of its sample and output, whatever the position. As $t \\to 0$, "
        "$\\Delta W = <<dW>>$, $F_c = <<F_c>>$ and $G_c = <<G_c>>$: the results on any layer, with $P$ and $Q$ "
        "between rows.",
        assumptions=(
            "Gradient flow on $(1/2n) \\sum_\\mu |y_\\mu - f_\\mu|^2$; a differentiable network; a layer whose weights "
            "act on every position alike.",
        ),
        source=SOURCE,
        derive=shared_weights,
        limits=EARLY,
    ),
)
