"""Price's theorem: differentiate under the average until it is easy, then integrate back in the covariance.

Claim: ``d/dc E[f(u) g(v)] = E[f'(u) g'(v)]``. Because: the Gaussian density solves ``dp/dc = d^2 p/du dv``
(`heat_obligation`), and integration by parts moves both derivatives to ``f`` and ``g``. At ``c = 0`` the two
are independent, so ``E[f(u) g(v)] = E[f(u)] E[g(v)] + integral from 0 to c of E[f'(u) g'(v)]``. Source: Price
1958, "A useful theorem for nonlinear devices having Gaussian inputs".
"""

import sympy as sp

from derivations.activation_integrals.definitions import c, h, q1, q2


def density(u: sp.Expr, v: sp.Expr) -> sp.Expr:
    """Write the density of two centered Gaussians with covariance ``[[q1, c], [c, q2]]``."""
    K, x = sp.Matrix([[q1, c], [c, q2]]), sp.Matrix([u, v])
    return sp.exp(-(x.T * K.inv() * x)[0] / 2) / (2 * sp.pi * sp.sqrt(K.det()))


def heat_obligation() -> sp.Expr:
    """Subtract the two sides of ``dp/dc = d^2 p/du dv``, relative to the density ``p``."""
    u, v = sp.symbols("u v", real=True)
    p = density(u, v)
    return (p.diff(c) - p.diff(u, v)) / p


def integrate_back(rate: sp.Expr, independent: sp.Expr, bound: sp.Expr) -> sp.Expr:
    """Integrate a rate in the covariance from independence.

    Examples
    --------
    >>> integrate_back(1 / (2 * sp.pi * sp.sqrt(q1 * q2 - c**2)), sp.Rational(1, 4), sp.sqrt(q1 * q2))
    asin(c/(sqrt(q_1)*sqrt(q_2)))/(2*pi) + 1/4
    """
    s, x = sp.Symbol("s", positive=True), sp.Symbol("x", real=True)  # c = s x: no variances in the integrand
    second_variance = sp.solve(bound**2 - s**2, q2)[0]
    integrand = sp.simplify(sp.simplify(rate.subs(q2, second_variance)).subs(c, s * x)) * s
    primitive = sp.integrate(integrand, x)
    return independent + (primitive - primitive.subs(x, 0)).subs(x, c / s).subs(s, bound)


def mean(expression: sp.Expr, q: sp.Expr) -> sp.Expr:
    """Integrate ``E[expression(u)]`` directly against the density of one Gaussian.

    Examples
    --------
    >>> mean(h * sp.Heaviside(h, 0), q1)
    sqrt(2)*sqrt(q_1)/(2*sqrt(pi))
    """
    weight = sp.exp(-(h**2) / (2 * q)) / sp.sqrt(2 * sp.pi * q)
    step = sp.Heaviside(h, 0)
    if not expression.has(step):
        whole = sp.integrate(sp.expand(expression) * weight, (h, -sp.oo, sp.oo))
        return sp.simplify(whole.rewrite(sp.erf))  # SymPy leaves erf + erfc standing
    above = sp.integrate(expression.subs(step, 1) * weight, (h, 0, sp.oo))
    below = sp.integrate(expression.subs(step, 0) * weight, (h, -sp.oo, 0))
    return sp.simplify(above + below)


def double_integral(phi: sp.Expr) -> sp.Expr:
    """Write ``E[phi(u) phi(v)]`` as the integral that defines it."""
    u, v = sp.symbols("u v", real=True)
    integrand = phi.subs(h, u) * phi.subs(h, v) * density(u, v)
    return sp.Integral(integrand, (u, -sp.oo, sp.oo), (v, -sp.oo, sp.oo))
