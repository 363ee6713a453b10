"""exp, sin and cos: sums of exponentials, each averaged by completing the square.

Claim: with ``K = [[q1, c], [c, q2]]``, ``x = (u, v)`` and rates ``r = (a, b)``, possibly imaginary, the
exponent ``r.x - x.K^-1.x / 2`` equals ``-(x - K r).K^-1.(x - K r) / 2 + r.K.r / 2`` (an obligation below),
and the shifted Gaussian integrates to one, so ``E[exp(a u + b v)] = exp((a^2 q1 + 2 a b c + b^2 q2) / 2)``.
"""

import sympy as sp

from derivations.activation_integrals.definitions import ActivationError, c, h, q1, q2
from derivations.activation_integrals.evaluate import tilted_cosh, tilted_sinh


def completed_square() -> sp.Expr:
    """Subtract the two sides of the completed square."""
    u, v, a, b = sp.symbols("u v a b")
    K, x, rate = sp.Matrix([[q1, c], [c, q2]]), sp.Matrix([u, v]), sp.Matrix([a, b])
    precision = K.inv()
    shifted = x - K * rate
    before = (rate.T * x)[0] - (x.T * precision * x)[0] / 2
    after = -(shifted.T * precision * shifted)[0] / 2 + _exponent(a, b)
    return before - after


def _exponent(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    return (a**2 * q1 + 2 * a * b * c + b**2 * q2) / 2


def _rates(activation: sp.Expr) -> list[tuple[sp.Expr, sp.Expr]]:
    """Write an activation as a sum of ``coefficient * exp(rate h)``."""
    terms = []
    for term in sp.Add.make_args(sp.expand(activation.rewrite(sp.exp))):
        coefficient, exponential = term.as_independent(h)
        rate = sp.simplify(exponential.diff(h) / exponential)
        if rate.has(h):
            raise ActivationError(f"{activation} is not a sum of exponentials")
        terms.append((coefficient, rate))
    return terms


def exponential_dual(activation: sp.Expr) -> sp.Expr:
    """Compute ``E[phi(u) phi(v)]`` for a sum of exponentials.

    Examples
    --------
    >>> exponential_dual(sp.sin(h))
    exp(-q_1/2 - q_2/2)*sinh(c)
    """
    rates = _rates(activation)
    total = sum(x * y * sp.exp(_exponent(a, b)) for x, a in rates for y, b in rates)
    envelope = total.subs(c, 0) if len(rates) == 1 else sp.exp(-(q1 + q2) / 2)
    return envelope * sp.simplify(sp.expand(total / envelope))


def stable_exponential_dual(activation: sp.Expr) -> sp.Expr:
    """Write the dual of a sum of two exponentials so that no factor overflows.

    Examples
    --------
    >>> stable_exponential_dual(sp.sin(h))
    tilted_sinh(c, q_1/2 + q_2/2)
    """
    closed, mean = exponential_dual(activation), (q1 + q2) / 2
    tilted = sp.exp(-mean)
    stable = {tilted * sp.sinh(c): tilted_sinh(c, mean), tilted * sp.cosh(c): tilted_cosh(c, mean)}
    return stable.get(closed, closed)
