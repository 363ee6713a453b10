"""The first step of sign descent, which is Adam's: exactly, and in wide layers by the arcsine law.

Over the neurons of a wide layer gradients ``g_j`` and tangent features are jointly Gaussian, given the layer's
pre-activations; in linear networks without that condition. Their second moments are the features of descent:
``f_jl = E[g_j g_l]``, and ``e_j = E[D g_j]`` for the tangent feature of a sample and an output.
"""

from collections.abc import Mapping
from typing import Any, Final

import sympy

from derivations.activation_integrals.definitions import c, h, q1, q2
from derivations.activation_integrals.price import mean
from derivations.activation_integrals.rectifiers import rectifier_dual
from derivations.algebra import Matrix
from derivations.derivation import Derivation, Equation, Proof, Residual, Step
from derivations.forms.alignment_ratio import alignment_of
from derivations.identities.layer import K, k, m
from derivations.judging.instances import evaluate_exactly, integer_matrix

signs: Final = Matrix("s", k, m)
"""Signs of the gradient."""
f_jj, f_ll = sympy.symbols("f_jj f_ll", positive=True)
f_jl, e_j, e_l, g_jl = sympy.symbols("f_jl e_j e_l g_jl", real=True)
NAMES: Final = {
    "step": r"\rho_{\mathrm{sign}}",
    "signs": r"E[\operatorname{sgn} g_j \operatorname{sgn} g_l]",
    "tangent": r"E[D \operatorname{sgn} g_j]",
    "outer product": r"\tfrac1n \textstyle\sum E[D \operatorname{sgn} g_j]\, E[D \operatorname{sgn} g_l]",
}


def sign_step() -> Proof:
    """Derive the C-NFA from the signs, and the average over Gaussian neurons."""
    step = alignment_of(signs.T * signs, signs.T * K * signs)
    arcsine = rectifier_dual(sympy.Integer(-1), 1)  # the slope of |h| is the sign
    law = arcsine.subs({q1: f_jj, q2: f_ll, c: f_jl}, simultaneous=True)
    # What of D is not a multiple of g is independent of it, and its mean is zero.
    length = 2 * mean(h * sympy.Heaviside(h, 0), f_jj)
    tangent = e_j * length / f_jj
    other = tangent.subs({e_j: e_l, f_jj: f_ll}, simultaneous=True)
    outer = sympy.expand(tangent * other).subs(e_j * e_l, g_jl)
    closed_form = {"step": step, "signs": law, "tangent": tangent, "outer product": outer}
    steps = (
        Step(
            "Every weight moves by the same length: the change is the matrix of signs.",
            (Equation("step", step, NAMES["step"]),),
            ("definition of the C-NFA",),
        ),
        Step(
            "In a wide layer $F_c / k$ tends to the mean over neurons of products of two signs. The sign is the slope "
            "of $|h|$, a rectifier, whose dual is an arcsine.",
            (Equation("signs", law, NAMES["signs"]),),
            ("Price's theorem",),
        ),
        Step(
            "$G_c / k^2$ tends to the mean over samples and outputs of outer products of $E[D \\operatorname{sgn} g]$. "
            "By parts a sign is a gradient over the root of its variance, up to a factor.",
            (
                Equation("tangent", tangent, NAMES["tangent"]),
                Equation("outer product", outer, NAMES["outer product"]),
            ),
            ("Gaussian integration by parts",),
        ),
    )
    return Proof(steps, closed_form, _obligations, NAMES)


ANGLES: Final = tuple(sympy.pi * sympy.Rational(*each) for each in ((1, 3), (1, 4), (1, 6), (2, 3)))
"""Between the directions of two gradients in the plane of their Gaussians."""
LENGTHS: Final = (sympy.Rational(3, 2), sympy.Rational(5, 7))
TANGENTS: Final = ((2, 3), (-1, 4), (5, -2))
"""Tangent features of three samples, in the same plane."""


