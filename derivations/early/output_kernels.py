"""The matrices ``P`` and ``Q`` of the leading order for one output, and for several with separate tangent features."""

from collections.abc import Mapping
from functools import cache, partial
from typing import Any, Final

import sympy

from derivations.algebra import Matrix, MatrixPolynomial, Scalar, diagonal, hadamard, identity, zeros
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.early.leading_order import EARLY, GRADIENT_FLOW, SOURCE, centered_features, velocity
from derivations.forms.rewriting import rewrite
from derivations.identities.layer import N, T, gamma, k, m, n
from derivations.judging.concrete_network import concrete_networks
from derivations.judging.instances import integer_matrix, squared_norm
from derivations.judging.termwise import TermwiseValue


def one_output() -> Proof:
    """Derive ``P`` and ``Q`` of a network with one output."""
    general: Mapping[str, Any] = centered_features().closed_form
    one_row_each = {T: identity(n), N: n}
    closed_form = {each: general[each].subs(one_row_each) for each in "PQ"}
    steps = (
        Step(
            "With one output a sample has one row: $T = I$.",
            tuple(Equation(each, formula) for each, formula in closed_form.items()),
            ("early.centered_features",),
        ),
    )
    return Proof(steps, closed_form, _obligations_of_one_output)


def _obligations_of_one_output(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with the features of nonlinear networks with one output, and with the definition entry by entry."""
    residuals: dict[str, Residual] = {}
    for i, network in enumerate(concrete_networks(outputs=1)):
        values, at = network.values, network.at
        dW = -network.loss_gradient * values["n"] / values["gamma"]
        P_value, Q_value = at(closed_form["P"]), at(closed_form["Q"])
        inputs = network.Z
        residuals |= {
            f"F_c of network {i}": squared_norm(inputs.T * P_value * inputs - dW.T * dW),
            f"G_c of network {i}": squared_norm(inputs.T * Q_value * inputs - dW.T * values["K"] * values["n"] * dW),
            f"P of network {i}, entry by entry": squared_norm(P_value - values["P"]),
            f"Q of network {i}, entry by entry": squared_norm(Q_value - values["Q"]),
        }
    return residuals


c: Final = Scalar("c")
R: Final = Matrix("R", n, c)
kappa0: Final = Matrix("kappa0", n, symmetric=True, latex=r"\kappa_0")


def separate_outputs() -> Proof:
    """Derive ``P`` and ``Q`` where the tangent kernel is the same for every output and zero between outputs."""
    pairs = _two_outputs()
    e = Matrix("e", c, 1)
    E = Matrix("E", c, symmetric=True)
    own = Matrix("r1", n, 1)
    one_output = {"P": diagonal(own) * kappa0 * diagonal(own), "Q": diagonal(own) * kappa0**2 * diagonal(own)}
    as_hadamard = {each: formula.subs({own: R * e}) for each, formula in one_output.items()}
    linear = {"P": hadamard(kappa0, R * E * R.T), "Q": hadamard(kappa0**2, R * E * R.T)}
    closed_form = {each: formula.subs({E: identity(c)}) for each, formula in linear.items()}
    steps = (
        Step(
            "For two outputs, whose tangent features $D_1$, $D_2$ have $D_i D_j^\\top = \\delta_{ij} \\kappa_0$: the "
            "velocity is the sum over outputs, and the terms between different outputs vanish.",
            tuple(Equation(each, formula) for each, formula in pairs.items()),
            ("early.weight_change for each output; the loss is a sum over outputs",),
        ),
        Step(
            "Each output contributes the same form with its residuals $R e_i$.",
            tuple(Equation(f"{each}_i", formula) for each, formula in as_hadamard.items()),
        ),
        Step(
            "$\\operatorname{diag}(a)\\, \\kappa_0 \\operatorname{diag}(a) = \\kappa_0 \\circ a a^\\top$ is linear in "
            "$E = e_i e_i^\\top$, and the sum over outputs is $E = I$.",
            tuple(Equation(each, formula) for each, formula in closed_form.items()),
            ("linearity of the elementwise product",),
        ),
    )
    split = {f"{each} of one output": linear[each].subs({E: e * e.T}) - as_hadamard[each] for each in "PQ"}
    return Proof(steps, closed_form, partial(_obligations_of_separate_outputs, split))


def _two_outputs() -> dict[str, MatrixPolynomial]:
    """Add the velocities of two outputs and use that their tangent kernels do not mix."""
    features = [Matrix(f"D{i}", n, k) for i in (1, 2)]
    residuals = [Matrix(f"r{i}", n, 1) for i in (1, 2)]
    mixed = Matrix("mixed", n)
    single = velocity().subs({T: identity(n), N: n}) * n / gamma
    # The engine renames D and r of the one-output velocity; each output adds its own.
    D_one, r_one = Matrix("D", n, k), Matrix("r", n, 1)
    V_sum = sum((single.subs({D_one: Di, r_one: ri}) for Di, ri in zip(features, residuals, strict=True)), zeros(k, m))
    D1, D2 = features
    kernels = [(D1 * D1.T, kappa0), (D2 * D2.T, kappa0), (D1 * D2.T, mixed)]
    F_c = rewrite(V_sum.T * V_sum, kernels)
    G_c = rewrite(V_sum.T * (D1.T * D1 + D2.T * D2) * V_sum, kernels)
    apart = {mixed: zeros(n, n)}
    return {"F_c": F_c.subs(apart), "G_c": G_c.subs(apart)}


def _obligations_of_separate_outputs(
    split: Mapping[str, MatrixPolynomial], closed_form: Mapping[str, Any]
) -> Mapping[str, Residual]:
    """Sum over outputs and samples by the definitions of P and Q, with tangent features of separate units."""
    errors: dict[str, Residual] = dict(split)
    for size, outputs in SIZES:
        at, expected = _separate(size, outputs)
        errors |= {f"{each} of {size} samples": squared_norm(at(closed_form[each]) - expected[each]) for each in "PQ"}
    return errors


SIZES: Final = ((4, 3), (5, 2))
"""Samples and outputs; products of two factors, elementwise, with no scalar."""


@cache
def _separate(size: int, outputs: int) -> tuple[TermwiseValue, dict[str, sympy.Matrix]]:
    own, misses = integer_matrix(size, 4, seed=31), integer_matrix(size, outputs, seed=32)
    # Output i reads its own block of units: D_mu is c x (4 c), block diagonal.
    blocks = [sympy.kronecker_product(sympy.eye(outputs), own[mu, :]) for mu in range(size)]
    kernel = [[blocks[mu] * blocks[nu].T for nu in range(size)] for mu in range(size)]
    values = {"kappa0": own * own.T, "R": misses, "n": size, "c": outputs}

    def entry(mu: int, nu: int, middle: sympy.Matrix) -> sympy.Expr:
        return (misses[mu, :] * middle * misses[nu, :].T)[0]

    def squared(mu: int, nu: int) -> sympy.Matrix:
        return sum((kernel[mu][other] * kernel[other][nu] for other in range(size)), sympy.zeros(outputs))

    expected = {
        "P": sympy.Matrix(size, size, lambda mu, nu: entry(mu, nu, kernel[mu][nu])),
        "Q": sympy.Matrix(size, size, lambda mu, nu: entry(mu, nu, squared(mu, nu))),
    }
    return TermwiseValue(values), expected


DERIVATIONS: Final = (
    Derivation(
        name="early.one_output",
        title="One output: residuals on both sides of the tangent kernel",
        wording="For a network with one output $P = <<P>>$ and $Q = <<Q>>$.",
        assumptions=(GRADIENT_FLOW, "One output."),
        source=SOURCE,
        derive=one_output,
        limits=EARLY,
    ),
    Derivation(
        name="early.separate_outputs",
        title="Several outputs with independent tangent features",
        wording="If the tangent kernel is $\\kappa_0$ for every output and zero between outputs, then $P = "
        "<<P>>$ and $Q = <<Q>>$.",
        assumptions=(
            GRADIENT_FLOW,
            "$\\kappa_{\\mu\\nu} = (\\kappa_0)_{\\mu\\nu} I$ over outputs, as in the limit of infinite width.",
        ),
        source=SOURCE,
        derive=separate_outputs,
        limits=EARLY,
    ),
)
