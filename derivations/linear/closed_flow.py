"""Deep linear networks: gradient flow on the squared loss sees the data through two covariances alone, at any depth.

A linear network is ``f(x) = W_L ... W_1 x``; multipliers of a parametrization are absorbed in the inputs, ``x`` being
``gamma`` times the data, with ``gamma`` the product of the multipliers. Seen from one layer with weights ``W`` the rest
is two fixed matrices, ``f(x) = B W A x``.

Saxe, McClelland and Ganguli (2014), exact solutions of the dynamics of deep linear networks.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import sympy

from derivations.algebra import (
    Matrix,
    MatrixPolynomial,
    Scalar,
    TracePolynomial,
    flow,
    gradient,
    identity,
    time_derivative,
    tr,
)
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.errors import DerivationError
from derivations.forms.rewriting import rewrite
from derivations.judging.instances import squared_norm
from derivations.judging.termwise import TermwiseValue
from derivations.linear.instance import linear_instance

SOURCE: Final = (
    "Saxe, McClelland and Ganguli, Exact solutions to the nonlinear dynamics of learning in deep linear neural "
    "networks, 2014: the flow in terms of input and input-output correlations"
)
FLOW_OF_LOSS: Final = "gradient flow $\\dot W = -\\partial L / \\partial W$"

n: Final = Scalar("n")
d: Final = Scalar("d")
c: Final = Scalar("c")
k: Final = Scalar("k")
m: Final = Scalar("m")

X: Final = Matrix("X", n, d)
"""Inputs, one sample a row, times the multiplier of the network."""
Y: Final = Matrix("Y", n, c)
"""Labels, one sample a row."""
Sigma_xx: Final = Matrix("Sigma_xx", d, symmetric=True, latex=r"\Sigma_{xx}")
"""Covariance of the inputs, ``X^T X / n``."""
Sigma_yx: Final = Matrix("Sigma_yx", c, d, latex=r"\Sigma_{yx}")
"""Covariance of labels and inputs, ``Y^T X / n``."""
E: Final = Matrix("E", c, d)
"""Covariance of residuals and inputs, ``(Y - f)^T X / n``."""

B: Final = Matrix("B", c, k)
"""Product of the layers above."""
W: Final = Matrix("W", k, m)
"""Weights of the layer."""
A: Final = Matrix("A", m, d)
"""Product of the layers below."""
COVARIANCES: Final = [(X.T * X, Sigma_xx * n), (Y.T * X, Sigma_yx * n)]


def layers(depth: int) -> tuple[Matrix, ...]:
    """Name the weights of a linear network."""
    if not isinstance(depth, int) or depth < 1:
        raise DerivationError(f"depth must be a positive integer, got {depth!r}")
    sizes = ["d", *(f"k{i}" for i in range(1, depth)), "c"]
    return tuple(Matrix(f"W{i + 1}", sizes[i + 1], sizes[i], latex=f"W_{{{i + 1}}}") for i in range(depth))


def product_of_layers(weights: Sequence[MatrixPolynomial]) -> MatrixPolynomial:
    """Return ``W_L ... W_1``."""
    result = weights[0]
    for weight in weights[1:]:
        result = weight * result
    return result


def loss_of(map_of_inputs: MatrixPolynomial) -> TracePolynomial:
    """Return ``(1/2n) sum |y - f|^2`` of a linear map, as a trace."""
    R = Y - X * map_of_inputs.T
    return tr(R.T * R) / (2 * n)


def gradient_flow(weights: Sequence[Matrix]) -> dict[Matrix, MatrixPolynomial]:
    """Derive the gradient flow of a linear network in terms of the two covariances.

    Examples
    --------
    >>> for velocity in gradient_flow(layers(2)).values():
    ...     print(velocity)
    W2ᵀ Sigma_yx - W2ᵀ W2 W1 Sigma_xx
    Sigma_yx W1ᵀ - W2 W1 Sigma_xx W1ᵀ
    """
    velocities = flow(loss_of(product_of_layers(weights)), weights)
    return {weight: rewrite(each, COVARIANCES) for weight, each in zip(weights, velocities, strict=True)}


def residual_flow(weights: Sequence[Matrix]) -> dict[Matrix, MatrixPolynomial]:
    """Derive the same flow with the residual covariance ``E`` as a variable that moves too; ``Sigma_yx`` drops out."""
    predicted = product_of_layers(weights) * Sigma_xx
    velocities = {weight: each.subs({Sigma_yx: E + predicted}) for weight, each in gradient_flow(weights).items()}
    return {**velocities, E: time_derivative(Sigma_yx - predicted, velocities)}


def closed_flow() -> Proof:
    """Derive the velocity of any layer, and its AGOP."""
    loss = loss_of(B * W * A)
    raw = -gradient(loss, W)
    dW = rewrite(raw, COVARIANCES)
    predicted = B * W * A * Sigma_xx
    short = dW.subs({Sigma_yx: E + predicted})
    h, v = Matrix("h", k, 1), Matrix("v", c, 1)
    column = gradient(tr(v.T * B * h), h)
    # Summed over unit vectors v of the outputs, v v^T is the identity, and D^T v v^T D is D^T D.
    K = rewrite(column * column.T, [(v * v.T, identity(c))])
    G = W.T * K * W
    steps = (
        Step(
            "All other layers are fixed matrices for the gradient in one layer: write $f = B W A x$, with $B$ the "
            "product of the layers above and $A$ that of the layers below. The loss is a trace.",
            (Equation("L", loss),),
            ("definition of the loss",),
        ),
        Step("Differentiate.", (Equation("dW/dt", raw, r"\dot W"),), (FLOW_OF_LOSS, "gradient of a trace polynomial")),
        Step(
            "The samples occur only in $X^\\top X = n\\,\\Sigma_{xx}$ and $Y^\\top X = n\\,\\Sigma_{yx}$. This holds "
            "for each layer of a network of any depth, so the flow is closed over the two covariances.",
            (Equation("dW/dt", dW, r"\dot W"),),
            ("definitions of the covariances",),
        ),
        Step(
            "With the residual covariance $E = \\Sigma_{yx} - B W A \\Sigma_{xx}$ it is one product.",
            (Equation("dW/dt", short, r"\dot W"),),
        ),
        Step(
            "Outputs are linear in the pre-activations, $f = B h$: the gradient of $v^\\top f$ is $D^\\top v$, the "
            "same for every sample.",
            (Equation("D^T v", column, r"D^\top v"), Equation("K", K), Equation("G", G)),
            ("definition of the PTF covariance", "identities.factorization"),
        ),
    )
    closed_form = {"dW/dt": dW, "dW/dt with E": short, "K": K, "G": G}
    names = {"dW/dt": r"\dot W", "dW/dt with E": r"\dot W"}
    return Proof(steps, closed_form, _obligations_of_closed_flow, names)


@cache
def _definitions() -> tuple[tuple[TermwiseValue, dict[str, sympy.Matrix]], ...]:
    """Differentiate the loss and the outputs of a network of three layers, sample by sample and entry by entry."""
    instance = linear_instance()
    layers_seen = []
    for layer in range(3):
        D, J = instance.tangent_features(layer), instance.input_jacobian(layer)
        velocity = -instance.loss_gradient(layer)
        definition = {"dW/dt": velocity, "dW/dt with E": velocity, "K": D.T * D, "G": J.T * J}
        layers_seen.append((TermwiseValue(instance.seen_from(layer)), definition))
    return tuple(layers_seen)


def _obligations_of_closed_flow(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with each layer of a concrete network."""
    return {
        f"{name} of layer {layer + 1}": squared_norm(at(formula) - truth[name])
        for layer, (at, truth) in enumerate(_definitions())
        for name, formula in closed_form.items()
    }


DERIVATIONS: Final = (
    Derivation(
        name="linear.closed_flow",
        title="The flow of a linear network closes over two covariances",
        wording="For a layer of a linear network of any depth, $f := B W A x$: $\\dot W = <<dW/dt>>$. "
        "Nothing else of the data enters. Its AGOP is $G = <<G>>$.",
        assumptions=("Gradient flow on $(1/2n) \\sum_\\mu |y_\\mu - f_\\mu|^2$.", "No biases, linear activations."),
        source=SOURCE,
        derive=closed_flow,
        limits=("Exact at every time; with rank-deficient covariances too.",),
    ),
)