def _obligations(closed_form: Mapping[str, Any]) -> Mapping[str, Residual]:
    """Average over the direction of two Gaussians, arc by arc; take the feature matrices of a step."""
    change, root = integer_matrix(4, 5, 111).applyfunc(sympy.sign), integer_matrix(4, 4, 112)
    change[1, 2] = 0  # a gradient may vanish
    covariance = root * root.T
    F, G = change.T * change, change.T * covariance * change
    values = {"s": change, "K": covariance, "k": 4, "m": 5}
    traces = (F * G).trace(), (F * F).trace(), (G * G).trace()
    residuals: dict[str, Residual] = dict(
        closed_form["step"].residuals(lambda part: evaluate_exactly(part, values), traces)
    )
    for angle in ANGLES:
        residuals |= {f"{name}, angle {angle}": value for name, value in _residuals_at(closed_form, angle).items()}
    return residuals


def _residuals_at(closed_form: Mapping[str, Any], angle: sympy.Expr) -> dict[str, Residual]:
    """Let gradients be ``l r cos(theta)`` and ``l r cos(theta - angle)``, with lengths ``E[r] = sqrt(pi/2)``."""
    first, second = LENGTHS
    at = {f_jj: first**2, f_ll: second**2, f_jl: first * second * sympy.cos(angle)}
    truth = _over_circle(sympy.Integer(1), angle, both=True)
    means = [
        [_over_circle(x * sympy.cos(_theta) + y * sympy.sin(_theta), shift) for shift in (0, angle)]
        for x, y in TANGENTS
    ]
    products = [
        (first * x, second * (x * sympy.cos(angle) + y * sympy.sin(angle))) for x, y in TANGENTS
    ]  # E[D g] of both gradients
    radius = sympy.sqrt(sympy.pi / 2)
    residuals: dict[str, Residual] = {"signs": sympy.simplify(closed_form["signs"].subs(at) - truth)}
    found = closed_form["tangent"].subs({e_j: products[0][0], f_jj: first**2})
    residuals["tangent"] = sympy.simplify(found - radius * means[0][0])
    claimed = closed_form["outer product"].subs({**at, g_jl: sum(x * y for x, y in products) / 3})
    true = sum(radius**2 * x * y for x, y in means) / 3
    residuals["outer product"] = sympy.simplify(claimed - true)
    return residuals


_theta = sympy.Symbol("theta", real=True)


def _over_circle(integrand: sympy.Expr, angle: sympy.Expr, *, both: bool = False) -> sympy.Expr:
    """Average times ``sgn cos(theta - angle)``, and ``sgn cos(theta)`` if both count, arc by arc."""
    counted = (angle, sympy.Integer(0)) if both else (angle,)
    edges = sorted(
        {(shift + sympy.pi * sympy.Rational(half, 2)) % (2 * sympy.pi) for shift in counted for half in (1, 3)}
    )
    primitive, total = sympy.integrate(integrand, _theta), sympy.Integer(0)
    for start, end in zip(edges, [*edges[1:], edges[0] + 2 * sympy.pi], strict=True):
        middle = (start + end) / 2
        sign = sympy.prod([sympy.sign(sympy.cos(middle - shift)) for shift in counted])
        total += sign * (primitive.subs(_theta, end) - primitive.subs(_theta, start))
    return total / (2 * sympy.pi)


DERIVATIONS: Final = (
    Derivation(
        name="sgd.sign_step",
        title="The C-NFA after the first step of sign descent, and the arcsine law of wide layers",
        wording="After one step of sign descent the C-NFA is $<<step>>$, $s$ being the signs of the gradient. In a "
        "wide layer whose gradients are Gaussian over neurons, with the second moments $f$ of descent, $F_c$ tends to "
        "the arcsine law $<<signs>>$, and $G_c$ to $<<outer product>>$: that of descent over the deviations of both "
        "inputs.",
        assumptions=(
            "A layer linear in its weights; sign descent without momentum, or Adam's first step.",
            "For the law: $k \\to \\infty$, gradients and tangent features are jointly Gaussian over neurons, as in "
            "linear networks, and in others given the pre-activations of the layer.",
        ),
        source="Derived here; signSGD: Bernstein, Wang, Azizzadenesheli and Anandkumar, arXiv 1802.04434",
        derive=sign_step,
        limits=("The first formula is exact at every width; the law is approached as $k^{-1}$ on average.",),
    ),
)
