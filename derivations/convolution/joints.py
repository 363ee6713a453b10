"""The kernels of wide networks through what stands between convolutions: readouts, pooling and residual branches."""

from collections.abc import Mapping
from itertools import product
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, Scalar, hadamard, identity, ones
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.expectation import GaussianMatrix, expect
from derivations.forms.rewriting import rewrite
from derivations.judging.instances import drawn, evaluate_exactly, integer_matrix, squared_norm
from derivations.wide.kernels import SOURCE, WIDE

c, p, q, v = (Scalar(name) for name in "cpqv")
Sigma: Final = Matrix("Sigma", p, symmetric=True, latex=r"\Sigma")
kappa_above: Final = Matrix("kappa_above", q, symmetric=True, latex=r"\kappa^{(l+1)}")
V: Final = Matrix("V_0", p, symmetric=True)
Pool: Final = Matrix("M", p, q)
"""Column by column, the share that each position has in a mean."""


def readouts() -> Proof:
    """Derive the tangent kernel of the last pre-activations."""
    S = Matrix("S", c, p)
    A = GaussianMatrix("A", c, p, row_covariance=identity(c) * v)
    a = GaussianMatrix("a", c, 1, row_covariance=identity(c) * v)
    at_each, everywhere = hadamard(S, A), hadamard(S, a * ones(1, p))
    dense = expect(at_each.T * at_each, over=A) / (c * p)
    mean = expect(everywhere.T * everywhere, over=a) / (c * p**2)
    steps = (
        Step(
            "A dense readout has weights of its own at every position, $f = \\sum_p a_p^\\top z_p / \\sqrt{c\\,p}$. "
            "Average the products of its slopes, times those $S$ of the activations, over the weights.",
            (Equation("dense", dense, r"\kappa_{\mathrm{dense}}"),),
            ("chain rule", "pairings of Gaussian matrices"),
        ),
        Step(
            "The mean over positions is read out by the same weights everywhere.",
            (Equation("mean", mean, r"\kappa_{\mathrm{mean}}"),),
        ),
    )
    names = {"dense": r"\kappa_{\mathrm{dense}}", "mean": r"\kappa_{\mathrm{mean}}"}
    return Proof(steps, {"dense": dense, "mean": mean}, _obligations_of_readouts, names)


