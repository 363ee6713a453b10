"""A ReLU network that ends, with weight decay, where the ansatz fails for every exponent.

Inputs that point away from each other are learned by a neuron each. The network comes to rest at features that are
sums over inputs with different powers of the same weights; where the inputs are not orthogonal, one is no power of the
other.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, MatrixPolynomial, Scalar
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.errors import DerivationError
from derivations.forms.rewriting import rewrite
from derivations.judging.instances import drawn, squared_norm
from derivations.judging.termwise import TermwiseValue

n: Final = Scalar("n")
X: Final = Matrix("X", n, "d")
"""Inputs, one a row, of length 1."""
V: Final = Matrix("V", n, diagonal=True)
"""Lengths of the neurons' weights, and their readouts."""
u: Final = Matrix("u", n, diagonal=True)
"""What each neuron gives for its input: the length of its weights times its readout."""
OUTPUT, SAMPLES, DECAY = sympy.symbols("u n lambda", positive=True)


def obtuse_inputs() -> Proof:
    """Derive the weights at rest, and both feature matrices there."""
    length, readout, label = sympy.symbols("v a y", positive=True)
    loss = (label - readout * length) ** 2 / (2 * SAMPLES) + DECAY * (length**2 + readout**2) / 2
    slopes = loss.diff(length), loss.diff(readout)
    balance = sympy.factor(sympy.expand(length * slopes[0] - readout * slopes[1]))
    at_rest = slopes[0].subs(readout, length)
    (given,) = sympy.solve(sympy.cancel(at_rest / length).subs(length, sympy.sqrt(OUTPUT)), label)
    W = V * X
    F = rewrite(W.T * W, [(V * V, u)])
    # Sample mu is seen by neuron mu alone: its Jacobian is row mu of a W.
    J = V * W
    G = rewrite(J.T * J / n, [(V * V, u)])
    in_plane = _diagonals_in_plane(F, G)
    steps = (
        Step(
            "Inputs of length 1 with $x_\\mu \\cdot x_\\nu < 0$: give each a neuron with weights $v_\\mu x_\\mu$ and "
            "readout $a_\\mu$. The neuron is active on its own input and strictly off on all others, so that near "
            "these weights the loss is a sum over neurons, least for weights along the input.",
            (Equation("loss", loss, r"L_\mu"),),
            ("ReLU",),
        ),
        Step(
            "At rest a neuron is balanced, $a = v$,",
            (Equation("v dL/dv - a dL/da", balance, r"v\,\partial_v L - a\,\partial_a L"),),
        ),
        Step(
            "and it gives $u = v^2$ for the label",
            (Equation("y", given),),
        ),
        Step(
            "So with the $u_\\mu$ on a diagonal the features at rest are",
            (Equation("F", F), Equation("G", G)),
            ("definitions of the features",),
        ),
        Step(
            "Take $(1, 0)$ and $(-3/5, \\pm 4/5)$ with $u = 14/25, 1, 1$. Both matrices are diagonal; one is a "
            "multiple of the identity, as are all its powers, and the other is not.",
            (
                Equation("diag F", in_plane[0], r"\operatorname{diag} F"),
                Equation("diag G", in_plane[1], r"\operatorname{diag} G"),
            ),
        ),
    )
    closed_form = {"y": given, "F": F, "G": G, "F in the plane": in_plane[0], "G in the plane": in_plane[1]}
    names = {"F in the plane": r"\operatorname{diag} F", "G in the plane": r"\operatorname{diag} G"}
    return Proof(steps, closed_form, _obligations, names)


PLANE: Final = ((1, 0), ("-3/5", "4/5"), ("-3/5", "-4/5"))
SPACE: Final = ((0, 0, 1), ("12/13", 0, "-5/13"), ("-36/65", "48/65", "-5/13"), ("-36/65", "-48/65", "-5/13"))
"""Unit vectors, each of which has negative products with all others."""
ISOTROPIC: Final = tuple(map(sympy.Rational, ("14/25", 1, 1)))
"""What neurons give in the plane where the NFM is a multiple of the identity."""


def _rows(inputs: Sequence[Sequence[Any]]) -> sympy.Matrix:
    return sympy.Matrix([[sympy.Rational(entry) for entry in row] for row in inputs])


def _diagonals_in_plane(F: MatrixPolynomial, G: MatrixPolynomial) -> list[tuple[sympy.Rational, ...]]:
    """Evaluate both feature matrices at three inputs in the plane."""
    at = TermwiseValue({"X": _rows(PLANE), "u": sympy.diag(*ISOTROPIC), "n": 3, "d": 2})
    found = [at(each) for each in (F, G)]
    if any(each[0, 1] for each in found):
        raise DerivationError(f"both matrices must be diagonal by symmetry, got {found}")
    return [tuple(each.diagonal()) for each in found]


