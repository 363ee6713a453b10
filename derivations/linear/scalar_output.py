"""Two linear layers and one output: the C-NFA starts at exactly 1, and leaves it at the sixth order in time.

With one output the flow is ``dW/dt = a e^T``, where ``a`` is the readout and ``e`` the residual covariance, and the
centered AGOP is ``g g^T`` with ``g = dW^T a``. By the Cauchy-Schwarz inequality ``1 - rho^2`` is the distance of
``F_c`` from the multiples of ``g g^T``.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import sympy
from jaxtyping import Shaped
from sympy.polys.matrices import DomainMatrix

from derivations.algebra import Matrix, MatrixPolynomial, TracePolynomial, tr
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.forms.evaluation import evaluate_formula
from derivations.judging.instances import evaluate_exactly, integer_matrix, squared_norm
from derivations.linear.closed_flow import E, c, layers, residual_flow
from derivations.linear.instance import linear_instance, t

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
    dW = [_total([a[i] * e[j - i].T for i in range(j + 1)]) / (j + 1) for j in range(TOP + 1)]
    g = _product(_transposed(dW), a)
    F_c = _product(_transposed(dW), dW)
    moved = _product(dW, g)
    numerator = _traces(_product(_transposed(moved), moved))
    length = _traces(_product(_transposed(g), g))
    norms = _product(_traces(_product(F_c, F_c)), _product(length, length))
    return [x - y for x, y in zip(norms, _product(numerator, numerator), strict=True)], norms


def _total(summands: list[Any]) -> Any:
    return sum(summands[1:], start=summands[0])


def _product(left: Coefficients, right: Coefficients) -> Coefficients:
    return [_total([left[i] * right[j - i] for i in range(j + 1)]) for j in range(TOP + 1)]


def _transposed(series: Coefficients) -> Coefficients:
    return [each.T for each in series]


def _traces(series: Coefficients) -> Coefficients:
    return [tr(each) for each in series]


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
    return Proof(steps, closed_form, _obligations, names, function=departure_coefficient)


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


@lru_cache(maxsize=1)
def _paths() -> tuple[dict[str, Any], tuple[Any, ...], tuple[Any, ...]]:
    """Take paths with integer coefficients, integrate entry by entry, and expand the three traces."""
    sizes = {"a": 2, "e": 3}
    coefficients = {
        f"{name}{i}": integer_matrix(size, 1, seed=17 * i + size)
        for name, size in sizes.items()
        for i in range(TOP + 1)
    }
    polynomials = sympy.QQ[t]
    a, e = (
        DomainMatrix.from_Matrix(
            sum((coefficients[f"{name}{i}"] * t**i for i in range(TOP + 1)), sympy.zeros(size, 1))
        ).convert_to(polynomials)
        for name, size in sizes.items()
    )
    velocity = a * e.transpose()
    dW = velocity.to_Matrix().applyfunc(lambda entry: sympy.Poly(entry, t).integrate(t).as_expr())
    change = DomainMatrix.from_Matrix(dW).convert_to(polynomials)
    g = change.transpose() * a
    F_c, G_c = change.transpose() * change, g * g.transpose()
    numerator, first, second = (_trace(A * B) for A, B in ((F_c, G_c), (F_c, F_c), (G_c, G_c)))
    norms, orders = first * second, range(8, 9 + TOP)
    distance = norms - numerator**2
    kept = [tuple(each.coeff_monomial(t**j) for j in orders) for each in (distance, norms)]
    return coefficients, kept[0], kept[1]


def _trace(matrix: DomainMatrix) -> sympy.Poly:
    return sympy.Poly(matrix.to_Matrix().trace(), t)


@lru_cache(maxsize=1)
def _true_velocities() -> tuple[dict[str, Any], sympy.Matrix, sympy.Matrix]:
    """Differentiate the readout and the residual covariance of a concrete network along its flow."""
    instance = linear_instance((2, 2, 1))
    W, a = instance.taylor(1)
    e = sympy.zeros(2, 1)
    for mu in range(instance.inputs.rows):
        x = instance.inputs[mu, :].T
        e += (instance.labels[mu, 0] - (a * W * x)[0]) * x / instance.inputs.rows
    values = {"W1": instance.weights[0], "W2": instance.weights[1], **instance.covariances(), "d": 2, "k1": 2}
    return values, a.diff(t).subs(t, 0).T, e.diff(t).subs(t, 0)


def _obligations(claimed: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Compare with integer paths, with a concrete network, and with ``rho^2`` expanded."""
    values, distance, norms = _paths()
    network, a_dot, e_dot = _true_velocities()
    order = claimed["order"]
    first = next(j for j, each in enumerate(distance) if each != 0)
    pairs = {"aa": "a0a0", "ab": "a0a1", "bb": "a1a1", "ee": "e0e0", "ef": "e0e1", "ff": "e1e1"}
    products = {name: (values[pair[:2]].T * values[pair[2:]])[0] for name, pair in pairs.items()}
    coefficient = claimed["coefficient"].subs({sympy.Symbol(name, real=True): v for name, v in products.items()})
    sizes = {"k": 2, "d": 3}
    return {
        "order": order - first,
        "distance": evaluate_exactly(claimed["distance"], {**values, **sizes}) - distance[first],
        "norms": evaluate_exactly(claimed["norms"], {**values, **sizes}) - norms[0],
        "coefficient": 2 * coefficient * norms[0] + distance[first],
        "da/dt": squared_norm(evaluate_exactly(claimed["da/dt"], network) - a_dot),
        "de/dt": squared_norm(evaluate_exactly(claimed["de/dt"], network) - e_dot),
    }


DERIVATIONS: Final = (
    Derivation(
        name="linear.scalar_departure",
        title="One output, two layers: the C-NFA leaves 1 at the sixth order",
        statement="With one output, the C-NFA of the first of two linear layers is $1 - \\frac{t^6}{576} "
        "\\frac{|\\dot a_\\perp|^4 |\\dot e_\\perp|^2}{|a|^4 |e|^2} + O(t^7)$, where $a$ is the readout, $e = "
        "\\Sigma_{xy} - \\Sigma_{xx} W^\\top a$, and $\\dot a_\\perp$, $\\dot e_\\perp$ are the parts of their "
        "velocities across $a$ and across $e$. At leading order it is exactly 1.",
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
