"""One step of one-pass SGD: what it does to overlaps of the weights, on average, for any layer and any inputs.

Inputs are drawn independently from ``n`` equally likely ones, rows of ``X``, written as ``Z = X / sqrt(d)``; every
distribution is a limit of these. A row of ``g`` is what one sample adds to the descent of the pre-activations: for a
committee machine ``g_i = (y - f) a_i phi'(h_i)``, with the noise of its label.
"""

from collections.abc import Mapping
from functools import lru_cache
from itertools import product
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, MatrixPolynomial, Scalar, hadamard, identity, ones
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.forms.rewriting import rewrite
from derivations.identities.layer import k, n
from derivations.judging.instances import drawn, evaluate_exactly, integer_matrix, squared_norm
from derivations.sgd.moments import SOURCE, d, p

b: Final = Scalar("b")
eta: Final = Scalar("eta")
eta_a: Final = Scalar("eta_a")
g: Final = Matrix("g", n, k)
"""Descent directions of pre-activations, a row for each possible sample."""
Z: Final = Matrix("Z", n, d)
"""Possible inputs over the root of their dimension."""
M: Final = Matrix("M", d, symmetric=True)
"""What overlaps are weighted by: the identity, a power of the input covariance, or a projection."""
W: Final = Matrix("W", k, d)
U: Final = Matrix("U", p, d)
"""Rows that stay: the teacher, or initial weights."""
a: Final = Matrix("a", k, 1)
A: Final = Matrix("A", n, k)
"""Activities, a row for each possible sample."""
misses: Final = Matrix("delta", n, 1, latex=r"\delta")
Xi: Final = Matrix("Xi", n, diagonal=True, latex=r"\Xi")
"""How often each sample is in the batch."""
NAMES: Final = {
    "overlaps": r"E[W' M W'^\top] / d",
    "overlaps with U": r"E[W' M U^\top] / d",
    "readout": r"E[a']",
}


def one_step() -> Proof:
    """Average overlaps after one step over every batch."""
    step = g.T * Xi * Z * (eta / b)
    after, beside = (W + step) * M * (W + step).T / d, (W + step) * M * U.T / d
    readout = a + A.T * Xi * misses * (eta_a / (b * d))
    closed_form = {
        "overlaps": _over_batches(after),
        "overlaps with U": _over_batches(beside),
        "readout": _over_batches(readout),
    }
    steps = (
        Step(
            "A batch of $b$ samples moves the weights by $(\\eta/b)\\, g^\\top \\Xi Z$, with counts $\\Xi$; the "
            "readout moves by $\\eta_a / d$ times the mean of misses and activities.",
            (Equation("W' - W", step), Equation("overlaps", after, r"W' M W'^\top / d")),
            ("gradient of the squared error",),
        ),
        Step(
            "Samples of a batch are independent: $E[\\Xi] = (b/n) I$, and two counts have the second moments "
            "$b(b-1)/n^2$, plus $b/n$ for one sample with itself.",
            tuple(Equation(name, closed_form[name], NAMES[name]) for name in closed_form),
            ("moments of multinomial counts",),
        ),
    )
    return Proof(steps, closed_form, _obligations, NAMES)


def _over_batches(expression: MatrixPolynomial) -> MatrixPolynomial:
    """Average over counts: ``Xi B Xi`` is ``B`` times the second moments of two counts, entry by entry."""
    middle, between = Z * M * Z.T, Matrix("between", n, symmetric=True)
    folded = rewrite(expression, [(Xi * middle * Xi, between)])
    second = ones(n, n) * ((b * b - b) / (n * n)) + identity(n) * (b / n)
    return folded.subs({Xi: identity(n) * (b / n), between: hadamard(middle, second)})


@lru_cache(maxsize=16)
def _batches(count: int, size: int) -> tuple[dict[str, Any], dict[str, sympy.Matrix]]:
    """Take the step of every ordered batch, one after another."""
    rows, inputs = integer_matrix(count, 4, 11), integer_matrix(count, 5, 12)
    weight, weights, still = (
        integer_matrix(5, 5, 13, symmetric=True),
        integer_matrix(4, 5, 14),
        integer_matrix(2, 5, 15),
    )
    readout, active, missed = integer_matrix(4, 1, 16), integer_matrix(count, 4, 17), integer_matrix(count, 1, 18)
    rate, slow = drawn(19), drawn(20)
    found = {"overlaps": sympy.zeros(4), "overlaps with U": sympy.zeros(4, 2), "readout": sympy.zeros(4, 1)}
    for batch in product(range(count), repeat=size):
        moved, learned = weights.copy(), readout.copy()
        for mu in batch:
            moved += rate / size * rows[mu, :].T * inputs[mu, :]
            learned += slow / (5 * size) * active[mu, :].T * missed[mu]
        found["overlaps"] += moved * weight * moved.T / 5
        found["overlaps with U"] += moved * weight * still.T / 5
        found["readout"] += learned
    values = {"g": rows, "Z": inputs, "M": weight, "W": weights, "U": still, "a": readout, "A": active, "delta": missed}
    values |= {"eta": rate, "eta_a": slow, "b": size, "n": count, "d": 5, "k": 4, "p": 2}
    return values, {name: total / count**size for name, total in found.items()}


SIZES: Final = ((4, 1), (5, 1), (6, 1), (4, 2), (5, 2), (4, 3))
"""Possible samples and batch: both occur in the second power at most."""


def _obligations(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with the mean over every ordered batch."""
    residuals: dict[str, Residual] = {}
    for count, size in SIZES:
        values, means = _batches(count, size)
        for name, mean in means.items():
            difference = evaluate_exactly(closed_form[name], values) - mean
            residuals[f"{name}, {size} of {count}"] = squared_norm(difference)
    return residuals


DERIVATIONS: Final = (
    Derivation(
        name="sgd.one_step",
        title="What a step of one-pass SGD does to overlaps",
        wording="On average over batches a step turns the overlaps of the weights into $<<overlaps>>$: a drift, a "
        "scatter from each sample with itself, and the overlaps of the mean step with itself. Overlaps with rows that "
        "stay become $<<overlaps with U>>$, the readout $<<readout>>$.",
        assumptions=(
            "A layer linear in its weights with $d$ inputs; the samples of a batch are drawn independently from $n$ "
            "equally likely ones.",
        ),
        source=SOURCE,
        derive=one_step,
        limits=("Exact for every activation, step, batch and distribution of the inputs.",),
    ),
)
