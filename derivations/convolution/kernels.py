"""The kernels of wide networks through a convolution: the mean over the offsets of the filter, up and down.

The weights at different offsets are independent. So what is at two positions meets at equal offsets alone, and what
comes back to two positions comes from pairs of positions that saw them by the same entry of the filter.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, MatrixPolynomial, Scalar, identity
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.expectation import GaussianMatrix, expect
from derivations.forms.rewriting import rewrite
from derivations.judging.instances import drawn, evaluate_exactly, integer_matrix, squared_norm
from derivations.wide.kernels import SOURCE, WIDE

OFFSETS: Final = 4
"""Of a filter of 2 x 2; more of them are more terms of the same kind."""
k, c, p, q, v = (Scalar(name) for name in "kcpqv")
X: Final = Matrix("X", c, p)
B: Final = Matrix("B", k, q)
Sigma: Final = Matrix("Sigma", p, symmetric=True, latex=r"\Sigma")
kappa_above: Final = Matrix("kappa_above", q, symmetric=True, latex=r"\kappa^{(l+1)}")
E: Final = tuple(Matrix(f"E_{o}", p, q) for o in range(1, OFFSETS + 1))
"""Which position (p of them) is seen by an entry of the filter from each position after it (q); zero for padding."""
W: Final = tuple(GaussianMatrix(f"W_{o}", k, c, row_covariance=identity(k) * v) for o in range(1, OFFSETS + 1))


def forward_kernel() -> Proof:
    """Derive the covariance of pre-activations at all pairs of positions."""
    H = _sum([w * X * e for w, e in zip(W, E, strict=True)])
    gram = expect(H.T * H, over=W)
    V = rewrite(gram / (k * c * OFFSETS), [(X.T * X, Sigma * c)])
    steps = (
        Step(
            "The pre-activations of all channels add up what the filter's entries see. Average their products over the "
            "weights: different offsets are independent, and only equal ones are left.",
            (Equation("E[H^T H]", gram, r"\mathbb{E}[H^\top H]"),),
            ("pairings of Gaussian matrices",),
        ),
        Step(
            "Divide by the channels and by the fan-in, the channels below times the offsets. The channels below are "
            "many: $X^\\top X / c$ is the covariance $\\Sigma$ of what is at two positions.",
            (Equation("V", V),),
            ("law of large numbers", "wide.forward_kernel"),
        ),
    )
    return Proof(steps, {"V": V}, _obligations_of_forward_kernel)


def tangent_kernel() -> Proof:
    """Derive the tangent kernel of what a convolution takes in."""
    back = _sum([w.T * B * e.T for w, e in zip(W, E, strict=True)])
    gram = expect(back.T * back, over=W)
    kappa = rewrite(gram / (c * OFFSETS), [(B.T * B, kappa_above)])
    steps = (
        Step(
            "A derivative by what comes in is the sum of those by the pre-activations that see it, carried back by the "
            "same weights. Average the products over the weights, as good as independent of what is above.",
            (Equation("E[D^T D]", gram, r"\mathbb{E}[D^\top D]"),),
            ("chain rule", "pairings of Gaussian matrices", "wide.tangent_kernel"),
        ),
        Step(
            "Divide by the fan-in; what is above meets in its tangent kernel.",
            (Equation("kappa", kappa),),
            ("definition of the tangent kernel",),
        ),
    )
    return Proof(steps, {"kappa": kappa}, _obligations_of_tangent_kernel)


def _sum(terms: Sequence[MatrixPolynomial]) -> MatrixPolynomial:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


@lru_cache(maxsize=4)
def _filter(height: int, width: int, stride: int) -> tuple[list[list[int]], tuple[int, int]]:
    """List what each of four entries sees from every position of a 2 x 2 filter, with a zero row and column before."""
    rows, columns = (range(-1, side - 1, stride) for side in (height, width))
    seen = []
    for a, b in product(range(2), repeat=2):
        inside = ((i + a, j + b) for i in rows for j in columns)
        seen.append([y * width + x if min(y, x) >= 0 else -1 for y, x in inside])
    return seen, (height * width, len(rows) * len(columns))


def _selections(seen: Sequence[Sequence[int]], before: int) -> dict[str, sympy.Matrix]:
    """Write what is seen as matrices of zeros and ones."""
    return {
        f"E_{o}": sympy.Matrix(before, len(entry), lambda y, position, entry=entry: int(entry[position] == y))
        for o, entry in enumerate(seen, start=1)
    }


INSTANCES: Final = ((2, 2, 1), (2, 3, 1), (3, 3, 2))


def _obligations_of_forward_kernel(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Average over all signs of the weights of one neuron, which have the same second moments, entry by entry."""
    residuals: dict[str, Residual] = {}
    for i, shape in enumerate(INSTANCES):
        seen, (before, after) = _filter(*shape)
        x, variance = integer_matrix(1 + i % 2, before, 51 + i), drawn(61 + i)
        total, signs = sympy.zeros(after, after), list(product((1, -1), repeat=OFFSETS * x.rows))
        for sign in signs:
            h = sympy.Matrix([_seen_sum(x, seen, sign, position) for position in range(after)])
            total += h * h.T
        average = variance * total / (len(signs) * OFFSETS * x.rows)
        values = {**_selections(seen, before), "Sigma": x.T * x / x.rows, "v": variance, "p": before, "q": after}
        residuals[f"filter on {shape[0]} x {shape[1]}"] = squared_norm(
            average - evaluate_exactly(closed_form["V"], values)
        )
    return residuals


