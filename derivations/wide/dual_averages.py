"""Averages of an activation at two correlated Gaussians, taken from the definition and by integration alone.

With independent standard normal ``x, y``, put ``u = s x`` and ``v = p x + r y``: their variances are ``s^2`` and
``p^2 + r^2``, their covariance ``s p``. The closed forms come by recursions, generating functions, completed squares
and Price's theorem; here polynomials are averaged monomial by monomial, exponentials and Gaussians by SymPy's integrals
over ``y`` and then ``x``, and rectifiers over the angle of ``(x, y)``, sector by sector. They judge the closed forms.
"""

from collections.abc import Callable
from functools import cache
from typing import Final

import sympy as sp

from derivations.activation_integrals.definitions import Parameter, c, define, h, q1, q2
from derivations.activation_integrals.price import mean
from derivations.judging.gaussian import normal_mean

s, r = sp.symbols("s r", positive=True)
p, x, y = sp.symbols("p x y", real=True)
WEIGHT: Final = sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)
LINEAR: Final = {q1: s**2, q2: p**2 + r**2, c: s * p}
"""Variances and covariance of ``u = s x``, ``v = p x + r y``."""
ANGULAR: Final = {q1: s**2, q2: r**2, c: s * r * p}
"""Variances and covariance of ``u = s R cos(theta)``, ``v = r R sin(theta + beta)``, with ``p = sin(beta)``."""

POINT: Final = {
    s: sp.Rational(2, 3),
    r: sp.Rational(3, 5),
    p: sp.Rational(1, 2),
    sp.Symbol("a", real=True): sp.Rational(1, 3),
}
"""Where a residual that is not zero is shown not to be."""
CLEARLY: Final = 1e-9


def judged(residual: sp.Expr, prove: Callable[[sp.Expr], sp.Expr]) -> sp.Expr:
    """Give the exact value of a residual at one point, if it is clearly not zero there; else simplify it.

    A wrong closed form is refused by a number, which is fast; a true one by a proof.
    """
    value = residual.subs(POINT)
    return value if abs(value.evalf(15, maxn=30)) > CLEARLY else prove(residual)


@cache
def polynomial_average(name: str, parameter: Parameter, order: int) -> sp.Expr:
    """Average ``phi(u) phi(v)`` for a polynomial activation, monomial by monomial."""
    phi = sp.diff(define(name, parameter), h, order)
    return sp.expand(normal_mean(sp.expand(phi.subs(h, s * x) * phi.subs(h, p * x + r * y)), [x, y]))


@cache
def exponential_average(name: str, order: int) -> sp.Expr:
    """Average ``phi(u) phi(v)`` for an activation that is a sum of exponentials."""
    rate = sp.Symbol("rate", real=True)
    generating = sp.simplify(sp.integrate(sp.exp(rate * x) * WEIGHT, (x, -sp.oo, sp.oo)))  # analytic in the rate
    phi = sp.diff(define(name), h, order).rewrite(sp.exp)
    product = sp.powsimp(sp.expand(phi.subs(h, s * x) * phi.subs(h, p * x + r * y)))
    total = sp.Integer(0)
    for term in sp.Add.make_args(product):
        front, exponential = term.as_independent(x, y)
        exponent = sp.expand(sp.expand_log(sp.log(exponential), force=True))
        total += front * generating.subs(rate, exponent.diff(x)) * generating.subs(rate, exponent.diff(y))
    return total


@cache
def erf_slope_average() -> sp.Expr:
    """Average ``erf'(u) erf'(v)`` by integrating over ``y`` and then over ``x``."""
    phi = sp.diff(define("erf"), h)
    curvature, slope = sp.Symbol("curvature", positive=True), sp.Symbol("slope", real=True)
    gaussian = sp.simplify(sp.integrate(sp.exp(slope * x - curvature * x**2), (x, -sp.oo, sp.oo)))
    front = phi.subs(h, 0) ** 2 / (2 * sp.pi)
    exponent = -((s * x) ** 2) - (p * x + r * y) ** 2 - x**2 / 2 - y**2 / 2
    for letter in (y, x):
        by_power = sp.Poly(exponent, letter)
        integral = gaussian.subs(
            {curvature: -by_power.coeff_monomial(letter**2), slope: by_power.coeff_monomial(letter)}
        )
        constant = by_power.coeff_monomial(1)
        exponential = next(iter(integral.atoms(sp.exp)), sp.Integer(1))
        front *= integral / exponential
        exponent = sp.together(constant + sp.log(exponential).expand(force=True))
    return front * sp.exp(exponent)


@cache
def erf_mean() -> sp.Expr:
    """Average ``erf(u)`` by a direct integral."""
    return mean(define("erf"), q1)


@cache
def rectifier_average(slope: sp.Expr, order: int) -> sp.Expr:
    """Average a leaky ReLU or its step at ``u`` and ``v``, over the radius and then each sector of the plane."""
    theta, beta = sp.symbols("theta beta", real=True)
    radius = sp.Symbol("R", positive=True)
    u, v = (s * sp.cos(theta), r * sp.sin(theta + beta)) if order == 0 else (sp.Integer(1), sp.Integer(1))
    power = 2 if order == 0 else 0
    radial = sp.integrate(radius ** (power + 1) * sp.exp(-(radius**2) / 2), (radius, 0, sp.oo)) / (2 * sp.pi)
    quarter = sp.pi / 2
    # u > 0 between -pi/2 and pi/2, v > 0 between -beta and pi - beta.
    sectors = (
        (1, -beta, quarter),
        (slope, -quarter, -beta),
        (slope, quarter, sp.pi - beta),
        (slope**2, sp.pi - beta, 3 * quarter),
    )
    integrand = sp.expand(sp.expand_trig(u * v))
    total = sum(factor * sp.integrate(integrand, (theta, low, high)) for factor, low, high in sectors)
    return sp.expand(sp.expand_trig(radial * total).subs(beta, sp.asin(p)))
