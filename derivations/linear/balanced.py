"""Balanced linear layers: what the flow conserves, and why the AGOP is then a power of the NFM at all times.

Saxe, McClelland and Ganguli (2014), conserved differences of layers; Tansley, Massart and Cartis (arXiv 2510.15563),
the exponent of the ansatz in deep linear networks; Radhakrishnan et al. (2024), the ansatz.
"""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, MatrixPolynomial, gradient, time_derivative
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.forms.alignment_ratio import alignment_of
from derivations.forms.rewriting import rewrite
from derivations.judging.instances import cosine_traces, evaluate_exactly, orthogonal_matrix, squared_norm
from derivations.judging.termwise import TermwiseValue
from derivations.linear.closed_flow import COVARIANCES, A, layers, loss_of, product_of_layers
from derivations.linear.instance import LinearInstance, linear_instance

DEEPEST: Final = 5
"""Depth up to which the power is derived layer by layer; each further layer repeats the same step."""

above: Final = Matrix("B", "c", "k2")
upper: Final = Matrix("W2", "k2", "k", latex="W_{l+1}")
lower: Final = Matrix("W1", "k", "m", latex="W_l")
INVARIANT: Final = r"W_{l+1}^\top W_{l+1} - W_l W_l^\top"


def conservation() -> Proof:
    """Derive that the flow conserves ``W_{l+1}^T W_{l+1} - W_l W_l^T``."""
    loss = loss_of(above * upper * lower * A)
    velocities = {each: -rewrite(gradient(loss, each), COVARIANCES) for each in (lower, upper)}
    inner, outer = upper.T * upper, lower * lower.T
    rates = [time_derivative(each, velocities) for each in (inner, outer)]
    steps = (
        Step(
            "Two neighboring layers of a network of any depth, $f = B W_{l+1} W_l A x$, move by",
            (
                Equation("dW1/dt", velocities[lower], r"\dot W_l"),
                Equation("dW2/dt", velocities[upper], r"\dot W_{l+1}"),
            ),
            ("linear.closed_flow",),
        ),
        Step(
            "The two products that fit together change in the same way.",
            (
                Equation("d(W2^T W2)/dt", rates[0], r"\tfrac{d}{dt} W_{l+1}^\top W_{l+1}"),
                Equation("d(W1 W1^T)/dt", rates[1], r"\tfrac{d}{dt} W_l W_l^\top"),
            ),
            ("product rule",),
        ),
        Step(
            "So their difference stays what it is at initialization; what the other layers do does not matter.",
            (Equation("rate", rates[0] - rates[1], rf"\tfrac{{d}}{{dt}}\left({INVARIANT}\right)"),),
        ),
    )
    closed_form = {"invariant": inner - outer}
    return Proof(steps, closed_form, _obligations_of_conservation, {"invariant": INVARIANT})


@lru_cache(maxsize=1)
def _moving_layers() -> tuple[tuple[sympy.Matrix, sympy.Matrix, sympy.Matrix, sympy.Matrix], ...]:
    """Return neighboring layers of a concrete network with their velocities, by differentiation of the loss."""
    instance = linear_instance()
    moved = [-instance.loss_gradient(i) for i in range(3)]
    return tuple((instance.weights[i], instance.weights[i + 1], moved[i], moved[i + 1]) for i in range(2))


