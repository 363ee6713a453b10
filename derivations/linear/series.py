"""Deep linear networks: Taylor coefficients in time of features and alignments, to any order, as trace polynomials.

The flow is polynomial in the weights, ``Sigma_xx`` and the residual covariance ``E``, which moves with them. So each
coefficient is a polynomial of their initial values. A claim lists the first ones; any number of them comes from
`derivations.linear.features.symbolic_series`.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import sympy

from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.forms.power_series import multiply
from derivations.forms.ratio_series import ratio_coefficients, series_residuals
from derivations.judging.instances import squared_norm
from derivations.judging.termwise import TermwiseValue
from derivations.linear.closed_flow import layers, residual_flow
from derivations.linear.features import STARTS, TRACES, Expansion, alignment_series
from derivations.linear.instance import LinearInstance, linear_instance

ORDERS: Final = 2
"""How many coefficients of each quantity a claim lists."""


def _proof(depth: int, layer: int, instance: LinearInstance, orders: int) -> Proof:
    expansion = Expansion(depth, layer)
    closed_form: dict[str, Any] = {
        name: expansion.coefficients(name, start + orders - 1)[start:] for name, start in STARTS.items()
    }
    closed_form["alignment"] = ratio_coefficients(orders)
    velocities = residual_flow(layers(depth))
    weights = {f"dW{i + 1}/dt": each for i, each in enumerate(list(velocities.values())[:-1])}
    names = {f"dW{i + 1}/dt": rf"\dot W_{i + 1}" for i in range(depth)} | {"dE/dt": r"\dot E"}
    names |= {
        "tr(F_c G_c)": r"\operatorname{tr}(F_c G_c)",
        "tr(F G)": r"\operatorname{tr}(F G)",
        "|F_c|^2": "|F_c|^2",
        "alignment": r"\rho",
    }
    steps = (
        Step(
            "The flow, with the residual covariance $E$ as a variable that moves with the weights.",
            tuple(
                Equation(name, each, names[name])
                for name, each in {**weights, "dE/dt": list(velocities.values())[-1]}.items()
            ),
            ("linear.closed_flow",),
        ),
        Step(
            "Expand in powers of $t$ by the Leibniz rule, each derivative from those before it. $\\Delta W$ starts at "
            "order $t$, so $F_c$ and $G_c$ start at $t^2$; here are their coefficients from there on, in the values at "
            "$t = 0$.",
            (Equation("F_c", closed_form["F_c"]), Equation("G_c", closed_form["G_c"])),
            ("Taylor series of a polynomial along a flow",),
        ),
        Step(
            "The traces of the centered alignment start at $t^4$.",
            tuple(Equation(name, closed_form[name]) for name in TRACES["C-NFA"]),
        ),
        Step(
            "Those of the uncentered alignment start at $t^0$.",
            tuple(Equation(name, closed_form[name]) for name in TRACES["UC-NFA"]),
        ),
        Step(
            "Divide: with $N$, $P$, $Q$ the coefficients of numerator and squared norms, counted from the first that "
            "is not zero, each alignment has these coefficients.",
            (Equation("alignment", closed_form["alignment"], r"\rho"),),
            ("Taylor series of a quotient",),
        ),
    )

    def obligations(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
        return _obligations(claimed, instance, layer)

    return Proof(steps, closed_form, obligations, names, function=alignment_series)


@lru_cache(maxsize=4)
def _true_series(instance: LinearInstance, layer: int, orders: int) -> Mapping[str, list[Any]]:
    """Expand the weights along the flow, insert them into the definitions, and collect powers of ``t``."""
    moved = [list(each) for each in zip(*instance.path(orders), strict=True)]
    W, dW = moved[layer - 1][:-1], moved[layer - 1][1:]  # the change starts at t
    B = [sympy.eye(W[0].rows), *(sympy.zeros(W[0].rows) for _ in W[1:])]
    for weight in moved[layer:]:
        B = multiply(weight, B)
    K = _squared(B)
    F, G, F_c, G_c = (
        multiply(multiply([each.T for each in V], middle), V)
        for V, middle in ((W, _one_like(K)), (W, K), (dW, _one_like(K)), (dW, K))
    )
    found: dict[str, list[Any]] = {"F_c": F_c, "G_c": G_c}
    for alignment, (first, second) in {"C-NFA": (F_c, G_c), "UC-NFA": (F, G)}.items():
        products = ((first, second), (first, first), (second, second))
        found |= {
            name: [each.trace() for each in multiply(*pair)]
            for name, pair in zip(TRACES[alignment], products, strict=True)
        }
    return {name: each[:orders] for name, each in found.items()}


def _squared(B: list[sympy.Matrix]) -> list[sympy.Matrix]:
    return multiply([each.T for each in B], B)


def _one_like(K: list[sympy.Matrix]) -> list[sympy.Matrix]:
    return [sympy.eye(K[0].rows), *(each * 0 for each in K[1:])]


@lru_cache(maxsize=4)
def _at(instance: LinearInstance) -> TermwiseValue:
    return TermwiseValue(instance.values())


def _obligations(claimed: Mapping[str, Any], instance: LinearInstance, layer: int) -> Mapping[str, Residual]:
    """Compare each coefficient with a concrete network, and the quotient with ``rho^2 P Q = N^2``."""
    truth = _true_series(instance, layer, len(claimed["F_c"]))
    residuals: dict[str, Residual] = {}
    for name, coefficients in truth.items():
        for j, (formula, value) in enumerate(zip(claimed[name], coefficients, strict=True)):
            difference = _at(instance)(formula) - value
            is_matrix = isinstance(difference, sympy.MatrixBase)
            residuals[f"{name}, coefficient {j}"] = squared_norm(difference) if is_matrix else difference
    return {**residuals, **series_residuals(claimed["alignment"])}


def two_layers() -> Proof:
    """Derive the first coefficients for the first of two layers."""
    return _proof(2, 1, linear_instance((5, 4, 6)), ORDERS)


def four_layers() -> Proof:
    """Derive the first coefficients for the second of four layers."""
    return _proof(4, 2, linear_instance((4, 5, 4, 4, 5), samples=5), ORDERS)


SOURCE: Final = (
    "Derived here; the flow is that of Saxe, McClelland and Ganguli 2014, the quantities are those of Beaglehole, "
    "Mitliagkas and Agarwala, arXiv 2402.05271 (early dynamics of the centered NFA)"
)
ASSUMPTIONS: Final = (
    "Gradient flow on $(1/2n) \\sum_\\mu |y_\\mu - f_\\mu|^2$ for a linear network, all layers moving.",
    "$E \\ne 0$ at initialization and a layer that moves at first order.",
)
LIMITS: Final = ("A Taylor series: it converges for small $t$; the error after order $j$ is $O(t^{j+1})$.",)

DERIVATIONS: Final = (
    Derivation(
        name="linear.two_layers",
        title="Two linear layers: features and alignments as series in time",
        wording="Each Taylor coefficient of $F_c(t)$, $G_c(t)$, $\\operatorname{tr}(F_c G_c)$, $|F_c|^2$, $|G_c|^2$, "
        "C-NFA and UC-NFA is a trace polynomial in the initial weights, $\\Sigma_{xx}$ and $E$; the first two of "
        "each for the first layer are listed.",
        assumptions=ASSUMPTIONS,
        source=SOURCE,
        derive=two_layers,
        limits=LIMITS,
    ),
    Derivation(
        name="linear.four_layers",
        title="Four linear layers: features and alignments as series in time",
        wording="The same for the second of four layers: the first two coefficients of each quantity.",
        assumptions=ASSUMPTIONS,
        source=SOURCE,
        derive=four_layers,
        limits=LIMITS,
    ),
)
