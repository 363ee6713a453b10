"""ReLU and leaky ReLU: two derivatives make a delta function, two integrations in the covariance bring them back.

Claim: with slope ``a`` below zero, ``phi'' = (1 - a) delta``, so ``E[phi''(u) phi''(v)]`` is ``(1 - a)^2``
times the density at the origin. Price's theorem integrates it to the dual of the step (the orthant
probability) and that one to the dual of ``phi``; the constants are products of one-dimensional means. Source
for the result at ``a = 0``: Cho and Saul 2009, the arc-cosine kernels of degree 0 and 1.
"""

import sympy as sp

from derivations.activation_integrals.definitions import ActivationError, h, q1, q2
from derivations.activation_integrals.price import density, integrate_back, mean


def delta_dual(slope: sp.Expr) -> sp.Expr:
    """Compute ``E[phi''(u) phi''(v)]``: both pre-activations at the kink.

    Examples
    --------
    >>> delta_dual(sp.Integer(0))
    1/(2*pi*sqrt(-c**2 + q_1*q_2))
    """
    return (1 - slope) ** 2 * density(sp.Integer(0), sp.Integer(0))


def rectifier_dual(slope: sp.Expr, order: int) -> sp.Expr:
    """Compute the dual of the leaky ReLU (``order`` 0), its step (1) or its delta function (2).

    Examples
    --------
    >>> rectifier_dual(sp.Integer(0), 1)
    asin(c/(sqrt(q_1)*sqrt(q_2)))/(2*pi) + 1/4
    """
    if order > 2:
        raise ActivationError(f"a rectifier has duals of its derivatives up to order 2, got {order}")
    if order == 2:
        return delta_dual(slope)
    step = sp.Heaviside(h, 0)
    derivative = step + slope * (1 - step)
    function = derivative if order == 1 else h * derivative
    independent = mean(function, q1) * mean(function, q2)
    return integrate_back(rectifier_dual(slope, order + 1), independent, sp.sqrt(q1 * q2))
