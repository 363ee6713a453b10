"""An infinitely wide quadratic network: the moment of the weights is the identity, and the data alone are left."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import sympy

from derivations.algebra import identity, tr
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.expectation import GaussianMatrix, Wishart, covariance, expect, large_dimension
from derivations.forms.alignment_ratio import alignment_of
from derivations.judging.instances import cosine_traces, orthogonal_matrix
from derivations.judging.termwise import TermwiseValue
from derivations.quadratic.instance import QuadraticInstance, quadratic_instance
from derivations.quadratic.leading_order import C_NFA, NETWORK, SOURCE, A, B, M, d, k

INDEPENDENT: Final = (
    "$A$ does not depend on the weights: the residuals are those of a network that starts at 0, or are given."
)
RANDOM_WEIGHTS: Final = "Independent Gaussian weights of one variance, and output weights $\\pm 1$."


def infinite_width() -> Proof:
    """Derive the C-NFA of an infinitely wide network."""
    wishart = Wishart("M", dof=k, covariance=identity(d) / k)
    mean = expect(wishart, over=[wishart])
    spread = covariance(tr(wishart * A), tr(wishart * A), over=[wishart])
    finite = alignment_of(A * M * A, A * M * B * M * A)
    rho = finite.map(lambda part: large_dimension(expect(part.subs({M: wishart}), over=[wishart]), [k]).leading)
    steps = (
        Step(
            "With output weights $\\pm 1$ and weights $w_j \\sim N(0, I/k)$, $M$ is a Wishart matrix; any other scale "
            "cancels in the alignment. Its mean is the identity and its fluctuations vanish like $1/k$.",
            (
                Equation("E M", mean, r"E\,M"),
                Equation("Var tr(M A)", spread, r"\operatorname{Var}\operatorname{tr}(M A)"),
            ),
            ("Wishart moments",),
        ),
        Step(
            "So each trace of the C-NFA tends to its mean, whose leading term as $k \\to \\infty$ is left.",
            (Equation("C-NFA", rho, C_NFA["C-NFA"]),),
            ("quadratic.leading_order", "law of large numbers"),
        ),
    )
    closed_form = {"mean": mean, "variance": spread, "C-NFA": rho}
    return Proof(steps, closed_form, _obligations_of_infinite_width, C_NFA)


def _obligations_of_infinite_width(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Take the features of a network with ``M = I``, entry by entry, and one neuron for the fluctuations."""
    at, truth = _isotropic_network()
    w = GaussianMatrix("w", d, 1)
    square = tr(w.T * A * w)
    one_neuron = expect(square * square, over=[w]) - expect(square, over=[w]) ** 2
    return {
        **closed_form["C-NFA"].residuals(at, truth),
        "the mean of one neuron": closed_form["mean"] - expect(w * w.T, over=[w]),
        "neurons are independent": closed_form["variance"] - one_neuron / k,
    }


@cache
def _isotropic_network() -> tuple[TermwiseValue, tuple[Any, ...]]:
    """Return the moments of the data and the traces of a network whose weights are orthogonal, of size six."""
    drawn = quadratic_instance(samples=7, fan_in=6, width=6, seed=31)
    signs = sympy.diag(1, -1, 1, 1, -1, -1)
    network = QuadraticInstance(orthogonal_matrix(6, seed=5), signs, drawn.Z, drawn.y)
    dW, K = -network.loss_gradient, network.ptf_covariance
    truth = cosine_traces(dW.T * dW / 4, dW.T * K * dW / 16)
    return TermwiseValue({**network.moments(), "d": 6}), truth


DERIVATIONS: Final = (
    Derivation(
        name="quadratic.infinite_width",
        title="An infinitely wide quadratic network at early times",
        wording="As $k \\to \\infty$, the C-NFA at leading order is $<<C-NFA>>$.",
        assumptions=(NETWORK, RANDOM_WEIGHTS, INDEPENDENT),
        source=SOURCE,
        derive=infinite_width,
        limits=("Corrections are of order $1/k$, see quadratic.finite_width_mean.",),
    ),
)
