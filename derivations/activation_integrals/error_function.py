"""erf: its derivative is a Gaussian, so one determinant and one integration in the covariance give the dual.

Claim: ``phi'(u) phi'(v) = (4/pi) exp(-u^2 - v^2)`` tilts the precision of ``(u, v)`` from ``K^-1`` to ``K^-1
+ 2 I``. Hence ``E[f(u) g(v) exp(-u^2 - v^2)] = det(I + 2 K)^(-1/2) E~[f(u) g(v)]`` with ``E~`` over
covariance ``(K^-1 + 2 I)^-1``; for polynomials ``f, g`` integration by parts finishes it, and with ``f = g =
1`` Price's theorem integrates back to Williams' arc sine (Williams 1997 for the neural-network kernel).
"""

import sympy as sp

from derivations.activation_integrals.definitions import c, h, q1, q2
from derivations.activation_integrals.evaluate import gap
from derivations.activation_integrals.polynomials import polynomial_dual
from derivations.activation_integrals.price import integrate_back, mean


def tilted_dual(order: int) -> sp.Expr:
    """Compute the dual of the ``order``-th derivative of erf, ``order >= 1``.

    Examples
    --------
    >>> tilted_dual(1)
    4/(pi*sqrt(-4*c**2 + (2*q_1 + 1)*(2*q_2 + 1)))
    """
    K = sp.Matrix([[q1, c], [c, q2]])
    determinant = (1 + 2 * q1) * (1 + 2 * q2) - 4 * c**2
    tilted = (sp.eye(2) + 2 * K).inv() * K
    factor = sp.expand(sp.diff(sp.erf(h), h, order) * sp.exp(h**2))
    average = polynomial_dual(factor, factor, *(sp.Symbol(name) for name in ("a", "b", "e")))
    entries = {"a": tilted[0, 0], "b": tilted[1, 1], "e": tilted[0, 1]}
    average = sp.factor(average.subs({sp.Symbol(name): value for name, value in entries.items()}))
    return average / sp.sqrt(determinant)


def stable_erf_dual(order: int) -> sp.Expr:
    """Write the dual of erf or of its derivative with `gap`: differences of large numbers are taken there alone.

    Examples
    --------
    >>> stable_erf_dual(0)
    2*atan(2*c/sqrt(4*gap + 2*q_1 + 2*q_2 + 1))/pi
    """
    root = sp.sqrt(1 + 2 * q1 + 2 * q2 + 4 * gap)
    return 4 / (sp.pi * root) if order else 2 * sp.atan(2 * c / root) / sp.pi


def determinant_obligation() -> sp.Expr:
    """Subtract the written determinant from that of ``I + 2 K``."""
    K = sp.Matrix([[q1, c], [c, q2]])
    return (1 + 2 * q1) * (1 + 2 * q2) - 4 * c**2 - (sp.eye(2) + 2 * K).det()


def erf_dual(order: int) -> sp.Expr:
    """Compute the dual of erf (``order`` 0) or of one of its derivatives.

    Examples
    --------
    >>> erf_dual(0)
    2*asin(2*c/(sqrt(2*q_1 + 1)*sqrt(2*q_2 + 1)))/pi
    """
    if order > 0:
        return tilted_dual(order)
    bound = sp.sqrt((1 + 2 * q1) * (1 + 2 * q2)) / 2
    return integrate_back(tilted_dual(1), sp.Integer(0), bound)  # erf is odd: its mean is 0


def erf_variance_obligation() -> sp.Expr:
    """Differentiate ``E[erf(u)^2]`` along the variance and subtract what the heat equation gives.

    ``d/dq E[g(u)] = E[g''(u)] / 2`` with ``g = phi^2`` gives ``E[phi'^2] + E[phi phi'']``. Because ``phi'' =
    -2 u phi'``, integration by parts gives ``E[phi phi''] = -2 q (E[phi'^2] + E[phi phi''])``, so the rate is
    ``E[phi'^2] / (1 + 2 q)``, with ``E[phi'^2]`` by a direct integral.
    """
    q = sp.Symbol("q", positive=True)
    equal = erf_dual(0).subs({q1: q, q2: q, c: q}, simultaneous=True)
    return equal.diff(q) - mean(sp.erf(h).diff(h) ** 2, q) / (1 + 2 * q) + equal.subs(q, 0)