def _obligations_of_readouts(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Sum over weights one at a time, which have the second moments of independent ones, at several sizes."""
    residuals: dict[str, Residual] = {}
    for i, (channels, positions) in enumerate(((1, 4), (2, 3), (5, 5), (4, 6), (3, 2))):
        variance, slopes = drawn(41 + i), integer_matrix(channels, positions, 45 + i)
        dense, mean = sympy.zeros(positions, positions), sympy.zeros(positions, positions)
        for j in range(channels):
            everywhere = sympy.zeros(channels, positions)
            everywhere[j, :] = slopes[j, :] / positions
            mean += everywhere.T * everywhere / channels
            for at in range(positions):
                D = sympy.zeros(channels, positions)
                D[j, at] = slopes[j, at]
                dense += D.T * D / (channels * positions)
        values = {"v": variance, "p": positions, "c": channels, "S": slopes}
        for name, average in (("dense", dense), ("mean", mean)):
            claimed = evaluate_exactly(closed_form[name], values)
            residuals[f"{name}, {channels} x {positions}"] = squared_norm(variance * average - claimed)
    return residuals


def pooling() -> Proof:
    """Derive what means over windows make of both kernels."""
    Z, D = Matrix("Z", c, p), Matrix("D", c, q)
    pooled, back = Z * Pool, D * Pool.T
    up = rewrite(pooled.T * pooled / c, [(Z.T * Z, Sigma * c)])
    down = rewrite(back.T * back, [(D.T * D, kappa_above)])
    steps = (
        Step(
            "Pooling acts on positions, channel by channel: $Z \\mapsto Z M$.",
            (Equation("Sigma", up, r"\Sigma^{(l+1)}"),),
            ("definition of the covariance",),
        ),
        Step("Derivatives come back through its transpose.", (Equation("kappa", down),), ("chain rule",)),
    )
    return Proof(steps, {"Sigma": up, "kappa": down}, _obligations_of_pooling, {"Sigma": r"\Sigma^{(l+1)}"})


def _obligations_of_pooling(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Take means entry by entry, and send derivatives back to every position that is in a mean."""
    windows = ((0, 1, 2), (1, 3), (2, 3, 4, 5), (0, 2, 4), (5,))
    z, d = integer_matrix(6, 6, 21), integer_matrix(6, 5, 22)
    pooled, back, share = sympy.zeros(6, 5), sympy.zeros(6, 6), sympy.zeros(6, 5)
    for w, window in enumerate(windows):
        for y in window:
            part = sympy.Rational(1, len(window))
            share[y, w] = part
            for channel in range(6):
                pooled[channel, w] += part * z[channel, y]
                back[channel, y] += part * d[channel, w]
    values = {"M": share, "Sigma": z.T * z / 6, "kappa_above": d.T * d, "p": 6, "q": 5}
    return {
        "covariance of means": squared_norm(evaluate_exactly(closed_form["Sigma"], values) - pooled.T * pooled / 6),
        "derivatives": squared_norm(evaluate_exactly(closed_form["kappa"], values) - back.T * back),
    }


def residual_branch() -> Proof:
    """Derive both kernels where the result of a branch is added to what it starts from."""
    H, Z, S, D = (Matrix(name, c, p) for name in "HZSD")
    W = GaussianMatrix("W", c, c, row_covariance=identity(c) * v / c)
    total, back = H + W * Z, D + hadamard(S, W.T * D)
    up = rewrite(expect(total.T * total, over=W) / c, [(H.T * H, V * c), (Z.T * Z, Sigma * c)])
    down = expect(back.T * back, over=W)
    steps = (
        Step(
            "A branch ends in weights that are independent of all before them, with variance $v$ over the fan-in: the "
            "product of what the branch started from and of its result is zero on average, and covariances add up.",
            (Equation("V", up, "V'"),),
            ("pairings of Gaussian matrices",),
        ),
        Step(
            "Derivatives come back on both ways. Here the branch is one activation, with slopes $S$, and weights of "
            "one position; their product with what comes back past the branch is zero on average too.",
            (Equation("kappa", down, r"\kappa'"),),
            ("chain rule", "pairings of Gaussian matrices"),
        ),
    )
    names = {"V": "V'", "kappa": r"\kappa'"}
    return Proof(steps, {"V": up, "kappa": down}, _obligations_of_residual_branch, names)


def _obligations_of_residual_branch(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Sum over weights one at a time, which have the second moments of independent ones, at several sizes."""
    residuals: dict[str, Residual] = {}
    for i, (channels, positions) in enumerate(((2, 4), (5, 5), (4, 3), (1, 6))):
        variance = drawn(51 + i)
        h, z, slopes, d = (integer_matrix(channels, positions, 60 + 10 * i + j) for j in range(4))
        up, down = h.T * h / channels, d.T * d
        for a, b in product(range(channels), repeat=2):  # from b to a
            forward, backward = sympy.zeros(channels, positions), sympy.zeros(channels, positions)
            forward[a, :] = z[b, :]
            backward[b, :] = slopes[b, :].multiply_elementwise(d[a, :])
            up += variance * forward.T * forward / channels**2
            down += variance * backward.T * backward / channels
        values = {
            "V_0": h.T * h / channels,
            "Sigma": z.T * z / channels,
            "S": slopes,
            "D": d,
            "v": variance,
            "p": positions,
            "c": channels,
        }
        for name, average in (("V", up), ("kappa", down)):
            claimed = evaluate_exactly(closed_form[name], values)
            residuals[f"{name}, {channels} x {positions}"] = squared_norm(average - claimed)
    return residuals


LIMITS: Final = ("Corrections are of order one over the channels.",)
DERIVATIONS: Final = (
    Derivation(
        name="convolution.readouts",
        title="Where the tangent kernel starts: a dense readout and a mean over positions",
        wording="With $p$ positions, $c$ channels, slopes $S$ and readout weights of variance $v$ over the fan-in, the "
        "tangent kernel of the last pre-activations is $<<dense>>$ for a dense readout, which couples equal positions "
        "alone, and $<<mean>>$ for the mean over positions; $S^\\top S / c$ becomes the dual of the slope.",
        assumptions=WIDE,
        source=SOURCE,
        derive=readouts,
        limits=LIMITS,
    ),
    Derivation(
        name="convolution.pooling",
        title="Both kernels through means over windows",
        wording="Pooling by the shares $M$ of positions in means turns a covariance into $<<Sigma>>$; what it takes in "
        "has the tangent kernel $<<kappa>>$.",
        assumptions=("Pooling acts on each channel alike, and is linear: means, not the maximum.",),
        source="Derived here, by the chain rule",
        derive=pooling,
        limits=("Exact.",),
    ),
    Derivation(
        name="convolution.residual_branch",
        title="Both kernels where a residual branch ends and begins",
        wording="The pre-activations behind a branch, to which it adds weights of variance $v$ over the fan-in times "
        "what they take in, have covariance $<<V>>$, from $V_0$ before the branch and $\\Sigma$ of what its last "
        "weights take in. Where it begins the tangent kernel is $<<kappa>>$, for a branch of one activation with "
        "slopes $S$ and tangent features $D$ behind it: $D^\\top D$ is the tangent kernel there, $S^\\top S / c$ the "
        "dual of the slope. A longer branch puts its own recursion in the place of the term with $v$.",
        assumptions=(*WIDE, "The branch ends in weights of its own, with no activation behind them."),
        source=SOURCE,
        derive=residual_branch,
        limits=LIMITS,
    ),
)
