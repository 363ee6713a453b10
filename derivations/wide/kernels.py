"""Infinitely wide networks: the kernels of every layer, one recursion up and one down.

A pre-activation is a sum over many independent weights, so given the layer below it is Gaussian; the average over
neurons of the next layer's inputs is the dual of the activation. Backwards the same weights carry the tangent features
down, and the average over neurons is the dual of the derivative.

The limit as a Gaussian process: Neal 1996, Lee et al. 2018 (arXiv 1711.00165); the tangent kernel: Jacot, Gabriel and
Hongler 2018 (arXiv 1806.07572).
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Final, NamedTuple

import sympy as sp

from derivations.activation_integrals import dual
from derivations.activation_integrals.definitions import Parameter, c, q1, q2
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.errors import DerivationError
from derivations.judging.gaussian import normal_mean

SOURCE: Final = "Jacot, Gabriel and Hongler 2018, arXiv 1806.07572: recursion of the kernels of wide networks"
WIDE: Final = (
    "The hidden widths tend to infinity.",
    "Initial weights are independent, centered, with variance $\\sigma_w^2$ over the fan-in; biases have variance "
    "$\\sigma_b^2$.",
)
gain, bias = sp.symbols("sigma_w sigma_b", positive=True)
Sigma, Sigma_dot, kappa_above = sp.symbols("Sigma Sigma_dot kappa_above", real=True)
NEURONS: Final = 3


class Kernels(NamedTuple):
    """The kernels of a network between two samples, from the input Gram matrix over the fan-in: ``q_1, q_2, c``.

    Parameters
    ----------
    inputs : tuple of SymPy expression
        ``Sigma^(0), ..., Sigma^(depth)``: the Gram matrix of the inputs of layer ``l + 1``, over the fan-in.
    tangent : tuple of SymPy expression
        ``kappa^(1), ..., kappa^(depth)``: the tangent kernel of the pre-activations.
    output : SymPy expression
        Covariance of the network's function at initialization, the same for every output.
    """

    inputs: tuple[sp.Expr, ...]
    tangent: tuple[sp.Expr, ...]
    output: sp.Expr


def forward_kernel() -> Proof:
    """Derive the covariance of pre-activations from the Gram matrix of a layer's inputs."""
    w, z, y = (sp.symbols(f"{name}1:{NEURONS + 1}", real=True) for name in "wzy")
    b = sp.Symbol("b", real=True)
    first, second = (_preactivation(w, inputs, b) for inputs in (z, y))
    covariance = normal_mean(sp.expand(first * second), (*w, b))
    gram = sum(u * v for u, v in zip(z, y, strict=True)) / sp.Integer(NEURONS)
    # Solve for the Gram matrix instead of reading it off: one input is written through Sigma.
    through_gram = sp.solve(gram - Sigma, y[0])[0]
    result = sp.expand(sp.simplify(covariance.subs(y[0], through_gram)))
    steps = (
        Step(
            f"The pre-activations of one neuron at two samples, with fan-in {NEURONS}, averaged over weights and bias.",
            (Equation("E[h h']", covariance),),
            ("independence of the weights",),
        ),
        Step(
            "Only the inputs' Gram matrix over the fan-in is left. By the law of large numbers it is $\\Sigma^{(l)}$, "
            "the dual of the activation, when the layer below is wide.",
            (Equation("K", result),),
            ("activation_integrals.dual",),
        ),
    )
    return Proof(steps, {"K": result}, _obligations_of_forward_kernel)


def _preactivation(weights: Sequence[sp.Expr], inputs: Sequence[sp.Expr], offset: sp.Expr) -> sp.Expr:
    total = sum(w * z for w, z in zip(weights, inputs, strict=True))
    return gain * total / sp.sqrt(len(inputs)) + bias * offset


