"""A quadratic network on Gaussian inputs: the population gradient flow closes over the input covariance and the labels.

The labels enter through ``A = E[y x x^T]`` alone, whatever the teacher; a quadratic teacher ``y = x^T Q x`` gives ``A``
in closed form.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, MatrixPolynomial, Scalar, flow, gradient, tr
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.expectation import GaussianMatrix, expect
from derivations.judging.instances import squared_norm
from derivations.judging.termwise import TermwiseValue
from derivations.quadratic.gaussian_instance import gaussian_instance
from derivations.quadratic.leading_order import SOURCE, A, W, a, d, k

Sigma: Final = Matrix("Sigma", d, symmetric=True, latex=r"\Sigma")
Q: Final = Matrix("Q", d, symmetric=True)
x: Final = GaussianMatrix("x", d, 1, row_covariance=Sigma)
label_scale: Final = Scalar("y2")
M_1: Final = W.T * a * W
LATEX: Final = {"W_dot": r"\dot W", "loss": r"\tfrac12 E (y - f)^2"}
GAUSSIAN: Final = (
    "Inputs $x \\sim N(0, \\Sigma)$, infinitely many samples; $f(x) = \\sum_j a_j (w_j \\cdot x)^2$, $a$ fixed."
)


def velocity() -> MatrixPolynomial:
    """Return minus the gradient of the population loss."""
    return flow(population_loss(), (W,))[0]


def population_loss() -> Any:
    """Average ``(y - f)^2 / 2``: with ``f = x^T M_1 x`` the labels meet ``f`` in ``E[y f] = tr(M_1 A)``."""
    f = tr(x.T * M_1 * x)
    return label_scale / 2 - tr(M_1 * A) + expect(f * f, over=[x]) / 2


def population_flow() -> Proof:
    """Derive the flow of the weights, the moment of a quadratic teacher, the AGOP and the PTF covariance."""
    moment = expect(tr(x.T * Q * x) * x * x.T, over=[x])
    loss = population_loss()
    W_dot = velocity()
    v, h = Matrix("v", d, 1), Matrix("h", k, 1)
    slopes, features = gradient(tr(v.T * M_1 * v), v).subs({v: x}), gradient(tr(h.T * a * h), h).subs({h: W * x})
    G, K = expect(slopes * slopes.T, over=[x]), expect(features * features.T, over=[x])
    steps = (
        Step(
            "The network is the quadratic form $f = x^\\top M_1 x$ with $M_1 = W^\\top \\operatorname{diag}(a) W$. "
            "Average the loss; labels occur in $A = E[y\\, x x^\\top]$ only.",
            (Equation("loss", loss, LATEX["loss"]),),
            ("Gaussian integration by parts",),
        ),
        Step("Gradient flow.", (Equation("W_dot", W_dot, LATEX["W_dot"]),), ("gradient of a trace polynomial",)),
        Step(
            "For a quadratic teacher $y = x^\\top Q x$ the moment is Gaussian too.",
            (Equation("A", moment),),
            ("Gaussian integration by parts",),
        ),
        Step(
            "Average the outer products of the slopes $2 M_1 x$ and $2 \\operatorname{diag}(a) W x$.",
            (Equation("G", G), Equation("K", K)),
            ("definitions of the AGOP and of the PTF covariance",),
        ),
    )
    closed_form = {"A": moment, "loss": loss, "W_dot": W_dot, "G": G, "K": K}
    return Proof(steps, closed_form, _obligations, LATEX)


@cache
def _averaged() -> tuple[tuple[TermwiseValue, dict[str, Any]], ...]:
    """Average concrete networks over their inputs; products have six factors at most, so sizes five and six decide."""
    found = []
    for width, fan_in in ((4, 6), (5, 5)):
        network = gaussian_instance(width, fan_in, seed=3)
        truth = {
            "A": network.residual_moment(),
            "W_dot": network.velocity(network.W),
            "G": network.agop(),
            "K": network.ptf_covariance(network.W),
            "loss": network.loss(network.W),
        }
        second = network.average(tr(x.T * Q * x) ** 2)
        found.append((TermwiseValue({**network.values, "A": truth["A"], "y2": second}), truth))
    return tuple(found)


def _obligations(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with concrete networks."""
    residuals: dict[str, Residual] = {}
    for i, (at, truth) in enumerate(_averaged()):
        for name, value in truth.items():
            difference = at(closed_form[name]) - value
            of_matrices = isinstance(difference, sympy.MatrixBase)
            residuals[f"{name} of network {i}"] = squared_norm(difference) if of_matrices else difference
    return residuals


DERIVATIONS: Final = (
    Derivation(
        name="quadratic.population_flow",
        title="The population gradient flow of a quadratic network closes",
        wording="With $A := E[y\\, x x^\\top]$, $\\dot W = <<W_dot>>$. For $y := x^\\top Q x$, $A = "
        "<<A>>$. The AGOP is $<<G>>$.",
        assumptions=(GAUSSIAN, "Gradient flow on $E (y - f)^2 / 2$; labels of any kind with finite second moment."),
        source=SOURCE,
        derive=population_flow,
        limits=("Exact at all times.", "Finite samples: see quadratic.finite_sample_moments."),
    ),
)
