"""Polynomial activations: integration by parts (Isserlis) takes every moment down to ``E[1] = 1``.

Claim: for centered Gaussians with covariance ``[[q1, c], [c, q2]]``, ``E[u^a v^b] = (a - 1) q1 E[u^(a-2) v^b]
+ b c E[u^(a-1) v^(b-1)]``, which is ``E[u g] = q1 E[g_u] + c E[g_v]`` for ``g = u^(a-1) v^b``. Source:
Isserlis 1918; the recursion is Stein's lemma.
"""

from functools import cache

import sympy as sp

from derivations.activation_integrals.definitions import h


@cache
def moment(a: int, b: int, q1: sp.Expr, q2: sp.Expr, c: sp.Expr) -> sp.Expr:
    """Compute ``E[u^a v^b]``.

    Examples
    --------
    >>> q, r, s = sp.symbols("q r s")
    >>> moment(2, 2, q, r, s)
    q*r + 2*s**2
    """
    if a == 0 and b == 0:
        return sp.Integer(1)
    if (a + b) % 2:
        return sp.Integer(0)
    if a == 0:
        return (b - 1) * q2 * moment(0, b - 2, q1, q2, c)
    by_parts = sp.Integer(0)
    if a > 1:
        by_parts += (a - 1) * q1 * moment(a - 2, b, q1, q2, c)
    if b > 0:
        by_parts += b * c * moment(a - 1, b - 1, q1, q2, c)
    return sp.expand(by_parts)


def polynomial_dual(first: sp.Expr, second: sp.Expr, q1: sp.Expr, q2: sp.Expr, c: sp.Expr) -> sp.Expr:
    """Compute ``E[first(u) second(v)]`` for two polynomials in ``h``."""
    left, right = sp.Poly(first, h).terms(), sp.Poly(second, h).terms()
    total = sum(x * y * moment(a, b, q1, q2, c) for (a,), x in left for (b,), y in right)
    return sp.factor(total)