def _seen_sum(x: sympy.Matrix, seen: Sequence[Sequence[int]], sign: Sequence[int], position: int) -> Any:
    """Add up what the filter sees from a position, channel by channel, entry by entry."""
    return sum(
        sign[channel * OFFSETS + o] * x[channel, entry[position]]
        for channel in range(x.rows)
        for o, entry in enumerate(seen)
        if entry[position] >= 0
    )


def _obligations_of_tangent_kernel(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Average over all signs of the weights from one channel to two, entry by entry."""
    residuals: dict[str, Residual] = {}
    for i, shape in enumerate(INSTANCES):
        seen, (before, after) = _filter(*shape)
        above, variance = integer_matrix(2, after, 71 + i), drawn(81 + i)
        total, signs = sympy.zeros(before, before), list(product((1, -1), repeat=OFFSETS * 2))
        for sign in signs:
            back = sympy.zeros(before, 1)
            for neuron, (o, entry) in product(range(2), enumerate(seen)):
                for position, y in enumerate(entry):
                    if y >= 0:
                        back[y] += sign[neuron * OFFSETS + o] * above[neuron, position]
            total += back * back.T
        average = variance * total / (len(signs) * OFFSETS)
        values = {**_selections(seen, before), "kappa_above": above.T * above, "v": variance, "p": before, "q": after}
        residuals[f"filter on {shape[0]} x {shape[1]}"] = squared_norm(
            average - evaluate_exactly(closed_form["kappa"], values)
        )
    return residuals


MEANING: Final = (
    "$E_o$ has a column for each position of the filter, with a 1 at the position that entry $o$ of the filter sees "
    "from there, and zeros where it sees padding; stride, dilation and the kind of padding are in $E_o$ alone."
)
DERIVATIONS: Final = (
    Derivation(
        name="convolution.forward_kernel",
        title="The covariance of pre-activations through a convolution",
        wording="With $\\Sigma$ the covariance of what is at two positions, of one sample or of two, the "
        "pre-activations of a filter with four entries are Gaussian with covariance $V = <<V>>$ at pairs of positions: "
        "the mean over offsets, the same on both sides. " + MEANING,
        assumptions=WIDE,
        source=SOURCE,
        derive=forward_kernel,
        limits=("Corrections are of order one over the channels.",),
    ),
    Derivation(
        name="convolution.tangent_kernel",
        title="The tangent kernel of what a convolution takes in",
        wording="What a convolution takes in has the tangent kernel $<<kappa>>$ at pairs of positions, from that of "
        "its pre-activations: the transposed mean over offsets. " + MEANING,
        assumptions=WIDE,
        source=SOURCE,
        derive=tangent_kernel,
        limits=("Corrections are of order one over the channels.",),
    ),
)
