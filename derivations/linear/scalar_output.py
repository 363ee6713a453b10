"""Two linear layers and one output: the C-NFA starts at exactly 1, and leaves it at the sixth order in time.

With one output the flow is ``dW/dt = a e^T``, where ``a`` is the readout and ``e`` the residual covariance, and the
centered AGOP is ``g g^T`` with ``g = dW^T a``. By the Cauchy-Schwarz inequality ``1 - rho^2`` is the distance of
``F_c`` from the multiples of ``g g^T``.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import sympy
from jaxtyping import Shaped

from derivations.algebra import Matrix, MatrixPolynomial, TracePolynomial, tr
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.forms.evaluation import evaluate_formula
from derivations.forms.power_series import multiply
from derivations.judging.instances import integer_matrix, squared_norm
from derivations.judging.interpolation import slope
from derivations.judging.termwise import TermwiseValue
from derivations.linear.closed_flow import E, c, layers, residual_flow
from derivations.linear.instance import linear_instance

TOP: Final = 6
"""The order at which the alignment leaves 1; all lower orders are computed and found to vanish."""

Coefficients = list[Any]


def vectors(name: str, size: str) -> list[Matrix]:
    """Name the Taylor coefficients of a vector that moves."""
    return [Matrix(f"{name}{i}", size, 1, latex=f"{name}_{i}") for i in range(TOP + 1)]


def distance_from_one() -> tuple[Coefficients, Coefficients]:
    """Expand ``|F_c|^2 |G_c|^2 - tr(F_c G_c)^2`` and its first product for any paths ``a(t)``, ``e(t)``."""
    a, e = vectors("a", "k"), vectors("e", "d")
    # Divided by t: the integral of t^j is t^(j + 1) / (j + 1).
    dW = [each / (j + 1) for j, each in enumerate(multiply(a, _transposed(e)))]
    g, F_c = multiply(_transposed(dW), a), multiply(_transposed(dW), dW)
    moved = multiply(dW, g)
    numerator, length = (_traces(multiply(_transposed(each), each)) for each in (moved, g))
    norms = multiply(_traces(multiply(F_c, F_c)), multiply(length, length))
    return [x - y for x, y in zip(norms, multiply(numerator, numerator), strict=True)], norms


def _traces(series: Coefficients) -> Coefficients:
    return [tr(each) for each in series]


def _transposed(series: Coefficients) -> Coefficients:
    return [each.T for each in series]


def _in_inner_products(expression: TracePolynomial) -> sympy.Expr:
    """Write a polynomial of inner products of ``a, da/dt, e, de/dt`` in the symbols ``aa, ab, bb, ee, ef, ff``."""
    (a, b, *_), (e, f, *_) = vectors("a", "k"), vectors("e", "d")
    pairs = {"aa": (a, a), "ab": (a, b), "bb": (b, b), "ee": (e, e), "ef": (e, f), "ff": (f, f)}
    symbols = {tr(x.T * y): sympy.Symbol(name, real=True) for name, (x, y) in pairs.items()}
    return sympy.factor(expression.as_sympy(symbols))


def velocities() -> tuple[MatrixPolynomial, MatrixPolynomial]:
    """Derive ``da/dt`` and ``de/dt`` at the start, as column vectors."""
    weights = layers(2)
    flow = residual_flow(weights)
    return flow[weights[1]].subs({c: 1}).T, flow[E].subs({c: 1}).T


def departure() -> Proof:
    """Derive the first order at which the C-NFA of the first layer leaves 1, and its coefficient."""
    distance, norms = distance_from_one()
    first = next(j for j, each in enumerate(distance) if each)
    coefficient = sympy.factor(-_in_inner_products(distance[first]) / (2 * _in_inner_products(norms[0])))
    a_dot, e_dot = velocities()
    weights = layers(2)
    dW_dot = residual_flow(weights)[weights[0]].subs({c: 1})
    leading = f"t^{{{8 + first}}}"
    closed_form = {
        "distance": distance[first],
        "norms": norms[0],
        "coefficient": coefficient,
        "da/dt": a_dot,
        "de/dt": e_dot,
        "order": sympy.Integer(first),
    }
    steps = (
        Step(
            "With one output, $a^\\top = W_2$ and $e^\\top = E$ are rows, and the first layer moves by their product.",
            (Equation("dW1/dt", dW_dot, r"\dot W_1"),),
            ("linear.closed_flow",),
        ),
        Step(
            "Write $a(t) = \\sum a_i t^i$ and $e(t) = \\sum e_j t^j$, whatever they are. Then $\\Delta W = \\sum a_i "
            "e_j^\\top t^{i+j+1}/(i+j+1)$, $F_c = \\Delta W^\\top \\Delta W$, and $G_c = g g^\\top$ with "
            "$g = \\Delta W^\\top a$. The squared norms start with",
            (Equation("norms", norms[0], "|F_c|^2 |G_c|^2"),),
            ("Taylor series of a polynomial",),
        ),
        Step(
            f"In $|F_c|^2 |G_c|^2 - \\operatorname{{tr}}(F_c G_c)^2$ the coefficients of $t^8$ to $t^{{{7 + first}}}$ "
            f"vanish: the C-NFA is 1 up to there. That of ${leading}$ does not, and only the first two coefficients of "
            "each path are left in it.",
            (Equation("distance", distance[first]),),
            ("Cauchy-Schwarz inequality, with its remainder",),
        ),
        Step(
            "Divide, and take the root: $1 - \\rho = (1 - \\rho^2)/2$ at this order. Here $aa = |a|^2$, $ab = a^\\top "
            "\\dot a$, $bb = |\\dot a|^2$, and $ee, ef, ff$ the same for $e$ and $\\dot e$.",
            (Equation("coefficient", coefficient, rf"[t^{first}]\,\rho(F_c, G_c)"),),
        ),
        Step(
            "The velocities come from the flow.",
            (Equation("da/dt", a_dot, r"\dot a"), Equation("de/dt", e_dot, r"\dot e")),
            ("linear.closed_flow",),
        ),
    )
    names = {"da/dt": r"\dot a", "de/dt": r"\dot e", "coefficient": rf"[t^{first}]\,\rho(F_c, G_c)"}
    return Proof(steps, closed_form, _obligations, names, function=departure_coefficient, stated=_departure_across)


def _departure_across(closed_form: Mapping[str, Any]) -> dict[str, Any]:
    """Write the departure from 1 with the parts of the velocities that are across ``a`` and ``e``."""
    aa, ab, bb, ee, ef, ff = sympy.symbols("aa ab bb ee ef ff", real=True)
    lengths = (r"{|a|}", r"{|e|}", r"{|\dot a_\perp|}", r"{|\dot e_\perp|}")
    a, e, a_dot, e_dot = (sympy.Symbol(name, positive=True) for name in lengths)
    across = closed_form["coefficient"].subs({bb: a_dot**2 + ab**2 / aa, ff: e_dot**2 + ef**2 / ee})
    coefficient = sympy.factor(across.subs({aa: a**2, ee: e**2}))
    order = closed_form["order"]
    return {"departure": coefficient * sympy.Symbol("t") ** order, "next order": order + 1}


def departure_coefficient(W: Shaped[Any, "k d"], a: Shaped[Any, "k 1"], Sigma_xx: Any, Sigma_yx: Any) -> dict[str, Any]:
    """Evaluate the coefficient of ``t^6`` in the C-NFA of the first of two layers with one output."""
    claim = DERIVATIONS[0].closed_form
    values = {"W1": W, "W2": a.T, "Sigma_xx": Sigma_xx, "E": Sigma_yx - a.T @ W @ Sigma_xx}
    b, f = (evaluate_formula(claim[name], values) for name in ("da/dt", "de/dt"))
    e = values["E"].T
    pairs = {"aa": (a, a), "ab": (a, b), "bb": (b, b), "ee": (e, e), "ef": (e, f), "ff": (f, f)}
    products = {name: float((x.T @ y)[0, 0]) for name, (x, y) in pairs.items()}
    order = evaluate_formula(claim["order"], {})
    return {"order": int(order), "coefficient": float(evaluate_formula(claim["coefficient"], products))}


@cache
def _paths(size: int, inputs: int) -> tuple[TermwiseValue, list[Any], list[Any]]:
    """Take paths with integer coefficients, integrate term by term, and expand the three traces."""
    sizes = {"a": size, "e": inputs}
    values = {
        f"{name}{i}": integer_matrix(rows, 1, 17 * i + rows) for name, rows in sizes.items() for i in range(TOP + 1)
    }
    a, e = ([values[f"{name}{i}"] for i in range(TOP + 1)] for name in sizes)
    velocity = multiply(a, [each.T for each in e])
    change = [each / (j + 1) for j, each in enumerate(velocity)]
    g = multiply([each.T for each in change], a)
    F_c, G_c = multiply([each.T for each in change], change), multiply(g, [each.T for each in g])
    numerator, first, second = (
        [each.trace() for each in multiply(*pair)] for pair in ((F_c, G_c), (F_c, F_c), (G_c, G_c))
    )
    norms = multiply(first, second)
    distance = [x - y for x, y in zip(norms, multiply(numerator, numerator), strict=True)]
    return TermwiseValue({**values, "k": size, "d": inputs}), distance, norms


@cache
def _true_velocities() -> tuple[TermwiseValue, sympy.Matrix, sympy.Matrix]:
    """Differentiate the readout and the residual covariance of a concrete network along its flow."""
    instance = linear_instance((5, 4, 1))
    W, a = zip(*instance.path(1), strict=True)

    def residual_covariance(time: int) -> sympy.Matrix:
        missed = instance.labels.T - (a[0] + time * a[1]) * (W[0] + time * W[1]) * instance.inputs.T
        return (missed * instance.inputs).T / instance.inputs.rows

    return TermwiseValue(instance.values()), a[1].T, slope(residual_covariance, 2)


def _obligations(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with integer paths, with a concrete network, and with ``rho^2`` expanded."""
    at, a_dot, e_dot = _true_velocities()
    residuals: dict[str, Residual] = {
        "da/dt": squared_norm(at(claimed["da/dt"]) - a_dot),
        "de/dt": squared_norm(at(claimed["de/dt"]) - e_dot),
    }
    pairs = {"aa": "a0a0", "ab": "a0a1", "bb": "a1a1", "ee": "e0e0", "ef": "e0e1", "ff": "e1e1"}
    for sizes in ((2, 3), (4, 5)):
        along, distance, norms = _paths(*sizes)
        first = next(j for j, each in enumerate(distance) if each != 0)
        products = {name: (along.values[pair[:2]].T * along.values[pair[2:]])[0] for name, pair in pairs.items()}
        coefficient = claimed["coefficient"].subs({sympy.Symbol(name, real=True): v for name, v in products.items()})
        residuals |= {
            f"order at {sizes}": claimed["order"] - first,
            f"distance at {sizes}": along(claimed["distance"]) - distance[first],
            f"norms at {sizes}": along(claimed["norms"]) - norms[0],
            f"coefficient at {sizes}": 2 * coefficient * norms[0] + distance[first],
        }
    return residuals


DERIVATIONS: Final = (
    Derivation(
        name="linear.scalar_departure",
        title="One output, two layers: the C-NFA leaves 1 at the sixth order",
        wording="With one output, the C-NFA of the first of two linear layers differs from 1 by "
        "$<<departure>> + O(t^{<<next order>>})$, where $a$ is the readout, $e := \\Sigma_{xy} - "
        "\\Sigma_{xx} W^\\top a$, and $\\dot a_\\perp$, $\\dot e_\\perp$ are the parts of their velocities "
        "across $a$ and across $e$. At leading order it is exactly 1.",
        assumptions=(
            "Gradient flow on $(1/2n) \\sum_\\mu |y_\\mu - f_\\mu|^2$ with one output; two layers, both moving.",
            "$a \\ne 0$ and $e \\ne 0$ at initialization.",
        ),
        source="Derived here; that the scalar two-layer linear net starts at 1 follows from the early dynamics of the "
        "centered NFA in Beaglehole, Mitliagkas and Agarwala, arXiv 2402.05271",
        derive=departure,
        limits=(
            "It stays 1 through this order if $\\dot a = W e$ is parallel to $a$ (balanced rank-one weights) or "
            "$\\dot e$ to $e$.",
        ),
    ),
)