def _obligations_of_forward_kernel(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Average over all signs of weights and bias, which have the same second moments, at numerical inputs."""
    z, y = (1, -2, 3, 5), (2, 7, -1, 4)
    signs = list(product((1, -1), repeat=5))
    total = sum(_preactivation(s[:4], z, s[4]) * _preactivation(s[:4], y, s[4]) for s in signs)
    gram = sp.Rational(sum(u * v for u, v in zip(z, y, strict=True)), 4)
    return {"average over signs": sp.expand(total / len(signs)) - closed_form["K"].subs(Sigma, gram)}


def tangent_kernel() -> Proof:
    """Derive the tangent kernel of a layer from that of the layer above."""
    w, slopes, others = (sp.symbols(f"{name}1:{NEURONS + 1}", real=True) for name in ("w", "s", "t"))
    a, b = sp.symbols("a b", real=True)  # tangent features of one neuron above, at two samples
    below = [
        [above * w[j] * gain / sp.sqrt(NEURONS) * each[j] for j in range(NEURONS)]
        for above, each in ((a, slopes), (b, others))
    ]
    kernel = normal_mean(sp.expand(sum(u * v for u, v in zip(*below, strict=True))), w)
    dot = sum(u * v for u, v in zip(slopes, others, strict=True)) / sp.Integer(NEURONS)
    through_dot = sp.solve(dot - Sigma_dot, others[0])[0]
    result = sp.expand(sp.simplify(kernel.subs(others[0], through_dot))).subs(a * b, kappa_above)
    steps = (
        Step(
            "A tangent feature of the layer above is carried down by a weight and the slope of the activation. The "
            "product at two samples is averaged over the weights, which are as good as independent of both.",
            (Equation("E[D D'^T]", kernel, r"\mathbb{E}[D D'^\top]"),),
            ("chain rule", "independence of the weights going down, at leading order in the width"),
        ),
        Step(
            "The average of the product of slopes over a wide layer is $\\dot\\Sigma$, the dual of the derivative; the "
            "sum over neurons above of the products of their features is their tangent kernel.",
            (Equation("kappa", result),),
            ("activation_integrals.dual of the derivative",),
        ),
    )
    return Proof(steps, {"kappa": result}, _obligations_of_tangent_kernel, stated=_with_layers)


def _with_layers(closed_form: Mapping[str, Any]) -> dict[str, Any]:
    """Write the kernel of the layer above with its number, and the dual of the derivative with a dot."""
    letters = {"kappa_above": r"\kappa^{(l+1)}", "Sigma_dot": r"\dot{\Sigma}^{(l)}"}
    kappa = closed_form["kappa"]
    named = {each: sp.Symbol(letters.get(each.name, each.name)) for each in kappa.free_symbols}
    return {"kappa of layer l": kappa.xreplace(named)}


def _obligations_of_tangent_kernel(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Average ``D D'^T`` over all signs of a 2 x 2 weight matrix, with two outputs above: off-diagonal entries too."""
    above, above_other = sp.Matrix([[1, 2], [3, -1]]), sp.Matrix([[2, 1], [-1, 4]])
    slopes, others = sp.diag(2, -3), sp.diag(5, 1)
    total = sp.zeros(2, 2)
    for signs in product((1, -1), repeat=4):
        W = gain * sp.Matrix(2, 2, signs) / sp.sqrt(2)
        total += (above * W * slopes) * (above_other * W * others).T
    expected = closed_form["kappa"].subs(Sigma_dot, (slopes * others).trace() / 2)
    kernel = above * above_other.T
    difference = (total / 16 - kernel.applyfunc(lambda entry: expected.subs(kappa_above, entry))).expand()
    return {f"entry {i}{j}": difference[i, j] for i in range(2) for j in range(2)}


def kernels(
    activation: str, weight_variances: Sequence[Any], bias_variances: Sequence[Any], parameter: Parameter = None
) -> Kernels:
    """Run the two recursions for one network.

    Examples
    --------
    >>> kernels("quadratic", (1, 1), (0, 0)).tangent
    (4*c,)
    >>> kernels("linear", (1, 1, 1), (0, 0, 0)).inputs
    (c, c, c)
    """
    if len(weight_variances) != len(bias_variances) or len(weight_variances) < 2:
        raise DerivationError(
            f"weight_variances and bias_variances must have the same length, at least 2, got {len(weight_variances)} "
            f"and {len(bias_variances)}"
        )
    up: Any = forward_kernel().closed_form["K"]
    down: Any = tangent_kernel().closed_form["kappa"]
    phi = dual(activation, parameter)
    layers = [sp.Matrix([q1, q2, c])]  # two variances and the covariance, layer by layer
    dots = []
    for weight, offset in zip(weight_variances, bias_variances, strict=True):
        at = {gain: sp.sqrt(weight), bias: sp.sqrt(offset)}
        before = layers[-1].applyfunc(lambda entry, at=at: up.subs(at).subs(Sigma, entry))
        layers.append(_at(phi.expression, before))
        dots.append(_at(phi.derivative.expression, before)[2])
    tangent = [sp.Integer(1)]
    for dot, weight in zip(dots[-2::-1], weight_variances[:0:-1], strict=True):
        tangent.insert(0, down.subs(gain, sp.sqrt(weight)).subs({Sigma_dot: dot, kappa_above: tangent[0]}))
    return Kernels(tuple(each[2] for each in layers[:-1]), tuple(tangent[:-1]), before[2])


def _at(expression: sp.Expr, covariance: sp.Matrix) -> sp.Matrix:
    first, second, mixed = covariance
    pairs = ((first, first, first), (second, second, second), (first, second, mixed))
    return sp.Matrix([expression.subs({q1: u, q2: v, c: w}, simultaneous=True) for u, v, w in pairs])


DERIVATIONS: Final = (
    Derivation(
        name="wide.forward_kernel",
        title="The covariance of pre-activations in a wide network",
        wording="With $\\Sigma$ the Gram matrix of a layer's inputs over the fan-in, its pre-activations "
        "are Gaussian with covariance $K = <<K>>$, independent over neurons; the next layer's $\\Sigma$ is "
        "the dual of the activation at $K$.",
        assumptions=WIDE,
        source="Neal 1996; Lee et al. 2018, arXiv 1711.00165: wide networks as Gaussian processes",
        derive=forward_kernel,
        limits=("Corrections are of order one over the width.",),
    ),
    Derivation(
        name="wide.tangent_kernel",
        title="The tangent kernel of pre-activations in a wide network",
        wording="$\\kappa^{(l)} = <<kappa of layer l>>$ with $\\dot\\Sigma$ the dual of the derivative of the "
        "activation and $\\sigma_w^2$ that of the layer above; it starts from 1 at the outputs and is zero "
        "between different outputs.",
        assumptions=WIDE,
        source=SOURCE,
        derive=tangent_kernel,
        limits=("Corrections are of order one over the width.",),
    ),
)