def _obligations_of_conservation(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Move a concrete network along its velocities; a quadratic form changes by its central difference."""
    residuals: dict[str, Residual] = {}
    for i, (W, V, W_dot, V_dot) in enumerate(_moving_layers()):
        sizes = {"k": W.rows, "m": W.cols, "k2": V.rows}
        ahead, behind = (
            evaluate_exactly(claimed["invariant"], {**sizes, "W1": W + h * W_dot, "W2": V + h * V_dot}) for h in (1, -1)
        )
        residuals[f"rate for layers {i + 1} and {i + 2}"] = squared_norm(ahead - behind)
        value = evaluate_exactly(claimed["invariant"], {**sizes, "W1": W, "W2": V})
        residuals[f"value for layers {i + 1} and {i + 2}"] = squared_norm(value - V.T * V + W * W.T)
    return residuals


def agop_steps(depth: int) -> tuple[MatrixPolynomial, ...]:
    """Fold the AGOP of the first layer of a balanced network, from the top layer down."""
    weights = layers(depth)
    chain = product_of_layers(weights)
    found = [chain.T * chain]
    for i in range(depth - 1, 0, -1):
        upper_layer, lower_layer = weights[i], weights[i - 1]
        between = Matrix("H", lower_layer.rows, symmetric=True)
        folded = rewrite(found[-1], [(upper_layer.T * upper_layer, between)])
        found.append(folded.subs({between: lower_layer * lower_layer.T}))
    return tuple(found)


def balanced_power() -> Proof:
    """Derive that the AGOP of a balanced network is a power of the NFM."""
    W1 = layers(2)[0]
    F = Matrix("F", "d", symmetric=True)
    powers = [rewrite(agop_steps(depth)[-1], [(W1.T * W1, F)]) for depth in range(2, DEEPEST + 1)]
    exponents = [_exponent(power, F) for power in powers]
    L, layer = sympy.symbols("L l")
    exponent = sympy.interpolate(list(zip(range(2, DEEPEST + 1), exponents, strict=True)), L).subs(L, L - layer + 1)
    alignments = tuple(alignment_of(F, power) for power in powers)
    steps = (
        Step(
            "Start with balanced layers, $W_{l+1}^\\top W_{l+1} = W_l W_l^\\top$. They stay balanced.",
            (),
            ("linear.conservation",),
        ),
        Step(
            "The AGOP of the first layer is $(W_L \\cdots W_1)^\\top W_L \\cdots W_1$. From the top down, each product "
            "$W_{l+1}^\\top W_{l+1}$ in the middle becomes $W_l W_l^\\top$; here for three layers.",
            tuple(Equation(f"G, step {i}", each, "G") for i, each in enumerate(agop_steps(3))),
            ("identities.factorization",),
        ),
        Step(
            "The same for two layers and more: what stands in the middle is $(W_l W_l^\\top)^j$, and one layer down it "
            "is $W_l^\\top (W_l W_l^\\top)^j W_l = (W_l^\\top W_l)^{j+1}$, so that each layer adds one to the power.",
            tuple(Equation(f"G of {depth} layers", each, "G") for depth, each in enumerate(powers, start=2)),
        ),
        Step(
            "For layer $l$ of $L$ only the layers from $l$ on count.",
            (Equation("exponent", exponent, "p"), Equation("alpha", 1 / exponent, r"\alpha")),
        ),
        Step(
            "So $F$ and $G^\\alpha$ are equal, and the plain alignment is this, for two layers and more.",
            tuple(
                Equation(f"rho of {depth} layers", each, r"\rho(F, G)")
                for depth, each in enumerate(alignments, start=2)
            ),
            ("definition of the alignment",),
        ),
    )
    closed_form = {"G": tuple(powers), "exponent": exponent, "alpha": 1 / exponent, "UC-NFA": alignments}
    return Proof(
        steps, closed_form, _obligations_of_power, {"alpha": r"\alpha", "UC-NFA": r"\rho(F, G)"}, stated=_first_layer
    )


def _first_layer(closed_form: Mapping[str, Any]) -> dict[str, Any]:
    """Insert the number of the first layer."""
    return {"alpha of the first layer": closed_form["alpha"].subs(sympy.Symbol("l"), 1)}


def _exponent(power: MatrixPolynomial, base: Matrix) -> int:
    """Return ``p`` of ``base^p``."""
    ((_, word),) = power.terms
    candidate = len(word)
    if power != base**candidate:
        raise ValueError(f"a power of {base} was expected, got {power}")
    return candidate


@cache
def _balanced_instance(depth: int) -> LinearInstance:
    """Build layers ``Q_{l+1} q Q_l^T`` with one diagonal ``q`` and exact orthogonal matrices: they are balanced."""
    frames = [orthogonal_matrix(5, seed) for seed in range(1, depth + 2)]
    q = sympy.diag(2, 3, 1, 5, sympy.Rational(1, 2))
    weights = tuple(sympy.ImmutableMatrix(after * q * before.T) for before, after in pairwise(frames))
    data = linear_instance()
    return LinearInstance(weights, data.inputs, data.labels)


@cache
def _features(depth: int, layer: int) -> tuple[sympy.Matrix, sympy.Matrix]:
    """Return NFM and AGOP of a layer (from 0) of a balanced network, the AGOP by differentiation."""
    instance = _balanced_instance(depth)
    W, J = instance.weights[layer], instance.input_jacobian(layer)
    return W.T * W, J.T * J


@cache
def _inserted(depth: int) -> TermwiseValue:
    return TermwiseValue({"F": _features(depth, 0)[0], "d": 5})


def _obligations_of_power(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with concrete balanced networks, every layer of them; powers of one matrix with five eigenvalues."""
    residuals: dict[str, Residual] = {}
    for depth, (power, ratio) in enumerate(zip(claimed["G"], claimed["UC-NFA"], strict=True), start=2):
        F, G = _features(depth, 0)
        residuals[f"G of {depth} layers"] = squared_norm(_inserted(depth)(power) - G)
        residuals |= ratio.residuals(_inserted(depth), cosine_traces(F, G), f"the alignment of {depth} layers")
    return {**residuals, **_obligations_of_exponent(claimed["exponent"], claimed["alpha"])}


@lru_cache(maxsize=64)
def _obligations_of_exponent(exponent: sympy.Expr, alpha: sympy.Expr) -> Mapping[str, Residual]:
    """Read the exponent off the determinants: ``det G = (det F)^p``, for every layer."""
    residuals: dict[str, Residual] = {}
    for depth in range(2, DEEPEST + 1):
        for layer in range(depth):
            F, G = _features(depth, layer)
            here = {sympy.Symbol("L"): depth, sympy.Symbol("l"): layer + 1}
            power = sympy.Integer(exponent.subs(here)) if exponent.subs(here).is_integer else None
            fits = power is not None and power > 0 and F.det() ** power == G.det()
            residuals[f"exponent, layer {layer + 1} of {depth}"] = sympy.Integer(not fits)
            residuals[f"alpha, layer {layer + 1} of {depth}"] = alpha.subs(here) * exponent.subs(here) - 1
    return residuals


SOURCE: Final = (
    "Conserved differences: Saxe, McClelland and Ganguli 2014; the exponent in deep linear networks: Tansley, Massart "
    "and Cartis, arXiv 2510.15563; derived here from the flow"
)
DERIVATIONS: Final[Sequence[Derivation]] = (
    Derivation(
        name="linear.conservation",
        title="Differences of neighboring linear layers are conserved",
        wording="Gradient flow of a linear network of any depth conserves $<<invariant>>$ for each pair of "
        "neighboring layers.",
        assumptions=("Gradient flow on $(1/2n) \\sum_\\mu |y_\\mu - f_\\mu|^2$, all layers at the same rate.",),
        source=SOURCE,
        derive=conservation,
        limits=("Exact at every time; discrete steps of size $\\eta$ break it at order $\\eta^2$ per step.",),
    ),
    Derivation(
        name="linear.balanced_power",
        title="In balanced linear networks the AGOP is a power of the NFM",
        wording="If the differences of neighboring layers that gradient flow conserves vanish, then at all "
        "times the AGOP of layer $l$ of $L$ is $G = F^{<<exponent>>}$: the ansatz holds exactly with "
        "$\\alpha = <<alpha>>$, for the first layer $\\alpha = <<alpha of the first layer>>$.",
        assumptions=("A linear network with balanced initial weights.", "Gradient flow."),
        source=SOURCE,
        derive=balanced_power,
        limits=("Exact at every time; small initial weights are nearly balanced.",),
    ),
)
