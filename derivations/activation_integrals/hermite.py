"""Hermite activations of any degree: two generating functions multiplied under the Gaussian average.

Claim: ``exp(s u - s^2/2)`` generates ``He_n(u) s^n / n!``. Completing the square, ``E[exp(s u - s^2/2) exp(t
v - t^2/2)] = exp((q1 - 1) s^2/2) exp(c s t) exp((q2 - 1) t^2/2)``; a derivative of the activation multiplies
the generating function by ``s``. The coefficient of ``s^n t^n`` is the dual, in powers of ``q - 1`` and
``c``: stable to evaluate near unit variance, where the expanded moments would cancel.
"""

import sympy as sp

from derivations.activation_integrals.definitions import c, q1, q2


def hermite_dual(degree: int, order: int) -> sp.Expr:
    """Compute the dual of a derivative of the normalized Hermite polynomial ``He_n(h) / sqrt(n!)``.

    Examples
    --------
    >>> hermite_dual(3, 1)
    3*c**2 + 6*(q_1/2 - 1/2)*(q_2/2 - 1/2)
    """
    left = degree - order  # powers of s and t that the exponentials must supply
    total = sp.Integer(0)
    for pairs in range(left // 2 + 1):  # s^(2 pairs) from the first factor, t^(2 pairs) from the third
        crossed = left - 2 * pairs
        within = ((q1 - 1) / 2) ** pairs * ((q2 - 1) / 2) ** pairs / sp.factorial(pairs) ** 2
        total += within * c**crossed / sp.factorial(crossed)
    return sp.factorial(degree) * total