@cache
def _at_rest(inputs: Sequence[Sequence[Any]], lengths: tuple[Any, ...], decay: Any) -> dict[str, Any]:
    """Write down a ReLU network: features by samples, and the labels at which the gradients of its weights vanish."""
    rows, v = _rows(inputs), sympy.Matrix(lengths)
    count, size = rows.shape
    W = sympy.diag(*lengths) * rows
    before = rows * W.T  # pre-activations, sample by neuron
    active = before.applyfunc(lambda h: sympy.Integer(int(bool(h > 0))))
    if active != sympy.eye(count):
        raise DerivationError(f"each neuron must be active on its own input alone, got {active}")
    y = sympy.Matrix(sympy.symbols(f"y1:{count + 1}"))
    missed = y - active.multiply_elementwise(before) * v
    slopes = [decay * entry for entry in (*W, *v)]
    for j in range(count):
        for mu in range(count):
            pull = missed[mu] * active[mu, j] / count
            for i in range(size):
                slopes[j * size + i] -= pull * v[j] * rows[mu, i]
            slopes[count * size + j] -= pull * before[mu, j]
    (labels,) = sympy.linsolve([each for each in slopes if each.free_symbols], *y)
    if any(sympy.expand(each.subs(dict(zip(y, labels, strict=True)))) for each in slopes):
        raise DerivationError("the weights must be at rest for some labels, got a gradient")
    jacobians = [
        sum((v[j] * active[mu, j] * W[j, :] for j in range(count)), sympy.zeros(1, size)) for mu in range(count)
    ]
    agop = sum((J.T * J for J in jacobians), sympy.zeros(size, size)) / count
    values = {"X": rows, "u": sympy.diag(*(each**2 for each in lengths)), "n": count, "d": size}
    scalars = {SAMPLES: count, DECAY: decay}
    return {"labels": labels, "F": W.T * W, "G": agop, "at": TermwiseValue(values), "scalars": scalars}


def _obligations(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with networks at rest in the plane and in space, and with the example in the plane."""
    residuals: dict[str, Residual] = {}
    for inputs, seed in ((PLANE, 95), (SPACE, 99)):
        lengths = tuple(drawn(seed + i) for i in range(len(inputs)))
        found = _at_rest(inputs, lengths, drawn(seed + 7))
        place = f"{len(inputs)} inputs"
        for name in ("F", "G"):
            residuals[f"{name}, {place}"] = squared_norm(found["at"](claimed[name]) - found[name])
        for i, (label, length) in enumerate(zip(found["labels"], lengths, strict=True)):
            residuals[f"y {i + 1}, {place}"] = claimed["y"].subs({**found["scalars"], OUTPUT: length**2}) - label
    example = _at_rest(PLANE, tuple(map(sympy.sqrt, ISOTROPIC)), drawn(94))
    for name in ("F", "G"):
        for i, each in enumerate(claimed[f"{name} in the plane"]):
            residuals[f"{name} in the plane, {i + 1}"] = sympy.expand(each - example[name][i, i])
    residuals["the NFM is isotropic"] = example["F"][0, 0] - example["F"][1, 1]
    residuals["the AGOP is not"] = sympy.Integer(int(example["G"][0, 0] == example["G"][1, 1]))
    return residuals


DERIVATIONS: Final = (
    Derivation(
        name="training.obtuse_inputs",
        title="A ReLU network at rest for which no exponent of the ansatz fits",
        wording="Inputs of length 1 with negative products among each other, one neuron for each: with weight decay "
        "$\\lambda$ and labels $<<y>>$ the network rests at $F = <<F>>$ and $G = <<G>>$. For three inputs in the plane "
        "there are labels with $<<F in the plane>>$ on the diagonal of $F$ and $<<G in the plane>>$ on that of $G$, so "
        "that no power of $G$ is a multiple of $F$.",
        assumptions=(
            "One hidden layer of ReLU neurons without biases, half the mean squared error, weight decay; "
            "$y_\\mu > n \\lambda$.",
        ),
        source="There are nonlinear counterexamples: Tansley, Massart and Cartis, arXiv 2510.15563 (abstract); this "
        "one is derived here",
        derive=obtuse_inputs,
        limits=(
            "A strict local minimum. As $\\lambda \\to 0$ the labels are fitted.",
            "Orthogonal inputs would give $G = F^2 / n$, exponent 1/2. FACT holds here as everywhere at rest.",
        ),
    ),
)
